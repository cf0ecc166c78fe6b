/**
 * Prices every fill again: all orders of the markets' batch log meet once more, on paper, by a book that shares no code
 * with the exchange. The trades must be the same, one by one; what is left must be the stored book; and books that were
 * noted before a fault must be what the log gives at their batch, so that nothing has rewritten what was before.
 */
import { Unreadable } from "../simulator/checks/bytes.js";
import { readLog } from "../simulator/checks/decode.js";
import { PaperMarket, type PaperTrade, type Resting } from "../simulator/checks/paper-market.js";
import { example } from "./client-logs.js";
import type { BookRow, TradeRow } from "./tables.js";

/** A row of the batch log, in the order of the batches of each market. */
export interface MarketBatchRow {
  readonly actor: number;
  readonly batch: number;
  readonly time: number;
  readonly commands: Uint8Array;
}

/** A book as it was stored after a batch, noted at that time. */
export interface NotedBook {
  readonly actor: number;
  readonly batch: number;
  readonly orders: readonly BookRow[];
}

export interface Rows {
  readonly markets: ReadonlyMap<number, string>;
  readonly batches: Iterable<MarketBatchRow> | AsyncIterable<MarketBatchRow>;
  readonly trades: readonly TradeRow[];
  readonly book: readonly BookRow[];
  readonly noted: readonly NotedBook[];
}

export interface Repriced {
  /** Trades that were compared. */
  readonly repriced: number;
  /** Trades, and orders that rest, which are not what the log gives. */
  readonly mispriced: number;
  /** Books that were noted before a fault, and those that the log gives otherwise now. */
  readonly booksNoted: number;
  readonly booksRewritten: number;
}

class Repricing {
  readonly name: string;
  readonly paper = new PaperMarket();
  mispriced = 0;
  booksRewritten = 0;
  private readonly stored = new Map<number, TradeRow>();
  /** By batch, as often as each was noted; those that were compared are left out. */
  private readonly noted = new Map<number, readonly (readonly BookRow[])[]>();
  private readonly examples: string[];
  private trades = 0;
  private batch = 0;
  private isReadable = true;
  private expected = 0;
  private books = 0;

  constructor(name: string, examples: string[]) {
    this.name = name;
    this.examples = examples;
  }

  /** Trades, and noted books, that were compared: all, unless the log could not be read on. */
  get compared(): { readonly trades: number; readonly books: number } {
    if (this.isReadable) return { trades: this.expected, books: this.books };
    return {
      trades: this.expected - this.stored.size,
      books: this.books - [...this.noted.values()].flat().length,
    };
  }

  expect(row: TradeRow): void {
    this.expected += 1;
    this.stored.set(row.trade_id, row);
  }

  /** An empty one would be like any other. */
  note({ batch, orders }: NotedBook): void {
    if (orders.length === 0) return;
    this.books += 1;
    this.noted.set(batch, [...(this.noted.get(batch) ?? []), orders]);
  }

  take({ batch, time, commands }: MarketBatchRow): void {
    if (!this.isReadable) return;
    if (batch !== this.batch + 1) {
      return this.giveUp(`the batch log has ${batch} behind ${this.batch}`);
    }
    this.batch = batch;
    try {
      for (const trade of this.paper.apply(time, readLog(commands))) this.compare(batch, trade);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      return this.giveUp(`from batch ${batch} on nothing is matched again: ${error.message}`);
    }
    this.compareNoted(batch);
  }

  /** Called when no batch follows: `book` is what rests by the database. */
  finish(book: readonly BookRow[]): void {
    if (!this.isReadable) return;
    for (const batch of this.noted.keys()) this.rewritten(`there is no batch ${batch} any more`);
    for (const [id, row] of this.stored) {
      this.wrong(`batch ${row.batch} has trade ${id}, which no two orders make`);
    }
    for (const difference of differences(this.paper, book)) {
      this.wrong(`after batch ${this.batch} ${difference}`);
    }
  }

  private compare(batch: number, paper: PaperTrade): void {
    this.trades += 1;
    const row = this.stored.get(this.trades);
    this.stored.delete(this.trades);
    const should = tradeText(paper, batch);
    const is = row && tradeText(paperOf(row), row.batch);
    if (is === should) return;
    this.wrong(`trade ${this.trades} should be ${should}, and is ${is ?? "not there"}`);
  }

  private compareNoted(batch: number): void {
    const books = this.noted.get(batch) ?? [];
    this.noted.delete(batch);
    for (const orders of books) {
      const [difference] = differences(this.paper, orders);
      if (difference !== undefined)
        this.rewritten(`when it was noted after batch ${batch}, ${difference}`);
    }
  }

  /** What is behind this is not judged, so it counts once. */
  private giveUp(why: string): void {
    this.isReadable = false;
    this.wrong(why);
  }

  private wrong(text: string): void {
    this.mispriced += 1;
    example(this.examples, `${this.name}: ${text}`);
  }

  private rewritten(text: string): void {
    this.booksRewritten += 1;
    example(this.examples, `${this.name}: ${text}`);
  }
}

/** Adds to `examples`, in words, what is not as it should be. */
export async function reprice(rows: Rows, examples: string[]): Promise<Repriced> {
  const markets = new Map<number, Repricing>();
  for (const [actor, name] of rows.markets) markets.set(actor, new Repricing(name, examples));
  const of = (actor: number): Repricing => {
    let market = markets.get(actor);
    if (!market) markets.set(actor, (market = new Repricing(`market ${actor}`, examples)));
    return market;
  };
  for (const row of rows.trades) of(row.actor).expect(row);
  for (const book of rows.noted) of(book.actor).note(book);
  for await (const batch of rows.batches) of(batch.actor).take(batch);
  for (const [actor, market] of markets) {
    market.finish(rows.book.filter((row) => row.actor === actor));
  }
  const all = [...markets.values()];
  return {
    repriced: all.reduce((sum, { compared }) => sum + compared.trades, 0),
    mispriced: all.reduce((sum, { mispriced }) => sum + mispriced, 0),
    booksNoted: all.reduce((sum, { compared }) => sum + compared.books, 0),
    booksRewritten: all.reduce((sum, { booksRewritten }) => sum + booksRewritten, 0),
  };
}

function paperOf(row: TradeRow): PaperTrade {
  return {
    price: row.price,
    quantity: row.quantity,
    makerOrder: row.maker_order,
    takerOrder: row.taker_order,
    takerSide: row.taker_side,
  };
}

function tradeText(trade: PaperTrade, batch: number): string {
  const { price, quantity, makerOrder, takerOrder, takerSide } = trade;
  return `${quantity} at ${price} between ${makerOrder} and taker ${takerOrder} (side ${takerSide}) in batch ${batch}`;
}

const orderText = ({ side, price, leaves }: Pick<Resting, "side" | "price" | "leaves">): string =>
  `${leaves} at ${price} on side ${side}`;

/** How stored orders differ from those that rest on paper. */
function differences(paper: PaperMarket, stored: readonly BookRow[]): string[] {
  const found: string[] = [];
  const rows = new Map(stored.map((row) => [row.order_id, row]));
  for (const [orderId, order] of paper.resting) {
    const row = rows.get(orderId);
    rows.delete(orderId);
    const [should, is] = [orderText(order), row && orderText(row)];
    if (is !== should) {
      found.push(`order ${orderId} should rest with ${should}, and is ${is ?? "not in the book"}`);
    }
  }
  for (const orderId of rows.keys()) {
    found.push(`order ${orderId} is in the book and should not rest`);
  }
  return found;
}
