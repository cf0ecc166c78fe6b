/** What a batch of a market writes: the open orders it changed, and its trades. Column arrays, filled value by value. */
import { NO_ROWS, type RowSet } from "../kernel/actor.js";
import type { TradeReport } from "../ledger/messages.js";
import { isOrdinary, type OpenOrder, type OrderRows } from "./engine.js";

/** Rows of one part, column by column. */
class Columns<Name extends string> {
  private readonly names: readonly Name[];
  /** In the order of the names. */
  private columns: number[][] = [];
  private count = 0;

  constructor(names: readonly Name[]) {
    this.names = names;
  }

  /** One value for each column, in their order. */
  add(...values: readonly number[]): void {
    if (this.count === 0) this.columns = this.names.map(() => []);
    for (let at = 0; at < values.length; at++) this.columns[at]!.push(values[at]!);
    this.count += 1;
  }

  /** Everything since the last call. */
  take(): RowSet {
    if (this.count === 0) return NO_ROWS;
    const { count, names } = this;
    const columns: Record<string, number[]> = {};
    for (let at = 0; at < names.length; at++) columns[names[at]!] = this.columns[at]!;
    this.drop();
    return { count, columns };
  }

  drop(): void {
    this.count = 0;
  }
}

type OrderPart = "book" | "book_changed" | "book_removed" | "order_terms" | "order_terms_removed";

/** The parts of open orders. An order that came and went within the batch leaves no row. */
export class OrderRowSets implements OrderRows {
  private readonly book = new Columns([
    "order_id",
    "account",
    "side",
    "price",
    "leaves",
    "shown",
    "priority",
  ]);
  private readonly bookChanged = new Columns(["order_id", "price", "leaves", "shown", "priority"]);
  private readonly bookRemoved = new Columns(["order_id"]);
  private readonly terms = new Columns([
    "order_id",
    "owner",
    "type",
    "time_in_force",
    "stop_price",
    "display",
    "expires",
    "pair",
    "self_trade",
    "post_only",
    "trail",
  ]);
  private readonly termsRemoved = new Columns(["order_id"]);

  changed(order: OpenOrder, isNew: boolean, hasNewTerms: boolean): void {
    const { orderId, account, side, price, leaves, shown, priority } = order;
    if (isNew) this.book.add(orderId, account, side, price, leaves, shown, priority);
    else this.bookChanged.add(orderId, price, leaves, shown, priority);
    if (!isNew && !hasNewTerms) return;
    if (isOrdinary(order)) {
      if (!isNew) this.termsRemoved.add(orderId);
      return;
    }
    const { owner, type, timeInForce, stopPrice, display, expires, pair, selfTrade } = order;
    const terms = [owner, type, timeInForce, stopPrice, display, expires, pair, selfTrade];
    this.terms.add(orderId, ...terms, order.postOnly ? 1 : 0, order.trail);
  }

  removed(orderId: number, isOrdinary: boolean): void {
    this.bookRemoved.add(orderId);
    if (!isOrdinary) this.termsRemoved.add(orderId);
  }

  /** Everything since the last call. */
  take(): Record<OrderPart, RowSet> {
    return {
      book: this.book.take(),
      book_changed: this.bookChanged.take(),
      book_removed: this.bookRemoved.take(),
      order_terms: this.terms.take(),
      order_terms_removed: this.termsRemoved.take(),
    };
  }
}

/** The part `trades`. */
export class TradeRowSet {
  private readonly columns = new Columns([
    "trade_id",
    "sequence",
    "price",
    "quantity",
    "taker_side",
    "maker_order",
    "taker_order",
    "maker_account",
    "taker_account",
    "maker_number",
    "taker_number",
  ]);

  /** The numbers are those of the messages that told the shards of maker and taker. */
  add(
    report: TradeReport,
    accounts: { readonly maker: number; readonly taker: number },
    numbers: { readonly maker: number; readonly taker: number },
  ): void {
    const { tradeId, sequence, price, quantity, takerSide, makerOrder, takerOrder } = report;
    const parties = [makerOrder, takerOrder, accounts.maker, accounts.taker];
    const told = [numbers.maker, numbers.taker];
    this.columns.add(tradeId, sequence, price, quantity, takerSide, ...parties, ...told);
  }

  take(): RowSet {
    return this.columns.take();
  }

  /** Forgets them. */
  drop(): void {
    this.columns.drop();
  }
}
