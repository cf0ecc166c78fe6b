/** More orders than usual for a moment, all of one account, at a rate that is stated. */
import type { LiveDrill, Plan, Stage, Struck } from "./drill.js";

const BURST_ORDERS_PER_SECOND = 100;
const BURST_ORDERS_OPEN_MAX = 100;
const BURST_MS = 2_000;
const MS_PER_SECOND = 1_000;
/** So large a part of them has to be sent, or it was no burst. */
const SENT_PART_MIN = 0.9;

export const BURST: LiveDrill = {
  name: "burst",
  hypothesis: "a burst of one account is taken and answered in time",
  about: `${BURST_ORDERS_PER_SECOND} orders a second (with their cancels twice as many commands) for ${BURST_MS} ms, and before and after it`,
  needs: `funds for ${BURST_ORDERS_OPEN_MAX} orders at once`,
  bound: { of: "accepted", ms: 1_000 },
  pace: {
    ordersPerSecond: BURST_ORDERS_PER_SECOND,
    ordersOpenMax: BURST_ORDERS_OPEN_MAX,
    ordersOfDrill: 0,
  },
  plan: ({ radius }) =>
    ({
      actors: [],
      nodes: [],
      symbols: radius.symbols,
      does: [
        `send ${BURST_ORDERS_PER_SECOND} orders a second for ${BURST_MS} ms, ${BURST_ORDERS_OPEN_MAX} open at once at most`,
      ],
      undone: ["nothing: each order is cancelled as soon as its market has it"],
      strike,
    }) satisfies Plan,
};

async function strike({ probe, pause }: Stage): Promise<Struck> {
  const before = probe.orders.length;
  const begunMs = performance.now();
  await pause(BURST_MS);
  const wanted = (BURST_ORDERS_PER_SECOND * (performance.now() - begunMs)) / MS_PER_SECOND;
  const sent = probe.orders.length - before;
  const failures =
    sent >= SENT_PART_MIN * wanted
      ? []
      : [
          `only ${sent} of ${Math.round(wanted)} orders could be sent: ${BURST_ORDERS_OPEN_MAX} were open`,
        ];
  return { failures, summary: `${sent} orders in ${BURST_MS} ms` };
}
