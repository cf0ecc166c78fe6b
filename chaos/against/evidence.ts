/** What the public interfaces say of a probe's orders when all is over. */
import type { AccountEvent, Balance } from "../../proto/gen/exchange/v1/exchange.js";
import { type ExchangeClient, ExchangeError } from "../../services/client/exchange-client.js";
import { isSoWithin } from "../stage/patience.js";
import type { Probe } from "./probe.js";
import type { Evidence } from "./verdict.js";

const TOLD_MS_MAX = 10_000;
const ASKED_AT_ONCE = 16;

type Known = Evidence["known"] extends ReadonlyMap<string, infer Each> ? Each : never;

/** `client` may act for the account, and is not the probe's. Rejects when the exchange does not answer. */
export async function evidenceOf(
  client: ExchangeClient,
  probe: Probe,
  balancesBefore: readonly Balance[],
): Promise<Evidence> {
  const { account, orders, events, firstSequence } = probe;
  const { balances: balancesAfter, sequence: lastSequence } = await client.balances(account);
  // What was not told by then is a gap.
  await isSoWithin(
    TOLD_MS_MAX,
    async () => (events.at(-1)?.sequence ?? firstSequence - 1) >= lastSequence,
  );
  const kept = await eventsOf(client, account, { firstSequence, lastSequence });
  const known = new Map<string, Known>();
  const left = orders.map(({ clientOrderId }) => clientOrderId);
  const work = async () => {
    for (let id = left.pop(); id !== undefined; id = left.pop()) {
      known.set(id, await orderOf(client, account, id));
    }
  };
  await Promise.all(Array.from({ length: ASKED_AT_ONCE }, work));
  return {
    orders,
    told: [...events],
    kept,
    firstSequence,
    lastSequence,
    known,
    balancesBefore,
    balancesAfter,
  };
}

/** What is kept of the account between two numbers; what does not come in time is left out. */
async function eventsOf(
  client: ExchangeClient,
  account: number,
  {
    firstSequence,
    lastSequence,
  }: { readonly firstSequence: number; readonly lastSequence: number },
): Promise<AccountEvent[]> {
  const kept: AccountEvent[] = [];
  if (lastSequence < firstSequence) return kept;
  const stream = client.subscribeAccounts([{ account, fromSequence: firstSequence }], {
    onEvents: (events) => void kept.push(...events),
  });
  await isSoWithin(TOLD_MS_MAX, async () => (kept.at(-1)?.sequence ?? 0) >= lastSequence);
  stream.close();
  return kept.filter(({ sequence }) => sequence <= lastSequence);
}

async function orderOf(
  client: ExchangeClient,
  account: number,
  clientOrderId: string,
): Promise<Known> {
  try {
    const { order } = await client.getOrder({ account, clientOrderId });
    return { orderId: order!.orderId, status: order!.status };
  } catch (error) {
    if (error instanceof ExchangeError && error.kind === "final") return null;
    throw error;
  }
}
