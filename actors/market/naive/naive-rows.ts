/** The open orders as they were last stored: what differs from them is to be written. */
import { isOrdinary, type OpenOrder, type OrderRows } from "../engine.js";

export class StoredOrders {
  private stored = new Map<number, OpenOrder>();

  /** These are stored already. */
  reset(orders: readonly OpenOrder[]): void {
    this.stored = new Map(orders.map((order) => [order.orderId, order]));
  }

  /** Tells what has to be written so that these are stored. */
  update(orders: readonly OpenOrder[], rows: OrderRows): void {
    const before = this.stored;
    this.reset(orders);
    for (const order of before.values()) {
      if (!this.stored.has(order.orderId)) rows.removed(order.orderId, isOrdinary(order));
    }
    for (const order of orders) {
      const old = before.get(order.orderId);
      if (!old) rows.changed(order, true, false);
      else if (hasNewTerms(old, order)) rows.changed(order, false, true);
      else if (isChanged(old, order)) rows.changed(order, false, false);
    }
  }
}

function isChanged(old: OpenOrder, order: OpenOrder): boolean {
  return (
    old.price !== order.price ||
    old.leaves !== order.leaves ||
    old.shown !== order.shown ||
    old.priority !== order.priority
  );
}

/** Of what the table `book` does not hold, these can change while an order is open. */
function hasNewTerms(old: OpenOrder, order: OpenOrder): boolean {
  return (
    old.type !== order.type ||
    old.stopPrice !== order.stopPrice ||
    old.trail !== order.trail ||
    old.display !== order.display ||
    old.pair !== order.pair
  );
}
