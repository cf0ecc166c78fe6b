/**
 * Counts what an exchange at rest has lost, done twice or committed too late, from what its clients were told and what
 * its database holds. Believes neither the exchange's code nor its words.
 */
import { type ClientLogs, example, readClientLogs } from "./client-logs.js";
import { Database, type JournalRow, type OrderRow, type TradeRow } from "./database.js";
import { settledFills } from "./journal.js";

export interface CheckReport {
  /** Are all counts zero, the sums right and everything taken? */
  readonly ok: boolean;
  /** Accepted ids without their order, fills without their trade, trades without their settlement. */
  readonly lost: number;
  /** Ids with two orders, fills settled twice, numbers told twice with different contents. */
  readonly duplicated: number;
  /** Batches of a lower token after a higher. */
  readonly staleCommits: number;
  /** Numbers that a client was not told. */
  readonly gaps: number;
  /** Ids that were refused or rejected to the client, and yet became orders. */
  readonly contradicted: number;
  readonly conserved: boolean;
  /** Has every actor taken everything that was sent to it? Only then do the counts say anything. */
  readonly quiet: boolean;
  readonly details: Readonly<Record<string, number>>;
  readonly counted: Readonly<Record<string, number>>;
  readonly examples: readonly string[];
}

/** Statuses of orders that were never accepted: rejected, voided. */
const NEVER_ACCEPTED = [6, 7];

/** The first status of orders that have ended. */
const FIRST_FINAL_STATUS = 4;

/** An id may be another order's from a day after its order has ended, in microseconds. */
const ID_KEPT_MICROS = 86_400_000_000;

interface WrongSum {
  readonly asset: number;
  readonly kind: "owned" | "held";
  readonly wrong: string;
}

interface Trade extends TradeRow {
  settledMaker: number;
  settledTaker: number;
}

const tradeKey = (market: number, trade: number): string => `${market}/${trade}`;
const idKey = (account: number, clientOrderId: string): string => `${account}/${clientOrderId}`;

/** Checks an exchange at rest. Rejects when logs or database cannot be read. */
export async function check(logFolder: string, postgresUrl: string): Promise<CheckReport> {
  const logs = await readClientLogs(logFolder);
  const database = await Database.connect(postgresUrl);
  try {
    if ((await database.number("SELECT count(*) FROM archives")) > 0) {
      throw new Error(
        "JOURNAL_ARCHIVED: some of the journal is in archive files; a check needs all of it",
      );
    }
    const examples = logs.examples;
    const orders = await compareOrders(database, logs, examples);
    const trades = await compareTrades(database, logs, examples);
    const told = await compareSequences(database, logs, examples);
    const onTheWay = await database.number(LOST_ON_THE_WAY);
    const staleCommits = await database.number(STALE_COMMITS);
    const quiet = (await database.number(NOT_TAKEN)) === 0;
    const wrongSums = await database.rows<WrongSum>(NOT_CONSERVED);
    if (staleCommits > 0)
      example(examples, `${staleCommits} batches of a lower token after a higher`);
    if (onTheWay > 0) example(examples, `${onTheWay} live orders differ from the books`);
    for (const { asset, kind, wrong: by } of wrongSums) {
      example(examples, `what all accounts have ${kind} of asset ${asset} is wrong by ${by}`);
    }
    const details = {
      ...orders.details,
      ...trades.details,
      eventsBeyondJournal: told.beyond,
      onTheWay,
    };
    const lost = orders.lost + trades.lost + told.beyond + onTheWay;
    const duplicated = orders.duplicated + trades.duplicated + logs.conflicts;
    const gaps = logs.gaps + told.untold;
    const { contradicted } = orders;
    const wrong = lost + duplicated + staleCommits + gaps + contradicted;
    return {
      ok: wrong === 0 && wrongSums.length === 0 && quiet,
      lost,
      duplicated,
      staleCommits,
      gaps,
      contradicted,
      conserved: wrongSums.length === 0,
      quiet,
      details: { ...details, conflictingEvents: logs.conflicts, untoldAtEnd: told.untold },
      counted: {
        logs: logs.files,
        submitted: logs.submitted,
        accepted: logs.accepted.length,
        fillsTold: logs.fills.length,
        eventsTold: logs.events,
        orders: orders.count,
        trades: trades.count,
      },
      examples,
    };
  } finally {
    await database.close();
  }
}

async function compareOrders(database: Database, logs: ClientLogs, examples: string[]) {
  const byId = new Map<number, OrderRow>();
  const byClientId = new Map<string, OrderRow>();
  let idsWithTwoOrders = 0;
  await database.each<OrderRow>(
    `SELECT order_id, account, client_order_id, quantity, status, created, updated
     FROM orders ORDER BY order_id`,
    (row) => {
      const key = idKey(row.account, row.client_order_id);
      const before = byClientId.get(key);
      if (before && !mayFollow(before, row)) {
        idsWithTwoOrders += 1;
        example(examples, `client order id ${key} has two orders`);
      }
      byClientId.set(key, row);
      byId.set(row.order_id, row);
    },
  );
  const toldIds = new Map<string, number>();
  let acceptedWithoutOrder = 0;
  for (const { account, clientOrderId, orderId } of logs.accepted) {
    const key = idKey(account, clientOrderId);
    const before = toldIds.get(key);
    if (before === orderId) continue;
    const [one, other] = [byId.get(before ?? 0), byId.get(orderId)];
    const isFree = one && other && (mayFollow(one, other) || mayFollow(other, one));
    if (before !== undefined && !isFree) {
      idsWithTwoOrders += 1;
      example(examples, `client order id ${key} was accepted as ${before} and as ${orderId}`);
    }
    toldIds.set(key, orderId);
    const row = byId.get(orderId);
    if (row?.account === account && row.client_order_id === clientOrderId && wasAccepted(row)) {
      continue;
    }
    acceptedWithoutOrder += 1;
    example(examples, `order ${orderId} of ${key} was accepted and is not there`);
  }
  let contradicted = 0;
  for (const { account, clientOrderId, code } of [...logs.refused, ...logs.rejected]) {
    const key = idKey(account, clientOrderId);
    const row = byClientId.get(key);
    if (row === undefined || !wasAccepted(row) || toldIds.has(key)) continue;
    contradicted += 1;
    example(examples, `${key} was answered ${code} and is order ${row.order_id}`);
  }
  return {
    count: byId.size,
    lost: acceptedWithoutOrder,
    duplicated: idsWithTwoOrders,
    contradicted,
    details: { acceptedWithoutOrder, idsWithTwoOrders },
  };
}

/** Had the order ended for a day when another came with its client order id? */
function mayFollow(order: OrderRow, other: OrderRow): boolean {
  return order.status >= FIRST_FINAL_STATUS && other.created - order.updated >= ID_KEPT_MICROS;
}

function wasAccepted({ status }: OrderRow): boolean {
  return !NEVER_ACCEPTED.includes(status);
}

async function compareTrades(database: Database, logs: ClientLogs, examples: string[]) {
  const trades = new Map<string, Trade>();
  const pairs = new Set<string>();
  let fillsSettledTwice = 0;
  await database.each<TradeRow>(
    "SELECT actor, trade_id, sequence, price, quantity, maker_order, taker_order FROM trades",
    (row) => {
      // One command lets two orders meet once.
      const pair = `${row.actor}/${row.sequence}/${row.maker_order}/${row.taker_order}`;
      if (pairs.has(pair)) {
        fillsSettledTwice += 1;
        example(examples, `orders ${row.maker_order} and ${row.taker_order} traded twice at once`);
      }
      pairs.add(pair);
      trades.set(tradeKey(row.actor, row.trade_id), { ...row, settledMaker: 0, settledTaker: 0 });
    },
  );
  fillsSettledTwice += await countSettlements(database, trades, examples);
  let tradesNotSettled = 0;
  for (const trade of trades.values()) {
    for (const times of [trade.settledMaker, trade.settledTaker]) {
      if (times === 1) continue;
      if (times === 0) tradesNotSettled += 1;
      else fillsSettledTwice += times - 1;
      example(
        examples,
        `a side of trade ${trade.trade_id} of ${trade.actor} was settled ${times} times`,
      );
    }
  }
  const fills = await compareFills(database, logs, trades, examples);
  return {
    count: trades.size,
    lost: tradesNotSettled + fills.without,
    duplicated: fillsSettledTwice + fills.twice,
    details: {
      tradesNotSettled,
      fillsWithoutTrade: fills.without,
      fillsSettledTwice,
      fillsToldTwice: fills.twice,
    },
  };
}

/** Counts on each trade how often its sides were settled; gives how many settlements have no trade at all. */
async function countSettlements(
  database: Database,
  trades: ReadonlyMap<string, Trade>,
  examples: string[],
): Promise<number> {
  let strays = 0;
  await database.each<JournalRow>(
    "SELECT account, first_sequence, last_sequence, events FROM journal",
    (row) => {
      for (const fill of settledFills(row.events, row.last_sequence - row.first_sequence + 1)) {
        const trade = trades.get(tradeKey(fill.market, fill.tradeId));
        if (trade?.maker_order === fill.orderId) trade.settledMaker += 1;
        else if (trade?.taker_order === fill.orderId) trade.settledTaker += 1;
        else {
          strays += 1;
          example(
            examples,
            `account ${row.account} settled trade ${fill.tradeId}, which is not there`,
          );
        }
      }
    },
  );
  return strays;
}

async function compareFills(
  database: Database,
  logs: ClientLogs,
  trades: ReadonlyMap<string, Trade>,
  examples: string[],
): Promise<{ without: number; twice: number }> {
  const rows = await database.rows<{ symbol: string; instrument: number }>(
    "SELECT symbol, instrument FROM instruments",
  );
  const markets = new Map(rows.map((row) => [row.symbol, row.instrument]));
  const sequences = new Map<string, number>();
  let without = 0;
  let twice = 0;
  for (const fill of logs.fills) {
    const key = tradeKey(markets.get(fill.symbol) ?? 0, fill.tradeId);
    const trade = trades.get(key);
    const isSide = trade?.maker_order === fill.orderId || trade?.taker_order === fill.orderId;
    if (!trade || !isSide || trade.price !== fill.price || trade.quantity !== fill.quantity) {
      without += 1;
      example(
        examples,
        `order ${fill.orderId} was told a fill by trade ${key}, which is not there`,
      );
    }
    const side = `${key}/${fill.orderId}`;
    const before = sequences.get(side);
    if (before !== undefined && before !== fill.sequence) {
      twice += 1;
      example(examples, `order ${fill.orderId} was told trade ${key} twice`);
    }
    sequences.set(side, fill.sequence);
  }
  return { without, twice };
}

/** What clients were told beyond the journal, and what those who waited for the end were not told. */
async function compareSequences(database: Database, logs: ClientLogs, examples: string[]) {
  const rows = await database.rows<{ account: number; sequence: number }>(
    "SELECT account, max(last_sequence) AS sequence FROM journal GROUP BY account",
  );
  const journals = new Map(rows.map((row) => [row.account, row.sequence]));
  let beyond = 0;
  let untold = 0;
  for (const [account, told] of logs.lastSequences) {
    const last = journals.get(account) ?? 0;
    if (told === last) continue;
    beyond += Math.max(0, told - last);
    untold += Math.max(0, last - told);
    example(examples, `account ${account} was told up to ${told}; its journal ends at ${last}`);
  }
  return { beyond, untold };
}

const STALE_COMMITS = `
  SELECT count(*) FROM (
    SELECT token, max(token) OVER (
      PARTITION BY actor ORDER BY batch ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS highest_before
    FROM batch_log
  ) b WHERE token < highest_before`;

/** Pairs of actors of which one has not taken all that the other has sent. */
const NOT_TAKEN = `
  SELECT count(*) FROM links s LEFT JOIN links r ON r.actor = s.peer AND r.peer = s.actor
  WHERE s.peer > 0 AND s.sent <> coalesce(r.received, 0)`;

/** Live orders that do not rest, and resting ones that do not live: at rest the two are the same. */
const LOST_ON_THE_WAY = `
  SELECT count(*)
  FROM (SELECT order_id, instrument, leaves FROM orders WHERE status < 4) o
  FULL JOIN book b USING (order_id)
  WHERE o.leaves IS DISTINCT FROM b.leaves OR o.instrument IS DISTINCT FROM b.actor`;

/**
 * At rest nothing is in flight: what all accounts own is what was deposited and has not left; what they hold is what is to
 * leave and what orders may cost with their fees, of two that are a pair the larger.
 */
const NOT_CONSERVED = `
  SELECT asset, kind, sum(amount) AS wrong FROM (
    SELECT asset, 'owned' AS kind, total::numeric AS amount FROM balances
    UNION ALL SELECT asset, 'owned', -amount FROM deposits
    UNION ALL SELECT asset, 'owned', amount FROM withdrawals WHERE status = 3
    UNION ALL SELECT asset, 'held', held FROM balances
    UNION ALL SELECT asset, 'held', -amount FROM withdrawals WHERE status < 3
    UNION ALL
    SELECT asset, 'held', -max(cost + budget - paid) FROM (
      SELECT CASE o.side WHEN 1 THEN i.quote_asset ELSE i.base_asset END AS asset, cost,
             least(o.order_id, nullif(o.pair, 0)) AS first_of_pair,
             CASE WHEN o.side <> 1 OR o.maker_fee IS NULL THEN 0
                  WHEN o.maker_fee > 0 THEN
                    1 + ceil((o.maker_value + o.taker_value + cost) * greatest(o.maker_fee, o.taker_fee) / 1e6)
                  ELSE ceil((o.taker_value + cost) * o.taker_fee / 1e6) END AS budget,
             CASE WHEN o.side <> 1 OR o.maker_fee IS NULL THEN 0
                  WHEN o.maker_fee > 0 THEN o.fees ELSE ceil(o.taker_value::numeric * o.taker_fee / 1e6) END AS paid
      FROM orders o JOIN instruments i USING (instrument) CROSS JOIN LATERAL (
        SELECT CASE o.side WHEN 1 THEN o.price::numeric * o.leaves * i.notional_factor ELSE o.leaves END AS cost
      ) c WHERE o.status < 4
    ) costs GROUP BY asset, first_of_pair
  ) sums GROUP BY asset, kind HAVING sum(amount) <> 0`;
