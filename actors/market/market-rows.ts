/** What a batch of a market writes: what it did to the book, coalesced, and its trades. */
import { type Column, NO_ROWS, type RowSet } from "../kernel/actor.js";
import type { TradeReport } from "../ledger/messages.js";
import type { RestingOrder } from "./resting-order.js";

/**
 * The parts `book` and `book_removed` of the orders that a batch touched; they count as stored from now on. An order
 * that came and went within the batch leaves no row.
 */
export function takeBookRows(touched: readonly RestingOrder[]): { book: RowSet; removed: RowSet } {
  const changed: RestingOrder[] = [];
  const removed: number[] = [];
  for (const order of touched) {
    order.isTouched = false;
    if (order.leaves === order.storedLeaves) continue;
    if (order.leaves > 0) changed.push(order);
    else removed.push(order.orderId);
    order.storedLeaves = order.leaves;
  }
  return { book: bookRows(changed), removed: removedRows(removed) };
}

function removedRows(orderIds: readonly number[]): RowSet {
  if (orderIds.length === 0) return NO_ROWS;
  return { count: orderIds.length, columns: { order_id: orderIds } };
}

function bookRows(orders: readonly RestingOrder[]): RowSet {
  if (orders.length === 0) return NO_ROWS;
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
  readonly report: TradeReport;
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
    trade_id: trades.map(({ report }) => report.tradeId),
    sequence: trades.map(({ report }) => report.sequence),
    price: trades.map(({ report }) => report.price),
    quantity: trades.map(({ report }) => report.quantity),
    taker_side: trades.map(({ report }) => report.takerSide),
    maker_order: trades.map(({ report }) => report.makerOrder),
    taker_order: trades.map(({ report }) => report.takerOrder),
    maker_account: trades.map((trade) => trade.makerAccount),
    taker_account: trades.map((trade) => trade.takerAccount),
    maker_number: trades.map((trade) => trade.makerNumber),
    taker_number: trades.map((trade) => trade.takerNumber),
  };
  return { count: trades.length, columns };
}
