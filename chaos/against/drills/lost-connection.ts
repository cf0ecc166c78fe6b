/** The probe's own connection to the gateway is lost while orders are unanswered. Nobody else has to do with it. */
import type { ProbeOrder } from "../probe.js";
import { type LiveDrill, PACE, type Plan, type Stage, type Struck } from "./drill.js";

/** Sent when no answer comes through any more. */
const UNANSWERED_ORDERS = 3;
/** So long they have to reach the exchange, before the connection is cut. */
const ON_THEIR_WAY_MS = 300;
const BACK_MS_MAX = 10_000;

const OWN_CONNECTION = {
  actors: [],
  nodes: [],
  undone: ["nothing: the connection is the probe's own, and is made again"],
} as const;

export const RECONNECT: LiveDrill = {
  name: "reconnect",
  hypothesis:
    "a client that loses its connection learns what became of each order, and misses no event",
  about: `${UNANSWERED_ORDERS} orders are sent, the probe's own connection is cut before their answers come, and made again`,
  needs: "nothing else",
  bound: { of: "back", ms: 2_000 },
  pace: { ...PACE, ordersOfDrill: UNANSWERED_ORDERS },
  plan: ({ radius }) =>
    ({
      ...OWN_CONNECTION,
      symbols: radius.symbols,
      does: [
        `send ${UNANSWERED_ORDERS} orders and hold their answers back for ${ON_THEIR_WAY_MS} ms`,
        "cut the probe's own connection, send the same ids again on a new one, resume the account's events",
      ],
      async strike(stage) {
        const { struck } = await cutConnection(stage, radius.symbols, UNANSWERED_ORDERS);
        return struck;
      },
    }) satisfies Plan,
};

export const REPEAT_ORDER: LiveDrill = {
  name: "repeat-order",
  hypothesis: "the same client order id never makes two orders, whatever was lost on the way",
  about:
    "an order is sent whose answer is lost with the probe's own connection; its id is sent again, and once more with another quantity when it has ended",
  needs: "nothing else",
  bound: { of: "back", ms: 2_000 },
  pace: { ...PACE, ordersOfDrill: 1 },
  plan: ({ radius }, round) => {
    const symbol = radius.symbols[(round - 1) % radius.symbols.length]!;
    return {
      ...OWN_CONNECTION,
      symbols: [symbol],
      does: [
        `send an order for ${symbol} and hold its answer back for ${ON_THEIR_WAY_MS} ms`,
        "cut the probe's own connection, and send the same id again on a new one",
        "send the same id for twice the quantity when the order has ended",
      ],
      strike: (stage) => repeatOrder(stage, symbol),
    } satisfies Plan;
  },
};

async function repeatOrder(stage: Stage, symbol: string): Promise<Struck> {
  const { struck, orders } = await cutConnection(stage, [symbol], 1);
  const [order] = orders;
  const failures = [...struck.failures];
  if (failures.length === 0 && order) {
    const { orderId, code } = order.answer!;
    if (!order.answer!.repeated) failures.push(`${order.clientOrderId} was taken for a new order`);
    const again = await stage.probe.repeat(order);
    if (!again.repeated || again.orderId !== orderId || again.code !== code) {
      failures.push(
        `${order.clientOrderId} was answered ${again.code}, order ${again.orderId}, the third time`,
      );
    }
  }
  return { ...struck, failures };
}

interface Cut {
  readonly struck: Struck;
  /** Those whose first answers were lost. */
  readonly orders: readonly ProbeOrder[];
}

async function cutConnection(
  stage: Stage,
  symbols: readonly string[],
  count: number,
): Promise<Cut> {
  const { probe } = stage;
  const interruptions = probe.interruptions;
  probe.wire.freeze("answers");
  const orders = Array.from({ length: count }, (_, at) =>
    probe.send(symbols[at % symbols.length]!),
  );
  try {
    await stage.pause(ON_THEIR_WAY_MS);
    probe.wire.cut();
  } finally {
    probe.wire.thaw();
  }
  const cutMs = performance.now();
  const later = () =>
    probe.orders.filter(({ sentMs, endedMs }) => sentMs > cutMs && endedMs !== null);
  // Events may be back, and tell of the end, before the order is sent again and answered.
  const isDone = ({ endedMs, answer }: ProbeOrder) => endedMs !== null && answer !== null;
  const isBack = () => orders.every(isDone) && later().length > 0;
  const failures: string[] = [];
  if (!(await stage.isSo(BACK_MS_MAX, isBack))) {
    failures.push(`not everything had its end ${BACK_MS_MAX} ms after the connection was cut`);
  }
  for (const { clientOrderId, lostAnswers } of orders) {
    if (lostAnswers === 0) failures.push(`the answer to ${clientOrderId} was not lost`);
  }
  if (probe.interruptions === interruptions)
    failures.push("the account's events did not break off");
  const backMs = Math.min(...later().map(({ endedMs }) => endedMs!)) - cutMs;
  const isBackAgain = Number.isFinite(backMs);
  const back = isBackAgain ? `ended ${Math.round(backMs)} ms after the cut` : "no end in time";
  const lost = orders.filter(({ lostAnswers }) => lostAnswers > 0).length;
  const struck = {
    failures,
    samples: { back: isBackAgain ? [backMs] : [] },
    summary: `${lost} of ${count} answers were lost; the first order after that had ${back}`,
  };
  return { struck, orders };
}
