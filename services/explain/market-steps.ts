/** An order in its market: which batches took what its shard sent, and what it traded. */
import type pg from "pg";
import type { AccountEvent } from "../../actors/ledger/account-events.js";
import { query } from "../adapters/postgres/connections.js";
import { BatchLog } from "./batch-log.js";
import { type CausedStep, sentCause, takenCause, tradeCause } from "./causes.js";
import { Holders } from "./holders.js";
import { marketCommands, orderIdBytes } from "./order-commands.js";
import * as sql from "./sql.js";
import { searchLog, type Telling, trimmed } from "./step.js";

/** Of an order that may have traded without its shard's knowing yet, so many of its market's trades are looked at. */
const NEWEST_TRADES = 100_000;
/** Batches are stamped with Postgres's clock as each leader carries it on: two of them differ by less than this. */
const CLOCKS_DIFFER_US_MAX = 1_000_000;

/** When the shard has accepted the order, and when it was last told of it. */
export interface Lifetime {
  readonly acceptedAt: number;
  readonly lastAt: number;
}

export async function marketSteps(
  telling: Telling,
  market: sql.ActorRow,
  events: readonly AccountEvent[],
  lifetime: Lifetime,
): Promise<CausedStep[]> {
  const { words, senders, order } = telling;
  const holders = await Holders.read(telling.pool, market);
  const base = ({ time, batch, token }: Pick<sql.TradeRow, "time" | "batch" | "token">) => {
    const actor = senders.nameOf(market.id);
    return { time, actor, batch, token, node: holders.nodeOf(token), money: [] };
  };
  const steps: CausedStep[] = [];
  let requests = 0;
  for (const { applied, says } of await readApplied(telling, market, lifetime)) {
    if (says.kind !== "enter") requests += 1;
    const number = says.kind === "enter" ? 0 : requests;
    const message = await senders.message(applied);
    const step = { ...base(applied), kind: "taken", message, what: words.taken(says) } as const;
    steps.push({ step, gives: takenCause(number), needs: sentCause(number) });
  }
  for (const trade of await readTrades(telling, market, events)) {
    const what = words.traded(trade, trade.makerOrder === order.orderId);
    const step = { ...base(trade), kind: "traded", message: null, what } as const;
    steps.push({ step, gives: tradeCause(trade.tradeId), needs: takenCause(0) });
  }
  return steps.toSorted((one, other) => one.step.batch - other.step.batch);
}

async function readApplied(telling: Telling, market: sql.ActorRow, lifetime: Lifetime) {
  const { pool, order, isOver, gaps } = telling;
  const log = await BatchLog.open(pool, market.id);
  const from = lifetime.acceptedAt - CLOCKS_DIFFER_US_MAX;
  if (!(await log.reaches(from))) gaps.push(trimmed(telling, market, log));
  const range = {
    // The batch that was open then may have taken it, too.
    from: await log.at(from),
    to: isOver ? await log.at(lifetime.lastAt + CLOCKS_DIFFER_US_MAX) : log.newest,
  };
  const bytes = [orderIdBytes(order.orderId)];
  return marketCommands(await searchLog(telling, market, log, range, bytes), order);
}

/** Those that the account was told of, and those that it may not have been told of yet. */
function readTrades(
  { pool, order, isOver }: Telling,
  market: sql.ActorRow,
  events: readonly AccountEvent[],
): Promise<sql.TradeRow[]> {
  const told = events.flatMap((event) => (event.kind === "filled" ? [event.tradeId] : []));
  const newest = isOver ? 0 : -NEWEST_TRADES;
  const values = [market.id, told, order.orderId, newest];
  return query<sql.TradeRow & pg.QueryResultRow>(pool, sql.TRADES, values);
}
