import { assert } from "../kernel/assert.js";
import { RESTING_ORDERS_MAX, UNITS_MAX } from "../kernel/limits.js";
import { Side } from "../kernel/order.js";
import { type Book, checkOrders, hashOfOrders } from "./book.js";
import type { RestingOrder } from "./resting-order.js";

/** The book as one would explain it: a list of orders that is sorted whenever somebody asks. For tests. */
export class NaiveBook implements Book {
  private resting: RestingOrder[] = [];
  private readonly ordersMax: number;

  constructor(ordersMax: number = RESTING_ORDERS_MAX) {
    this.ordersMax = ordersMax;
  }

  count(side: Side): number {
    return this.orders(side).length;
  }

  find(orderId: number): RestingOrder | undefined {
    return this.resting.find((order) => order.orderId === orderId);
  }

  first(side: Side): RestingOrder | undefined {
    return this.orders(side)[0];
  }

  add(order: RestingOrder): number {
    assert(!this.find(order.orderId), `order ${order.orderId} rests already`);
    if (this.resting.length >= this.ordersMax) return 0;
    if (this.quantityAt(order.side, order.price) + order.leaves > UNITS_MAX) return 0;
    this.resting.push(order);
    return this.quantityAt(order.side, order.price);
  }

  lower(order: RestingOrder, leaves: number): number {
    assert(leaves >= 0 && leaves < order.leaves, `${order.leaves} lowered to ${leaves}`);
    order.leaves = leaves;
    this.resting = this.resting.filter((other) => other.leaves > 0);
    return this.quantityAt(order.side, order.price);
  }

  orders(side: Side): RestingOrder[] {
    const towardsWorse = side === Side.Buy ? -1 : 1;
    return this.resting
      .filter((order) => order.side === side)
      .sort((a, b) => towardsWorse * (a.price - b.price) || a.priority - b.priority);
  }

  stateHash(): number {
    return hashOfOrders(this);
  }

  checkInvariants(): void {
    checkOrders(this);
  }

  private quantityAt(side: Side, price: number): number {
    return this.resting
      .filter((order) => order.side === side && order.price === price)
      .reduce((sum, order) => sum + order.leaves, 0);
  }
}
