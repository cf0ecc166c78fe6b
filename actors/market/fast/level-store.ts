/**
 * The levels of a market, of all its ladders: a price, what rests there, and the queue of its
 * orders by priority. They are records among those of the orders (`layout.ts`), and a level is the
 * number of its record; 0 is none. Everything is constant in time, however long the queue.
 */
import { LevelField, OrderField } from "./layout.js";
import type { OrderStore } from "./order-store.js";

const PRICE = LevelField.price;
const SHOWN = LevelField.shown;
const HIDDEN = LevelField.hidden;
const RANK = LevelField.rank;
const PREVIOUS = LevelField.previous;
const NEXT = LevelField.next;
const LADDER = LevelField.ladder;
const COUNT = LevelField.count;
const IS_CHANGED = LevelField.isChanged;
const LEVEL = OrderField.level;

export class LevelStore {
  private readonly records: OrderStore;

  constructor(records: OrderStore) {
    this.records = records;
  }

  /** A level without orders. `ladder`: the number of the ladder that it is a level of. */
  open(price: number, ladder: number): number {
    const level = this.records.take();
    const { doubles, integers } = this.records;
    doubles[(level << 3) | PRICE] = price;
    doubles[(level << 3) | SHOWN] = 0;
    doubles[(level << 3) | HIDDEN] = 0;
    integers[(level << 4) | PREVIOUS] = level;
    integers[(level << 4) | NEXT] = level;
    integers[(level << 4) | LADDER] = ladder;
    integers[(level << 4) | COUNT] = 0;
    integers[(level << 4) | IS_CHANGED] = 0;
    return level;
  }

  close(level: number): void {
    this.records.release(level);
  }

  price(level: number): number {
    return this.records.doubles[(level << 3) | PRICE]!;
  }

  rank(level: number): number {
    return this.records.doubles[(level << 3) | RANK]!;
  }

  setRank(level: number, rank: number): void {
    this.records.doubles[(level << 3) | RANK] = rank;
  }

  shown(level: number): number {
    return this.records.doubles[(level << 3) | SHOWN]!;
  }

  addShown(level: number, quantity: number): void {
    this.records.doubles[(level << 3) | SHOWN]! += quantity;
  }

  hidden(level: number): number {
    return this.records.doubles[(level << 3) | HIDDEN]!;
  }

  addHidden(level: number, quantity: number): void {
    this.records.doubles[(level << 3) | HIDDEN]! += quantity;
  }

  /** The order that trades first; the level itself when there is none. */
  head(level: number): number {
    return this.records.integers[(level << 4) | NEXT]!;
  }

  count(level: number): number {
    return this.records.integers[(level << 4) | COUNT]!;
  }

  ladder(level: number): number {
    return this.records.integers[(level << 4) | LADDER]!;
  }

  isChanged(level: number): boolean {
    return this.records.integers[(level << 4) | IS_CHANGED] !== 0;
  }

  setChanged(level: number, isChanged: boolean): void {
    this.records.integers[(level << 4) | IS_CHANGED] = isChanged ? 1 : 0;
  }

  /**
   * Puts an order behind all others. Returns how many there are then; quantities are the caller's.
   */
  append(level: number, slot: number): number {
    const { integers } = this.records;
    const last = integers[(level << 4) | PREVIOUS]!;
    integers[(last << 4) | NEXT] = slot;
    integers[(level << 4) | PREVIOUS] = slot;
    integers[(slot << 4) | PREVIOUS] = last;
    integers[(slot << 4) | NEXT] = level;
    integers[(slot << 4) | LEVEL] = level;
    const count = integers[(level << 4) | COUNT]! + 1;
    integers[(level << 4) | COUNT] = count;
    return count;
  }

  /** Takes an order out of the queue. Returns how many are left. */
  remove(level: number, slot: number): number {
    const { integers } = this.records;
    const previous = integers[(slot << 4) | PREVIOUS]!;
    const next = integers[(slot << 4) | NEXT]!;
    integers[(previous << 4) | NEXT] = next;
    integers[(next << 4) | PREVIOUS] = previous;
    integers[(slot << 4) | LEVEL] = 0;
    const count = integers[(level << 4) | COUNT]! - 1;
    integers[(level << 4) | COUNT] = count;
    return count;
  }
}
