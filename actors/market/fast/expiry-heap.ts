/**
 * The orders that are good till a date, by (expiry, priority). An order that ends or gets another
 * priority leaves its entry behind; as priorities are given once, what an entry says of its slot
 * tells whether it still holds. When half of the entries are such leftovers, they are dropped.
 */
import { assert } from "../../kernel/assert.js";
import type { OrderStore } from "./order-store.js";

const INITIAL_ENTRIES = 64;

export class ExpiryHeap {
  private readonly orders: OrderStore;
  private expiries = new Float64Array(INITIAL_ENTRIES);
  private priorities = new Float64Array(INITIAL_ENTRIES);
  private slots = new Int32Array(INITIAL_ENTRIES);
  private size = 0;
  /** How many entries hold. */
  private live = 0;

  constructor(orders: OrderStore) {
    this.orders = orders;
  }

  /** An order with an expiry has got its priority. */
  add(slot: number): void {
    if (this.size > INITIAL_ENTRIES && this.size > this.live * 2) this.compact();
    if (this.size === this.slots.length) this.grow();
    this.live += 1;
    const { orders } = this;
    this.rise(this.size++, orders.expires(slot), orders.priority(slot), slot);
  }

  /** An order with an expiry, that had a priority, has ended or loses its priority. */
  noteGone(): void {
    this.live -= 1;
  }

  /** The order that expires first; 0: there is none. */
  first(): number {
    while (this.size > 0 && !this.holds(0)) this.dropFirst();
    return this.size === 0 ? 0 : this.slots[0]!;
  }

  get bytes(): number {
    return this.expiries.byteLength + this.priorities.byteLength + this.slots.byteLength;
  }

  /** Compares with how many orders have an expiry. */
  checkInvariants(expiring: number): void {
    let holding = 0;
    for (let at = 0; at < this.size; at++) {
      holding += this.holds(at) ? 1 : 0;
      const parent = (at - 1) >>> 1;
      const isBelow = at === 0 || !this.isBefore(this.expiries[at]!, this.priorities[at]!, parent);
      assert(isBelow, "what expires first is in front");
    }
    assert(holding === this.live && holding === expiring, "%s orders that expire", this.live);
  }

  private holds(at: number): boolean {
    return this.orders.priority(this.slots[at]!) === this.priorities[at];
  }

  private dropFirst(): void {
    const last = --this.size;
    if (last > 0) this.sink(0, this.expiries[last]!, this.priorities[last]!, this.slots[last]!);
  }

  private rise(from: number, expiry: number, priority: number, slot: number): void {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (!this.isBefore(expiry, priority, parent)) break;
      this.move(parent, at);
      at = parent;
    }
    this.put(at, expiry, priority, slot);
  }

  private sink(from: number, expiry: number, priority: number, slot: number): void {
    let at = from;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= this.size) break;
      const other = child + 1;
      if (
        other < this.size &&
        this.isBefore(this.expiries[other]!, this.priorities[other]!, child)
      ) {
        child = other;
      }
      if (this.isBefore(expiry, priority, child)) break;
      this.move(child, at);
      at = child;
    }
    this.put(at, expiry, priority, slot);
  }

  private isBefore(expiry: number, priority: number, at: number): boolean {
    const other = this.expiries[at]!;
    return expiry < other || (expiry === other && priority < this.priorities[at]!);
  }

  private move(from: number, to: number): void {
    this.put(to, this.expiries[from]!, this.priorities[from]!, this.slots[from]!);
  }

  private put(at: number, expiry: number, priority: number, slot: number): void {
    this.expiries[at] = expiry;
    this.priorities[at] = priority;
    this.slots[at] = slot;
  }

  /** Keeps the entries that hold, and makes a heap of them. */
  private compact(): void {
    let kept = 0;
    for (let at = 0; at < this.size; at++) {
      if (this.holds(at)) this.move(at, kept++);
    }
    this.size = kept;
    for (let at = (kept >>> 1) - 1; at >= 0; at--) {
      this.sink(at, this.expiries[at]!, this.priorities[at]!, this.slots[at]!);
    }
  }

  private grow(): void {
    this.expiries = enlarged(this.expiries, new Float64Array(this.size * 2));
    this.priorities = enlarged(this.priorities, new Float64Array(this.size * 2));
    this.slots = enlarged(this.slots, new Int32Array(this.size * 2));
  }
}

function enlarged<T extends Float64Array | Int32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
