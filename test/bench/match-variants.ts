/**
 * What each idea of the engine brings, on books that only add, cancel, amend and match, tell nobody
 * and store nothing: small, whole, and each with one idea more than the one before it.
 *
 * Here the two that are made of objects: a Map by id, levels in a sorted array, and a linked list
 * through the orders of a level.
 */
import { Side } from "../../actors/kernel/order.js";

/**
 * A book that a variant keeps. Quantities that are traded are counted, so that all can be seen to
 * do the same.
 */
export interface Variant {
  traded: number;
  enter(id: number, side: number, price: number, quantity: number, isImmediate: boolean): void;
  cancel(id: number): void;
  /** Price 0: it stays. A new price, or more, takes a new place. */
  amend(id: number, price: number, change: number): void;
}

class PlainOrder {
  id = 0;
  side = 0;
  price = 0;
  leaves = 0;
  previous: PlainOrder | null = null;
  next: PlainOrder | null = null;
  level: PlainLevel | null = null;
}

class PlainLevel {
  readonly price: number;
  /** Grows towards the best. */
  readonly rank: number;
  quantity = 0;
  head: PlainOrder | null = null;
  tail: PlainOrder | null = null;

  constructor(price: number, rank: number) {
    this.price = price;
    this.rank = rank;
  }
}

/** An object for each order; with a pool, one that was used before. */
export class ObjectBook implements Variant {
  traded = 0;
  private readonly byId = new Map<number, PlainOrder>();
  /** By side, the best level last. */
  private readonly levels: readonly PlainLevel[][] = [[], [], []];
  private readonly pool: PlainOrder[] = [];
  private readonly isPooled: boolean;

  constructor(isPooled: boolean) {
    this.isPooled = isPooled;
  }

  enter(id: number, side: number, price: number, quantity: number, isImmediate: boolean): void {
    const left = this.match(side, price, quantity);
    if (left === 0 || isImmediate) return;
    const order = (this.isPooled && this.pool.pop()) || new PlainOrder();
    order.id = id;
    order.side = side;
    this.byId.set(id, order);
    this.place(order, price, left);
  }

  cancel(id: number): void {
    const order = this.byId.get(id);
    if (!order) return;
    this.unlink(order);
    this.drop(order);
  }

  amend(id: number, price: number, change: number): void {
    const order = this.byId.get(id);
    if (!order || order.leaves + change < 1) return;
    const leaves = order.leaves + change;
    if (change <= 0 && (price === 0 || price === order.price)) {
      order.level!.quantity += change;
      order.leaves = leaves;
      return;
    }
    const limit = price || order.price;
    this.unlink(order);
    const left = this.match(order.side, limit, leaves);
    if (left > 0) this.place(order, limit, left);
    else this.drop(order);
  }

  private match(side: number, limit: number, quantity: number): number {
    const levels = this.levels[side === Side.Buy ? Side.Sell : Side.Buy]!;
    let left = quantity;
    while (left > 0 && levels.length > 0) {
      const level = levels[levels.length - 1]!;
      if (side === Side.Buy ? level.price > limit : level.price < limit) break;
      const maker = level.head!;
      const traded = Math.min(left, maker.leaves);
      left -= traded;
      this.traded += traded;
      if (traded < maker.leaves) {
        maker.leaves -= traded;
        level.quantity -= traded;
      } else {
        this.unlink(maker);
        this.drop(maker);
      }
    }
    return left;
  }

  private place(order: PlainOrder, price: number, leaves: number): void {
    order.price = price;
    order.leaves = leaves;
    const level = this.levelFor(order.side, price);
    order.level = level;
    order.previous = level.tail;
    order.next = null;
    if (level.tail) level.tail.next = order;
    else level.head = order;
    level.tail = order;
    level.quantity += leaves;
  }

  private unlink(order: PlainOrder): void {
    const level = order.level!;
    if (order.previous) order.previous.next = order.next;
    else level.head = order.next;
    if (order.next) order.next.previous = order.previous;
    else level.tail = order.previous;
    level.quantity -= order.leaves;
    order.level = null;
    if (level.head) return;
    const levels = this.levels[order.side]!;
    if (levels[levels.length - 1] === level) levels.pop();
    else levels.splice(placeOf(levels, level.rank), 1);
  }

  private drop(order: PlainOrder): void {
    this.byId.delete(order.id);
    if (this.isPooled) this.pool.push(order);
  }

  private levelFor(side: number, price: number): PlainLevel {
    const levels = this.levels[side]!;
    const rank = side === Side.Buy ? price : -price;
    const at = placeOf(levels, rank);
    const found = levels[at];
    if (found && found.rank === rank) return found;
    const level = new PlainLevel(price, rank);
    if (at === levels.length) levels.push(level);
    else levels.splice(at, 0, level);
    return level;
  }
}

/** Where a rank stands, or belongs, among levels that rise. */
function placeOf(levels: readonly PlainLevel[], rank: number): number {
  let low = 0;
  let high = levels.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (levels[middle]!.rank < rank) low = middle + 1;
    else high = middle;
  }
  return low;
}
