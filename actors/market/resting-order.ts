import type { Side } from "../kernel/order.js";

/** An order on the book. Every order is made with all its fields, so that the engine sees one shape. */
export class RestingOrder {
  readonly orderId: number;
  readonly account: number;
  readonly side: Side;
  readonly price: number;
  /** What is still open, in quantity units. */
  leaves: number;
  /** The order of arrival in the market: within a price, the lower trades first. */
  readonly priority: number;

  /** What the stored row says is open; 0: there is no row. */
  storedLeaves = 0;
  /** Is it among the orders whose rows the batch may have to write? */
  isTouched = false;

  /** The neighbours within the price, and the level itself: the fast book's own. */
  previous: RestingOrder | null = null;
  next: RestingOrder | null = null;
  level: Level | null = null;

  constructor(
    orderId: number,
    account: number,
    side: Side,
    price: number,
    leaves: number,
    priority: number,
  ) {
    this.orderId = orderId;
    this.account = account;
    this.side = side;
    this.price = price;
    this.leaves = leaves;
    this.priority = priority;
  }
}

/** All resting orders of one price, in the order of their arrival. */
export class Level {
  readonly price: number;
  /** Grows towards the side's best price: the price of a bid, the negative price of an ask. */
  readonly rank: number;
  quantity = 0;
  head: RestingOrder | null = null;
  tail: RestingOrder | null = null;

  constructor(price: number, rank: number) {
    this.price = price;
    this.rank = rank;
  }
}
