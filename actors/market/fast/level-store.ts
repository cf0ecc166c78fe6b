/**
 * The levels of a market, of all its ladders, as numbers (`layout.ts`): a price, what rests there, and the queue of its orders by
 * priority, linked through their slots. A level is a number from 1; 0 is none. Everything is constant in time, however long the queue.
 */
import { doubled, integersOf, LevelField, makeRecords, OrderField } from "./layout.js";
import type { OrderStore } from "./order-store.js";

const PRICE = LevelField.price;
const SHOWN = LevelField.shown;
const HIDDEN = LevelField.hidden;
const HEAD = LevelField.head;
const TAIL = LevelField.tail;
const COUNT = LevelField.count;
const LADDER = LevelField.ladder;
const IS_CHANGED = LevelField.isChanged;
const PREVIOUS = OrderField.previous;
const NEXT = OrderField.next;
const LEVEL = OrderField.level;

const INITIAL_LEVELS = 64;

export class LevelStore {
  /** The records, as doubles and as integers; others when there are more. */
  doubles = makeRecords(INITIAL_LEVELS);
  integers = integersOf(this.doubles);
  private readonly orders: OrderStore;
  private capacity = INITIAL_LEVELS;
  /** The first level that was never used. */
  private fresh = 1;
  /** The last level that was given back; each of these has the one before as its head. */
  private free = 0;

  constructor(orders: OrderStore) {
    this.orders = orders;
  }

  /** A level without orders. `ladder`: the number of the ladder that it is a level of. */
  open(price: number, ladder: number): number {
    const level = this.take();
    const { doubles, integers } = this;
    doubles[(level << 3) | PRICE] = price;
    doubles[(level << 3) | SHOWN] = 0;
    doubles[(level << 3) | HIDDEN] = 0;
    integers[(level << 4) | HEAD] = 0;
    integers[(level << 4) | TAIL] = 0;
    integers[(level << 4) | COUNT] = 0;
    integers[(level << 4) | LADDER] = ladder;
    integers[(level << 4) | IS_CHANGED] = 0;
    return level;
  }

  close(level: number): void {
    this.integers[(level << 4) | HEAD] = this.free;
    this.free = level;
  }

  price(level: number): number {
    return this.doubles[(level << 3) | PRICE]!;
  }

  shown(level: number): number {
    return this.doubles[(level << 3) | SHOWN]!;
  }

  addShown(level: number, quantity: number): void {
    this.doubles[(level << 3) | SHOWN]! += quantity;
  }

  hidden(level: number): number {
    return this.doubles[(level << 3) | HIDDEN]!;
  }

  addHidden(level: number, quantity: number): void {
    this.doubles[(level << 3) | HIDDEN]! += quantity;
  }

  /** The order that trades first. */
  head(level: number): number {
    return this.integers[(level << 4) | HEAD]!;
  }

  tail(level: number): number {
    return this.integers[(level << 4) | TAIL]!;
  }

  /** How many orders stand there. */
  count(level: number): number {
    return this.integers[(level << 4) | COUNT]!;
  }

  ladder(level: number): number {
    return this.integers[(level << 4) | LADDER]!;
  }

  /** Is it among the levels that the command under way has changed? */
  isChanged(level: number): boolean {
    return this.integers[(level << 4) | IS_CHANGED] !== 0;
  }

  setChanged(level: number, isChanged: boolean): void {
    this.integers[(level << 4) | IS_CHANGED] = isChanged ? 1 : 0;
  }

  /** Puts an order behind all others. Returns how many there are then; quantities are the caller's. */
  append(level: number, slot: number): number {
    const { integers } = this;
    const orders = this.orders.integers;
    const at = level << 4;
    const order = slot << 4;
    const tail = integers[at | TAIL]!;
    const count = integers[at | COUNT]! + 1;
    if (tail === 0) integers[at | HEAD] = slot;
    else orders[(tail << 4) | NEXT] = slot;
    integers[at | TAIL] = slot;
    integers[at | COUNT] = count;
    orders[order | PREVIOUS] = tail;
    orders[order | NEXT] = 0;
    orders[order | LEVEL] = level;
    return count;
  }

  /** Takes an order out of the queue. Returns how many are left. */
  remove(level: number, slot: number): number {
    const { integers } = this;
    const orders = this.orders.integers;
    const at = level << 4;
    const order = slot << 4;
    const previous = orders[order | PREVIOUS]!;
    const next = orders[order | NEXT]!;
    const count = integers[at | COUNT]! - 1;
    if (previous === 0) integers[at | HEAD] = next;
    else orders[(previous << 4) | NEXT] = next;
    if (next === 0) integers[at | TAIL] = previous;
    else orders[(next << 4) | PREVIOUS] = previous;
    integers[at | COUNT] = count;
    orders[order | LEVEL] = 0;
    return count;
  }

  get bytes(): number {
    return this.doubles.buffer.byteLength;
  }

  private take(): number {
    const { free } = this;
    if (free !== 0) {
      this.free = this.integers[(free << 4) | HEAD]!;
      return free;
    }
    if (this.fresh === this.capacity) this.grow();
    return this.fresh++;
  }

  private grow(): void {
    this.doubles = doubled(this.doubles);
    this.integers = integersOf(this.doubles);
    this.capacity *= 2;
  }
}
