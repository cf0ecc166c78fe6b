/** The variants that are made of numbers in typed arrays (`match-variants.ts`). */
import { Side } from "../../actors/kernel/order.js";
import { OrderIndex } from "../../actors/market/fast/order-index.js";
import { LevelStore } from "../../actors/market/fast/level-store.js";
import { OrderStore } from "../../actors/market/fast/order-store.js";
import { PriceLadder } from "../../actors/market/fast/price-ladder.js";
import { OrderEntry } from "../../actors/market/order-entry.js";
import type { Variant } from "./match-variants.js";

const BUY = Side.Buy;

/** Finds slots by id: a `Map`, or the engine's own table. */
interface Index {
  find(orderId: number): number;
  add(slot: number): void;
  remove(slot: number): void;
}

/** Finds the levels of a side: sorted in an array, or the engine's own ladder. */
interface Ladder {
  readonly best: number;
  demand(price: number): number;
  noteFilled(level: number): void;
  noteEmptied(level: number): void;
  close(level: number): void;
}

class MapIndex implements Index {
  private readonly slots = new Map<number, number>();
  private readonly orders: OrderStore;

  constructor(orders: OrderStore) {
    this.orders = orders;
  }

  find(orderId: number): number {
    return this.slots.get(orderId) ?? 0;
  }

  add(slot: number): void {
    this.slots.set(this.orders.orderId(slot), slot);
  }

  remove(slot: number): void {
    this.slots.delete(this.orders.orderId(slot));
  }
}

/** Levels in an array with the best at its end. */
class SortedLadder implements Ladder {
  private readonly levels: LevelStore;
  private readonly direction: number;
  private readonly sorted: number[] = [];

  constructor(levels: LevelStore, direction: number) {
    this.levels = levels;
    this.direction = direction;
  }

  get best(): number {
    return this.sorted[this.sorted.length - 1] ?? 0;
  }

  demand(price: number): number {
    const at = this.placeOf(price);
    const found = this.sorted[at];
    if (found !== undefined && this.levels.price(found) === price) return found;
    const level = this.levels.open(price, 0);
    if (at === this.sorted.length) this.sorted.push(level);
    else this.sorted.splice(at, 0, level);
    return level;
  }

  noteFilled(): void {}

  noteEmptied(level: number): void {
    if (this.best === level) this.sorted.pop();
    else this.sorted.splice(this.placeOf(this.levels.price(level)), 1);
  }

  close(level: number): void {
    this.levels.close(level);
  }

  private placeOf(price: number): number {
    const rank = price * this.direction;
    let low = 0;
    let high = this.sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.levels.price(this.sorted[middle]!) * this.direction > rank) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/**
 * Orders and levels as records in typed arrays; with the engine's index, and with its ladder, if
 * wanted.
 */
export class TypedBook implements Variant {
  traded = 0;
  private readonly orders = new OrderStore();
  private readonly levels = new LevelStore(this.orders);
  private readonly index: Index;
  private readonly bids: Ladder;
  private readonly asks: Ladder;
  private readonly entry = new OrderEntry();

  constructor(hasOwnIndex: boolean, hasOwnLadder: boolean) {
    const { orders, levels } = this;
    this.index = hasOwnIndex ? new OrderIndex(orders) : new MapIndex(orders);
    this.bids = hasOwnLadder
      ? new PriceLadder(levels, 1, -1, Infinity)
      : new SortedLadder(levels, -1);
    this.asks = hasOwnLadder
      ? new PriceLadder(levels, 2, 1, Infinity)
      : new SortedLadder(levels, 1);
  }

  enter(id: number, side: number, price: number, quantity: number, isImmediate: boolean): void {
    const left = this.match(side, price, quantity);
    if (left === 0 || isImmediate) return;
    const slot = this.orders.open(this.entry.reset(id, 1, side as Side, price, left, 1));
    this.index.add(slot);
    this.place(slot, price, left);
  }

  cancel(id: number): void {
    const slot = this.index.find(id);
    if (slot === 0) return;
    this.unlink(slot);
    this.drop(slot);
  }

  amend(id: number, price: number, change: number): void {
    const { orders } = this;
    const slot = this.index.find(id);
    if (slot === 0 || orders.leaves(slot) + change < 1) return;
    const leaves = orders.leaves(slot) + change;
    const limit = price === 0 ? orders.price(slot) : price;
    if (change <= 0 && limit === orders.price(slot)) {
      this.levels.addShown(orders.level(slot), change);
      orders.setLeaves(slot, leaves);
      return;
    }
    this.unlink(slot);
    const left = this.match(orders.side(slot), limit, leaves);
    if (left > 0) this.place(slot, limit, left);
    else this.drop(slot);
  }

  private match(side: number, limit: number, quantity: number): number {
    const { orders, levels } = this;
    const makers = side === BUY ? this.asks : this.bids;
    let left = quantity;
    while (left > 0) {
      const level = makers.best;
      if (level === 0) break;
      const price = levels.price(level);
      if (side === BUY ? price > limit : price < limit) break;
      const maker = levels.head(level);
      const leaves = orders.leaves(maker);
      const traded = left < leaves ? left : leaves;
      left -= traded;
      this.traded += traded;
      if (traded < leaves) {
        orders.setLeaves(maker, leaves - traded);
        levels.addShown(level, -traded);
      } else {
        this.unlink(maker);
        this.drop(maker);
      }
    }
    return left;
  }

  private place(slot: number, price: number, leaves: number): void {
    const { orders, levels } = this;
    const ladder = orders.side(slot) === BUY ? this.bids : this.asks;
    const level = ladder.demand(price);
    orders.setPrice(slot, price);
    orders.setLeaves(slot, leaves);
    if (levels.append(level, slot) === 1) ladder.noteFilled(level);
    levels.addShown(level, leaves);
  }

  private unlink(slot: number): void {
    const { orders, levels } = this;
    const level = orders.level(slot);
    levels.addShown(level, -orders.leaves(slot));
    if (levels.remove(level, slot) > 0) return;
    const ladder = orders.side(slot) === BUY ? this.bids : this.asks;
    ladder.noteEmptied(level);
    ladder.close(level);
  }

  private drop(slot: number): void {
    this.index.remove(slot);
    this.orders.close(slot);
  }
}
