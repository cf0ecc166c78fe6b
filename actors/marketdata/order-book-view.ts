/**
 * The level-3 view of a market: each order in its place, from the event log alone. It never looks into an engine, so it
 * proves that the log tells everything. Orders that wait are not on the book, and are not seen here.
 */
import { assert } from "../kernel/assert.js";
import { Side } from "../kernel/order.js";
import { EventKind, type EventLog, Field } from "../market/event-log.js";

export interface BookOrder {
  readonly orderId: number;
  readonly account: number;
  readonly side: Side;
  readonly price: number;
  readonly leaves: number;
  readonly shown: number;
  readonly priority: number;
}

export class OrderBookView {
  private readonly orders = new Map<number, BookOrder>();

  /** Takes what one or more commands led to. */
  take(log: EventLog): void {
    for (let at = 0; at < log.count; at++) {
      switch (log.value(at, Field.kind) as EventKind) {
        case EventKind.Rested:
          this.rest(log, at);
          break;
        case EventKind.Refilled:
          this.refill(log, at);
          break;
        case EventKind.Trade:
          this.trade(log, at, Field.makerOrder, Field.makerLeaves);
          this.trade(log, at, Field.takerOrder, Field.takerLeaves);
          break;
        case EventKind.Reduced:
        case EventKind.Amended:
          this.change(log, at);
          break;
        case EventKind.Ended:
          this.orders.delete(log.value(at, Field.orderId));
          break;
        default:
      }
    }
  }

  /** The orders of a side, the one that trades first in front. */
  book(side: Side): BookOrder[] {
    const towardsWorse = side === Side.Buy ? -1 : 1;
    return [...this.orders.values()]
      .filter((order) => order.side === side)
      .sort((a, b) => towardsWorse * (a.price - b.price) || a.priority - b.priority);
  }

  /** What each price of a side shows, the best first. */
  levels(side: Side): (readonly [price: number, quantity: number])[] {
    const shown = new Map<number, number>();
    for (const order of this.book(side)) {
      shown.set(order.price, (shown.get(order.price) ?? 0) + order.shown);
    }
    return [...shown];
  }

  private rest(log: EventLog, at: number): void {
    const orderId = log.value(at, Field.orderId);
    assert(!this.orders.has(orderId), "order %s rests already", orderId);
    this.orders.set(orderId, {
      orderId,
      account: log.value(at, Field.account),
      side: log.value(at, Field.side) as Side,
      price: log.value(at, Field.price),
      leaves: log.value(at, Field.leaves),
      shown: log.value(at, Field.shown),
      priority: log.value(at, Field.priority),
    });
  }

  private refill(log: EventLog, at: number): void {
    const order = this.orders.get(log.value(at, Field.orderId));
    assert(order !== undefined, "an order that is not on the book shows again");
    const shown = log.value(at, Field.shown);
    const priority = log.value(at, Field.priority);
    this.orders.set(order.orderId, { ...order, shown, priority });
  }

  /** What an order that stands on the book has left; in an uncross the taker stands there too. */
  private trade(log: EventLog, at: number, orderField: number, leavesField: number): void {
    const order = this.orders.get(log.value(at, orderField));
    if (!order) return;
    const leaves = log.value(at, leavesField);
    if (leaves === 0) {
      this.orders.delete(order.orderId);
      return;
    }
    // In an uncross more of an iceberg may trade than it shows.
    const shown = Math.max(0, order.shown - log.value(at, Field.tradeQuantity));
    this.orders.set(order.orderId, { ...order, leaves, shown });
  }

  /** An order that stays where it stands, or (priority 0) leaves its place. */
  private change(log: EventLog, at: number): void {
    const order = this.orders.get(log.value(at, Field.orderId));
    if (!order) return;
    if (log.value(at, Field.priority) === 0) {
      this.orders.delete(order.orderId);
      return;
    }
    const leaves = log.value(at, Field.leaves);
    const shown = log.value(at, Field.shown);
    this.orders.set(order.orderId, { ...order, leaves, shown });
  }
}
