/**
 * Counts what an exchange at rest has lost, done twice or committed too late, from what its clients were told and what
 * its database holds. Believes neither the exchange's code nor its words.
 */
import { type ClientLogs, example, readClientLogs } from "./client-logs.js";
import { settledFills } from "./journal.js";
import { judgeJournals } from "./journals.js";
import { compareTold } from "./told.js";
import { FIRST_FINAL_STATUS, lostOnTheWay, notTaken, staleBatches, wrongSums } from "./sums.js";
import {
  type BookRow,
  each,
  type InstrumentRow,
  type OrderRow,
  type Source,
  type TradeRow,
} from "./tables.js";
import { readNotedBooks } from "./noted-books.js";
import { type MarketBatchRow, type Repriced, reprice } from "./reprice.js";

export interface CheckReport {
  /** Are all counts zero, the sums right, everything taken, and all that clients were told readable? */
  readonly ok: boolean;
  /**
   * Accepted ids without their order, fills (told or settled) without their trade, trades without their settlement, events that were told and
   * are in no journal.
   */
  readonly lost: number;
  /** Ids with two orders, fills settled twice, numbers told twice with different contents. */
  readonly duplicated: number;
  /** Batches of a token after a higher one was raised. */
  readonly staleCommits: number;
  /** Numbers that a client was not told. */
  readonly gaps: number;
  /** Places where an account's journal is not 1, 2, 3, … */
  readonly journalGaps: number;
  /**
   * Ids that were refused or rejected to the client, and yet became orders; orders that live although the client was told that they
   * end; numbers that were told otherwise than the journal has them.
   */
  readonly contradicted: number;
  readonly conserved: boolean;
  /** Trades that were matched again, and what is not as it should be then: trades, and orders that rest. */
  readonly repriced: number;
  readonly mispriced: number;
  /** Books noted before a fault that the log gives otherwise by now. */
  readonly booksRewritten: number;
  /** Has every actor taken everything that was sent to it? Only then do the counts say anything. */
  readonly quiet: boolean;
  readonly details: Readonly<Record<string, number>>;
  readonly counted: Readonly<Record<string, number>>;
  readonly examples: readonly string[];
}

/** Statuses of orders that were never accepted: rejected, voided. */
const NEVER_ACCEPTED = [6, 7];

/** An id may be another order's from a day after its order has ended, in microseconds. */
const ID_KEPT_MICROS = 86_400_000_000;

const NOT_REPRICED: Repriced = { repriced: 0, mispriced: 0, booksNoted: 0, booksRewritten: 0 };

interface Trade extends TradeRow {
  settledMaker: number;
  settledTaker: number;
}

const tradeKey = (market: number, trade: number): string => `${market}/${trade}`;
const sideKey = (market: number, trade: number, order: number): string =>
  `${tradeKey(market, trade)}/${order}`;
const idKey = (account: number, clientOrderId: string): string => `${account}/${clientOrderId}`;

/**
 * What orders there were. Plain: limit orders with no terms but a time in force, in markets that nobody interrupts; they alone can be
 * matched again on paper.
 */
export type Flow = "plain" | "any";

/** Checks an exchange at rest. Rejects when logs or rows cannot be read. */
export async function check(logFolder: string, source: Source, flow: Flow): Promise<CheckReport> {
  const logs = await readClientLogs(logFolder);
  const { examples } = logs;
  const instruments = new Map<number, InstrumentRow>();
  await each(source, "instruments", (row) => instruments.set(row.instrument, row));
  const orders = await compareOrders(source, logs, examples);
  const trades = await compareTrades(source, logs, instruments, examples);
  const symbols = new Map([...instruments.values()].map((row) => [row.instrument, row.symbol]));
  const told = await compareTold(source, logs, symbols);
  const priced = flow === "plain" ? await priceAgain(source, logFolder, examples) : NOT_REPRICED;
  const onTheWay = await lostOnTheWay(source, orders.live);
  const staleCommits = await staleBatches(source);
  const quiet = (await notTaken(source)) === 0;
  const wrong = await wrongSums(source, orders.live, instruments);
  const { journalGaps, balancesUnlikeJournal } = await judgeJournals(source, examples);
  if (staleCommits > 0)
    example(examples, `${staleCommits} batches of a token after a higher one was raised`);
  if (onTheWay > 0) example(examples, `${onTheWay} live orders differ from the books`);
  for (const { asset, kind, wrong: by } of wrong) {
    example(examples, `what all accounts have ${kind} of asset ${asset} is wrong by ${by}`);
  }
  const lost = orders.lost + trades.lost + told.beyond + onTheWay;
  const duplicated = orders.duplicated + trades.duplicated + logs.conflicts;
  const gaps = logs.gaps + told.untold;
  const contradicted = orders.contradicted + told.otherwise;
  const { repriced, mispriced, booksNoted, booksRewritten } = priced;
  const faults =
    lost +
    duplicated +
    staleCommits +
    gaps +
    journalGaps +
    contradicted +
    mispriced +
    booksRewritten;
  const conserved = wrong.length === 0 && balancesUnlikeJournal === 0;
  return {
    ok: faults === 0 && logs.unreadable === 0 && conserved && quiet,
    lost,
    duplicated,
    staleCommits,
    gaps,
    contradicted,
    journalGaps,
    conserved,
    repriced,
    mispriced,
    booksRewritten,
    quiet,
    details: {
      ...orders.details,
      ...trades.details,
      eventsBeyondJournal: told.beyond,
      eventsToldOtherwise: told.otherwise,
      onTheWay,
      conflictingEvents: logs.conflicts,
      untoldAtEnd: told.untold,
      unreadableLines: logs.unreadable,
      balancesUnlikeJournal,
    },
    counted: {
      logs: logs.files,
      submitted: logs.submitted,
      accepted: logs.accepted.length,
      fillsTold: logs.fills.length,
      eventsTold: logs.events,
      eventsCompared: told.compared,
      orders: orders.count,
      trades: trades.count,
      booksNoted,
    },
    examples,
  };
}

async function compareOrders(source: Source, logs: ClientLogs, examples: string[]) {
  const byId = new Map<number, OrderRow>();
  const byClientId = new Map<string, OrderRow>();
  let idsWithTwoOrders = 0;
  await each(source, "orders", (row) => {
    const key = idKey(row.account, row.client_order_id);
    const before = byClientId.get(key);
    if (before && !mayFollow(before, row)) {
      idsWithTwoOrders += 1;
      example(examples, `client order id ${key} has two orders`);
    }
    byClientId.set(key, row);
    byId.set(row.order_id, row);
  });
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
  let cancelledAndLive = 0;
  for (const { account, orderId } of logs.cancels) {
    const row = byId.get(orderId);
    if (row?.account === account && row.status >= FIRST_FINAL_STATUS) continue;
    cancelledAndLive += 1;
    const is = row?.account === account ? `has status ${row.status}` : "is not there";
    example(examples, `account ${account} was told that order ${orderId} ends, which ${is}`);
  }
  return {
    count: byId.size,
    live: [...byId.values()].filter(({ status }) => status < FIRST_FINAL_STATUS),
    lost: acceptedWithoutOrder,
    duplicated: idsWithTwoOrders,
    contradicted: contradicted + cancelledAndLive,
    details: { acceptedWithoutOrder, idsWithTwoOrders, cancelledAndLive },
  };
}

/** Had the order ended for a day when another came with its client order id? */
function mayFollow(order: OrderRow, other: OrderRow): boolean {
  return order.status >= FIRST_FINAL_STATUS && other.created - order.updated >= ID_KEPT_MICROS;
}

function wasAccepted({ status }: OrderRow): boolean {
  return !NEVER_ACCEPTED.includes(status);
}

async function compareTrades(
  source: Source,
  logs: ClientLogs,
  instruments: ReadonlyMap<number, InstrumentRow>,
  examples: string[],
) {
  const trades = new Map<string, Trade>();
  const pairs = new Set<string>();
  let fillsSettledTwice = 0;
  await each(source, "trades", (row) => {
    // One command lets two orders meet once.
    const pair = `${row.actor}/${row.sequence}/${row.maker_order}/${row.taker_order}`;
    if (pairs.has(pair)) {
      fillsSettledTwice += 1;
      example(examples, `orders ${row.maker_order} and ${row.taker_order} traded twice at once`);
    }
    pairs.add(pair);
    trades.set(tradeKey(row.actor, row.trade_id), { ...row, settledMaker: 0, settledTaker: 0 });
  });
  const settled = await countSettlements(source, trades, examples);
  fillsSettledTwice += settled.twice;
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
  const markets = new Map([...instruments.values()].map((row) => [row.symbol, row.instrument]));
  const fills = compareFills(logs, markets, trades, settled.without, examples);
  const fillsWithoutTrade = fills.without + settled.without.size;
  return {
    count: trades.size,
    lost: tradesNotSettled + fillsWithoutTrade,
    duplicated: fillsSettledTwice + fills.twice,
    details: {
      tradesNotSettled,
      fillsWithoutTrade,
      fillsSettledTwice,
      fillsToldTwice: fills.twice,
    },
  };
}

/** Counts on each trade how often its sides were settled; gives the sides that have no trade at all, and how often one was settled again. */
async function countSettlements(
  source: Source,
  trades: ReadonlyMap<string, Trade>,
  examples: string[],
): Promise<{ without: ReadonlySet<string>; twice: number }> {
  const without = new Set<string>();
  let twice = 0;
  await each(source, "journal", (row) => {
    const bytes = Buffer.from(row.events, "hex");
    for (const fill of settledFills(bytes, row.last_sequence - row.first_sequence + 1)) {
      const trade = trades.get(tradeKey(fill.market, fill.tradeId));
      if (trade?.maker_order === fill.orderId) trade.settledMaker += 1;
      else if (trade?.taker_order === fill.orderId) trade.settledTaker += 1;
      else {
        const side = sideKey(fill.market, fill.tradeId, fill.orderId);
        if (without.has(side)) twice += 1;
        without.add(side);
        example(
          examples,
          `account ${row.account} settled trade ${fill.tradeId}, which is not there`,
        );
      }
    }
  });
  return { without, twice };
}

/** `known`: the sides that are known to have no trade, and are counted already. */
function compareFills(
  logs: ClientLogs,
  markets: ReadonlyMap<string, number>,
  trades: ReadonlyMap<string, Trade>,
  known: ReadonlySet<string>,
  examples: string[],
): { without: number; twice: number } {
  const sequences = new Map<string, number>();
  let without = 0;
  let twice = 0;
  for (const fill of logs.fills) {
    const market = markets.get(fill.symbol) ?? 0;
    const key = tradeKey(market, fill.tradeId);
    const side = sideKey(market, fill.tradeId, fill.orderId);
    const trade = trades.get(key);
    const isSide = trade?.maker_order === fill.orderId || trade?.taker_order === fill.orderId;
    if (!trade || !isSide || trade.price !== fill.price || trade.quantity !== fill.quantity) {
      if (!known.has(side)) without += 1;
      example(
        examples,
        `order ${fill.orderId} was told a fill by trade ${key}, which is not there`,
      );
    }
    const before = sequences.get(side);
    if (before !== undefined && before !== fill.sequence) {
      twice += 1;
      example(examples, `order ${fill.orderId} was told trade ${key} twice`);
    }
    sequences.set(side, fill.sequence);
  }
  return { without, twice };
}

/** All orders meet again, as the markets' batch log has them. */
async function priceAgain(
  source: Source,
  logFolder: string,
  examples: string[],
): Promise<Repriced> {
  const trades: TradeRow[] = [];
  const book: BookRow[] = [];
  const markets = new Map<number, string>();
  await each(source, "trades", (row) => trades.push(row));
  await each(source, "book", (row) => book.push(row));
  await each(source, "actors", ({ actor, name, kind }) => {
    if (kind === "market") markets.set(actor, name);
  });
  const noted = await readNotedBooks(logFolder);
  return reprice({ markets, batches: marketBatches(source), trades, book, noted }, examples);
}

async function* marketBatches(source: Source): AsyncIterable<MarketBatchRow> {
  for await (const page of source.pages("batch_log")) {
    for (const { commands, ...row } of page) {
      if (commands !== null) yield { ...row, commands: Buffer.from(commands, "hex") };
    }
  }
}
