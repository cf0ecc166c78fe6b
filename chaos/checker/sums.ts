/**
 * What must hold of an exchange at rest, where nothing is in flight: what all accounts own is what was deposited and has
 * not left; what they hold is what is to leave and what orders may cost with their fees, of two that are a pair the larger;
 * all that was sent has arrived; live orders are those in the books.
 */
import { type ClaimRow, each, type InstrumentRow, type OrderRow, type Source } from "./tables.js";

/** The first status of orders that have ended. */
export const FIRST_FINAL_STATUS = 4;
/** Withdrawals of this status have left. */
const SETTLED = 3;
const BUY = 1;
const MILLION = 1_000_000n;

export interface WrongSum {
  readonly asset: number;
  readonly kind: "owned" | "held";
  readonly wrong: bigint;
}

class Sums {
  private readonly byAsset = new Map<number, bigint>();

  add(asset: number, amount: bigint): void {
    this.byAsset.set(asset, (this.byAsset.get(asset) ?? 0n) + amount);
  }

  wrong(kind: WrongSum["kind"]): WrongSum[] {
    const entries = [...this.byAsset].filter(([, sum]) => sum !== 0n);
    return entries.map(([asset, sum]) => ({ asset, kind, wrong: sum }));
  }
}

/** Assets of which accounts own or hold too much (or too little, below zero); `live`: the orders that have not ended. */
export async function wrongSums(
  source: Source,
  live: readonly OrderRow[],
  instruments: ReadonlyMap<number, InstrumentRow>,
): Promise<WrongSum[]> {
  const owned = new Sums();
  const held = new Sums();
  await each(source, "balances", (row) => {
    owned.add(row.asset, BigInt(row.total));
    held.add(row.asset, BigInt(row.held));
  });
  await each(source, "deposits", ({ asset, amount }) => owned.add(asset, -BigInt(amount)));
  await each(source, "withdrawals", ({ asset, amount, status }) => {
    if (status === SETTLED) owned.add(asset, BigInt(amount));
    else if (status < SETTLED) held.add(asset, -BigInt(amount));
  });
  for (const { asset, cost } of costsOf(live, instruments)) held.add(asset, -cost);
  return [...owned.wrong("owned"), ...held.wrong("held")];
}

interface Cost {
  readonly asset: number;
  readonly cost: bigint;
}

/** What orders may cost; of two that are a pair the larger. */
function costsOf(
  live: readonly OrderRow[],
  instruments: ReadonlyMap<number, InstrumentRow>,
): Cost[] {
  const byPair = new Map<string, Cost>();
  for (const order of live) {
    const instrument = instruments.get(order.instrument);
    if (!instrument) continue; // That it is in no book is counted elsewhere.
    const asset = order.side === BUY ? instrument.quote_asset : instrument.base_asset;
    const first = Math.min(order.order_id, order.pair || order.order_id);
    const key = `${asset}/${first}`;
    const cost = costOf(order, instrument);
    const other = byPair.get(key);
    if (!other || cost > other.cost) byPair.set(key, { asset, cost });
  }
  return [...byPair.values()];
}

/** What is left of it at its price, and the most that its fees can still come to. */
function costOf(order: OrderRow, { notional_factor }: InstrumentRow): bigint {
  const leaves = BigInt(order.leaves);
  if (order.side !== BUY) return leaves;
  const cost = BigInt(order.price) * leaves * BigInt(notional_factor);
  if (order.maker_fee === null) return cost;
  const makerFee = BigInt(order.maker_fee);
  const takerFee = BigInt(order.taker_fee ?? 0);
  const makerValue = BigInt(order.maker_value ?? 0);
  const takerValue = BigInt(order.taker_value ?? 0);
  if (makerFee > 0n) {
    const highest = makerFee > takerFee ? makerFee : takerFee;
    const budget = 1n + feeOf(makerValue + takerValue + cost, highest);
    return cost + budget - BigInt(order.fees ?? 0);
  }
  return cost + feeOf(takerValue + cost, takerFee) - feeOf(takerValue, takerFee);
}

/** Rounded up. */
function feeOf(value: bigint, rate: bigint): bigint {
  const product = value * rate;
  return product > 0n ? (product + MILLION - 1n) / MILLION : product / MILLION;
}

/** Live orders that do not rest, and resting ones that do not live: at rest the two are the same. */
export async function lostOnTheWay(source: Source, live: readonly OrderRow[]): Promise<number> {
  const left = new Map(live.map((order) => [order.order_id, order]));
  let differ = 0;
  await each(source, "book", ({ actor, order_id, leaves }) => {
    const order = left.get(order_id);
    left.delete(order_id);
    if (order?.leaves !== leaves || order.instrument !== actor) differ += 1;
  });
  return differ + left.size;
}

/** Pairs of actors of which one has not taken all that the other has sent. */
export async function notTaken(source: Source): Promise<number> {
  const received = new Map<string, number>();
  const sent: { readonly key: string; readonly sent: number }[] = [];
  await each(source, "links", (row) => {
    received.set(`${row.actor}/${row.peer}`, row.received);
    if (row.peer > 0) sent.push({ key: `${row.peer}/${row.actor}`, sent: row.sent });
  });
  return sent.filter((link) => link.sent !== (received.get(link.key) ?? 0)).length;
}

/** Batches of a token after a higher one was raised, whether or not that one had committed anything by then. */
export async function staleBatches(source: Source): Promise<number> {
  const raised = new Map<number, ClaimRow[]>();
  await each(source, "claims", (claim) => {
    const those = raised.get(claim.actor);
    if (those) those.push(claim);
    else raised.set(claim.actor, [claim]);
  });
  const highest = new Map<number, number>();
  let stale = 0;
  await each(source, "batch_log", ({ actor, batch, token }) => {
    const claims = raised.get(actor) ?? [];
    let least = highest.get(actor) ?? 0;
    while (claims.length > 0 && claims[0]!.batch < batch) {
      least = Math.max(least, claims.shift()!.token);
    }
    if (token < least) stale += 1;
    highest.set(actor, Math.max(least, token));
  });
  return stale;
}
