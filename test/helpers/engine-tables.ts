/** The tables that an engine's rows make: `book` with each open order, and the terms of those that are not ordinary. */
import { SelfTrade, OrderType, TimeInForce } from "../../actors/kernel/order.js";
import {
  isOrdinary,
  type MatchingEngine,
  type OpenOrder,
  type OrderRows,
} from "../../actors/market/engine.js";
import { asTheyLie, type Lying } from "../../chaos/simulator/servers/as-they-lie.js";

type BookRow = Pick<
  OpenOrder,
  "orderId" | "account" | "side" | "price" | "leaves" | "shown" | "priority"
>;

/** Orders that are rows of a book. */
export const ORDERS: Lying<OpenOrder> = {
  id: ({ orderId }) => orderId,
  side: ({ side }) => side,
  price: ({ price }) => price,
  priority: ({ priority }) => priority,
};

export class OrderTables implements OrderRows {
  readonly book = new Map<number, BookRow>();
  readonly terms = new Map<number, OpenOrder>();
  private written = 0;

  /** Writes what a batch has changed; returns how many orders that were. */
  take(engine: MatchingEngine): number {
    this.written = 0;
    engine.takeRows(this);
    return this.written;
  }

  changed(order: OpenOrder, isNew: boolean, hasNewTerms: boolean): void {
    this.written += 1;
    const { orderId, account, side, price, leaves, shown, priority } = order;
    must(this.book.has(orderId) !== isNew, `order ${orderId} is new: ${isNew}`);
    this.book.set(orderId, { orderId, account, side, price, leaves, shown, priority });
    if (isNew) {
      must(!hasNewTerms, `order ${orderId} is new, and has other terms than were stored`);
      if (!isOrdinary(order)) this.terms.set(orderId, { ...order });
    } else if (hasNewTerms) {
      must(this.terms.has(orderId), `order ${orderId} had no terms stored`);
      if (isOrdinary(order)) this.terms.delete(orderId);
      else this.terms.set(orderId, { ...order });
    }
  }

  removed(orderId: number, wasOrdinary: boolean): void {
    this.written += 1;
    must(this.book.delete(orderId), `order ${orderId} was never stored`);
    must(
      this.terms.delete(orderId) !== wasOrdinary,
      `order ${orderId} was ordinary: ${wasOrdinary}`,
    );
  }

  /** What the rows say, by order id. */
  orders(): OpenOrder[] {
    const orders = [...this.book.values()].map((row): OpenOrder => {
      const terms = this.terms.get(row.orderId) ?? ordinaryTerms(row);
      return { ...terms, ...row };
    });
    return orders.sort((a, b) => a.orderId - b.orderId);
  }

  /** In an order in which their rows may come back. */
  inOrderOfLoading(): OpenOrder[] {
    return asTheyLie(this.orders(), ORDERS);
  }
}

function ordinaryTerms(row: BookRow): OpenOrder {
  return {
    ...row,
    owner: row.account,
    type: OrderType.Limit,
    timeInForce: TimeInForce.GoodTillCancel,
    stopPrice: 0,
    display: 0,
    expires: 0,
    pair: 0,
    selfTrade: SelfTrade.Allow,
    postOnly: false,
    trail: 0,
  };
}

function must(condition: boolean, message: string): void {
  if (!condition) throw new Error(message);
}
