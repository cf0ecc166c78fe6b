/**
 * The story of one order, from what Postgres keeps: the journal has what its account was told and what that moved, the batch
 * logs who had asked and which batch of the market took what, the trades what it traded. Nobody else's account is named.
 */
import type pg from "pg";
import { assert } from "../../actors/kernel/assert.js";
import { shardOfOrder } from "../../actors/kernel/ids.js";
import { isFinal, type OrderStatus } from "../../actors/kernel/order.js";
import { query } from "../adapters/postgres/connections.js";
import type { OrderRow, Reads } from "../ports/reads.js";
import { inOrder } from "./causes.js";
import { marketSteps } from "./market-steps.js";
import { OrderWords } from "./order-words.js";
import type { Records } from "./records.js";
import { Senders } from "./senders.js";
import { readTold, shardSteps } from "./shard-steps.js";
import * as sql from "./sql.js";
import type { Step, Telling } from "./step.js";

export interface OrderStory {
  readonly order: OrderRow;
  readonly symbol: string;
  readonly terms: string;
  readonly standing: string;
  /** Where the stop price of one that follows the market stands, as its market has it; null: it does not follow it now. */
  readonly trailingStop: string | null;
  readonly steps: readonly Step[];
  /** What cannot be told, and why. */
  readonly gaps: readonly string[];
}

/** By its number; or (0) by its account and client order id. Null: there is no such order. */
export async function orderStory(
  { pool, reads }: Records,
  orderId: number,
  account: number,
  clientOrderId: string,
): Promise<OrderStory | null> {
  const owner = orderId > 0 ? await accountOf(pool, orderId) : account;
  const order = await reads.order(owner, orderId, clientOrderId);
  if (!order) return null;
  const actors = await query<sql.ActorRow & pg.QueryResultRow>(pool, sql.ACTORS);
  const instruments = await reads.instruments();
  const instrument = instruments.find(({ id }) => id === order.instrument);
  const words = new OrderWords(instrument, await reads.assets());
  const isOver = isFinal(order.status as OrderStatus);
  const telling = { pool, order, isOver, words, senders: new Senders(actors, reads), gaps: [] };
  return {
    order,
    symbol: words.symbol,
    terms: words.terms(order),
    standing: words.standing(order),
    trailingStop: await trailingStop(telling),
    steps: await tell(telling, actors, await isJournalArchived(reads, order)),
    gaps: telling.gaps,
  };
}

/** The archive files that an order is in, one of them; empty: it is in none. */
export async function filesOf({ pool, reads }: Records, orderId: number): Promise<string[]> {
  if (!(await reads.isOrderArchived(orderId))) return [];
  const values = [orderId, shardOfOrder(orderId)];
  const files = await query<{ file: string }>(pool, sql.FILES_OF_ORDER, values);
  return files.map(({ file }) => file);
}

/** The account is never told of it: the market's own row has it. */
async function trailingStop({ pool, order, isOver, words }: Telling): Promise<string | null> {
  if (isOver || order.trail === 0) return null;
  const values = [order.instrument, order.orderId];
  const [row] = await query<{ stopPrice: number }>(pool, sql.STOP_PRICE, values);
  return row && row.stopPrice > 0 ? words.price(row.stopPrice) : null;
}

async function accountOf(pool: pg.Pool, orderId: number): Promise<number> {
  const [row] = await query<{ account: number }>(pool, sql.ACCOUNT_OF_ORDER, [
    orderId,
    shardOfOrder(orderId),
  ]);
  return row?.account ?? 0;
}

/** Is its beginning in archive files? */
async function isJournalArchived(reads: Reads, order: OrderRow): Promise<boolean> {
  const heads = await reads.accountHeads([order.account]);
  return order.firstSequence < (heads.get(order.account)?.first ?? 0);
}

async function tell(
  telling: Telling,
  actors: readonly sql.ActorRow[],
  isArchived: boolean,
): Promise<Step[]> {
  const { order, gaps } = telling;
  const shard = actors.find(({ id }) => id === shardOfOrder(order.orderId));
  const told = await readTold(telling);
  assert(shard !== undefined, "there is no shard of order %s", order.orderId);
  if (isArchived) {
    const begins = `the journal of account ${order.account} begins in archive files, and this order with it: statement --archives reads them`;
    gaps.push(begins);
    if (told.length === 0) return [];
  }
  assert(told.length > 0, "the journal has nothing of %s", order.orderId);
  const ofShard = await shardSteps(telling, shard, told);
  const market = actors.find(({ id }) => id === order.instrument);
  const events = told.flatMap((each) => each.events);
  if (!market || events[0]!.kind !== "accepted") return inOrder(ofShard, []);
  const lifetime = { acceptedAt: told[0]!.row.time, lastAt: told.at(-1)!.row.time };
  return inOrder(ofShard, await marketSteps(telling, market, events, lifetime));
}
