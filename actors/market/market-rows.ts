/** What a batch of a market writes: what it did to the book, coalesced, and its trades. */
import { type Column, NO_ROWS, type RowSet } from "../kernel/actor.js";
import type { RestingOrder } from "./resting-order.js";

/** The orders that a batch touched. One that came and went within the batch leaves no row. */
export class TouchedOrders {
  private orders: RestingOrder[] = [];

  add(order: RestingOrder): void {
    if (order.isTouched) return;
    order.isTouched = true;
    this.orders.push(order);
  }

  /** The rows of the parts `book` and `book_removed`, which count as stored from now on. */
  take(): { readonly book: RowSet; readonly removed: RowSet } {
    const changed: RestingOrder[] = [];
    const removed: number[] = [];
    for (const order of this.orders) {
      order.isTouched = false;
      if (order.leaves === order.storedLeaves) continue;
      if (order.leaves > 0) changed.push(order);
      else removed.push(order.orderId);
      order.storedLeaves = order.leaves;
    }
    this.orders = [];
    return {
      book: changed.length === 0 ? NO_ROWS : bookRows(changed),
      removed:
        removed.length === 0 ? NO_ROWS : { count: removed.length, columns: { order_id: removed } },
    };
  }
}

function bookRows(orders: readonly RestingOrder[]): RowSet {
  const columns: Record<string, Column> = {
    order_id: orders.map((order) => order.orderId),
    account: orders.map((order) => order.account),
    side: orders.map((order) => order.side),
    price: orders.map((order) => order.price),
    leaves: orders.map((order) => order.leaves),
    priority: orders.map((order) => order.priority),
  };
  return { count: orders.length, columns };
}

export interface TradeRow {
  readonly tradeId: number;
  readonly sequence: number;
  readonly price: number;
  readonly quantity: number;
  readonly takerSide: number;
  readonly makerOrder: number;
  readonly takerOrder: number;
  readonly makerAccount: number;
  readonly takerAccount: number;
  /** The numbers of the messages that told the shards of maker and taker. */
  readonly makerNumber: number;
  readonly takerNumber: number;
}

/** The rows of the part `trades`. */
export function tradeRows(trades: readonly TradeRow[]): RowSet {
  if (trades.length === 0) return NO_ROWS;
  const columns: Record<string, Column> = {
    trade_id: trades.map((trade) => trade.tradeId),
    sequence: trades.map((trade) => trade.sequence),
    price: trades.map((trade) => trade.price),
    quantity: trades.map((trade) => trade.quantity),
    taker_side: trades.map((trade) => trade.takerSide),
    maker_order: trades.map((trade) => trade.makerOrder),
    taker_order: trades.map((trade) => trade.takerOrder),
    maker_account: trades.map((trade) => trade.makerAccount),
    taker_account: trades.map((trade) => trade.takerAccount),
    maker_number: trades.map((trade) => trade.makerNumber),
    taker_number: trades.map((trade) => trade.takerNumber),
  };
  return { count: trades.length, columns };
}
