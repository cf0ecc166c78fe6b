/**
 * The resting orders of one market by price, then time (R8). Two books keep the same contract: `FastBook` trades,
 * `NaiveBook` is the slow one that it is checked against.
 */
import { assert } from "../kernel/assert.js";
import { RESTING_ORDERS_MAX, UNITS_MAX } from "../kernel/limits.js";
import { StateHash } from "../kernel/hash.js";
import { Side } from "../kernel/order.js";
import { Level, type RestingOrder } from "./resting-order.js";

export interface Book {
  /** Resting orders of a side. */
  count(side: Side): number;
  find(orderId: number): RestingOrder | undefined;
  /** The order of a side that trades first, or nothing when the side is empty. */
  first(side: Side): RestingOrder | undefined;
  /**
   * Puts an order behind all others of its price. Returns the quantity that rests at its price then; 0: there is no
   * room for it, and nothing was done.
   */
  add(order: RestingOrder): number;
  /**
   * Lowers what an order leaves open, which keeps its priority; 0 takes it out. Returns the quantity that rests at its
   * price then.
   */
  lower(order: RestingOrder, leaves: number): number;
  /** The orders of a side, the one that trades first in front. */
  orders(side: Side): RestingOrder[];
  /** The same number for the same resting orders, whatever the book and however it came to them. */
  stateHash(): number;
  checkInvariants(): void;
}

/**
 * Finds, lowers and removes an order in constant time: a map by order id, and a linked list through the orders of a
 * level. Levels stand in an array with the best at its end, where most of them come and go.
 */
export class FastBook implements Book {
  private readonly byId = new Map<number, RestingOrder>();
  private readonly bids: Level[] = [];
  private readonly asks: Level[] = [];
  private bidCount = 0;
  private readonly hash = new StateHash();
  private readonly ordersMax: number;

  constructor(ordersMax: number = RESTING_ORDERS_MAX) {
    this.ordersMax = ordersMax;
  }

  count(side: Side): number {
    return side === Side.Buy ? this.bidCount : this.byId.size - this.bidCount;
  }

  find(orderId: number): RestingOrder | undefined {
    return this.byId.get(orderId);
  }

  first(side: Side): RestingOrder | undefined {
    const levels = side === Side.Buy ? this.bids : this.asks;
    return levels.length === 0 ? undefined : levels[levels.length - 1]!.head!;
  }

  add(order: RestingOrder): number {
    assert(!this.byId.has(order.orderId), `order ${order.orderId} rests already`);
    if (this.byId.size >= this.ordersMax) return 0;
    const level = this.levelFor(order.side, order.price);
    // The sum of a level must stay exact; there is nothing to undo, for a new level always has room.
    if (order.leaves > UNITS_MAX - level.quantity) return 0;
    order.level = level;
    order.previous = level.tail;
    if (level.tail) level.tail.next = order;
    else level.head = order;
    level.tail = order;
    level.quantity += order.leaves;
    this.byId.set(order.orderId, order);
    if (order.side === Side.Buy) this.bidCount += 1;
    hashOrder(this.hash, order);
    return level.quantity;
  }

  lower(order: RestingOrder, leaves: number): number {
    const level = order.level!;
    assert(leaves >= 0 && leaves < order.leaves, `${order.leaves} lowered to ${leaves}`);
    unhashOrder(this.hash, order);
    level.quantity -= order.leaves - leaves;
    order.leaves = leaves;
    if (leaves > 0) hashOrder(this.hash, order);
    else this.unlink(order, level);
    return level.quantity;
  }

  orders(side: Side): RestingOrder[] {
    const found: RestingOrder[] = [];
    const levels = side === Side.Buy ? this.bids : this.asks;
    for (let at = levels.length - 1; at >= 0; at--) {
      for (let order = levels[at]!.head; order; order = order.next) found.push(order);
    }
    return found;
  }

  stateHash(): number {
    return this.hash.value();
  }

  checkInvariants(): void {
    for (const side of [Side.Buy, Side.Sell]) {
      this.checkLevels(side === Side.Buy ? this.bids : this.asks, side);
      const orders = this.orders(side);
      assert(orders.length === this.count(side), `side ${side} counts ${this.count(side)}`);
      for (const order of orders) {
        assert(this.byId.get(order.orderId) === order, `order ${order.orderId} is not found`);
      }
    }
    assert(this.hash.value() === hashOfOrders(this), "the book's hash is not that of its orders");
    checkOrders(this);
  }

  private checkLevels(levels: readonly Level[], side: Side): void {
    let rank = -Infinity;
    for (const level of levels) {
      assert(level.rank > rank && level.rank === rankOf(side, level.price), "levels out of order");
      rank = level.rank;
      let quantity = 0;
      let previous: RestingOrder | null = null;
      for (let order = level.head; order; order = order.next) {
        assert(order.level === level && order.previous === previous, "a broken list of orders");
        assert(order.side === side && order.price === level.price, "an order at a wrong price");
        quantity += order.leaves;
        previous = order;
      }
      assert(
        level.tail === previous && previous !== null,
        "a level without orders, or a wrong end",
      );
      assert(quantity === level.quantity, `a level sums up to ${quantity}, not ${level.quantity}`);
    }
  }

  /** The level of a price; a new one where there is none. */
  private levelFor(side: Side, price: number): Level {
    const levels = side === Side.Buy ? this.bids : this.asks;
    const rank = rankOf(side, price);
    const at = indexOfRank(levels, rank);
    const found = levels[at];
    if (found && found.rank === rank) return found;
    const level = new Level(price, rank);
    if (at === levels.length) levels.push(level);
    else levels.splice(at, 0, level);
    return level;
  }

  private unlink(order: RestingOrder, level: Level): void {
    if (order.previous) order.previous.next = order.next;
    else level.head = order.next;
    if (order.next) order.next.previous = order.previous;
    else level.tail = order.previous;
    order.previous = null;
    order.next = null;
    order.level = null;
    this.byId.delete(order.orderId);
    if (order.side === Side.Buy) this.bidCount -= 1;
    if (!level.head) this.removeLevel(order.side, level);
  }

  private removeLevel(side: Side, level: Level): void {
    const levels = side === Side.Buy ? this.bids : this.asks;
    if (levels[levels.length - 1] === level) levels.pop();
    else levels.splice(indexOfRank(levels, level.rank), 1);
  }
}

function rankOf(side: Side, price: number): number {
  return side === Side.Buy ? price : -price;
}

/** Where a rank stands, or belongs, among levels that rise. */
function indexOfRank(levels: readonly Level[], rank: number): number {
  let low = 0;
  let high = levels.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (levels[middle]!.rank < rank) low = middle + 1;
    else high = middle;
  }
  return low;
}

function hashOrder(hash: StateHash, order: RestingOrder): void {
  const { orderId, account, side, price, leaves, priority } = order;
  hash.add(orderId, account, side, price, leaves, priority);
}

function unhashOrder(hash: StateHash, order: RestingOrder): void {
  const { orderId, account, side, price, leaves, priority } = order;
  hash.remove(orderId, account, side, price, leaves, priority);
}

/** The hash of a book's orders, summed up anew. */
export function hashOfOrders(book: Book): number {
  const hash = new StateHash();
  for (const side of [Side.Buy, Side.Sell]) {
    for (const order of book.orders(side)) hashOrder(hash, order);
  }
  return hash.value();
}

/** What every book promises: price, then time, on both sides, and no cross between them (R8). */
export function checkOrders(book: Book): void {
  for (const side of [Side.Buy, Side.Sell]) {
    let ahead: RestingOrder | undefined;
    for (const order of book.orders(side)) {
      assert(order.leaves > 0, `order ${order.orderId} rests with nothing left`);
      if (ahead) {
        const isBehind =
          rankOf(side, order.price) < rankOf(side, ahead.price) ||
          (order.price === ahead.price && order.priority > ahead.priority);
        assert(isBehind, `order ${order.orderId} stands behind the wrong order`);
      }
      ahead = order;
    }
  }
  const bid = book.first(Side.Buy);
  const ask = book.first(Side.Sell);
  assert(!bid || !ask || bid.price < ask.price, "the book is crossed at rest");
}
