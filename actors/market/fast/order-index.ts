/**
 * Finds the slot of an order id: a hash table with open addressing. An entry is two integers, the mixed id and the slot, so that a search
 * reads one cache line and then the order itself. A removed entry is filled up by those behind it: nothing is left that
 * would make later searches longer.
 */
import { assert, InvariantError } from "../../kernel/assert.js";
import { OrderField } from "./layout.js";
import type { OrderStore } from "./order-store.js";

const ORDER_ID = OrderField.orderId;
const INITIAL_BITS = 8;
const HASH_BITS = 32;
const GOLDEN_RATIO = 0x9e3779b1;
const TWO_TO_32 = 0x1_0000_0000;

export class OrderIndex {
  private readonly orders: OrderStore;
  /** The mixed id and the slot, in turn; slot 0: no entry. */
  private entries = new Int32Array(2 << INITIAL_BITS);
  private mask = (1 << INITIAL_BITS) - 1;
  /** An entry's home is what is left of its mixed id after that many bits are dropped. */
  private shift = HASH_BITS - INITIAL_BITS;
  private size = 0;

  constructor(orders: OrderStore) {
    this.orders = orders;
  }

  get count(): number {
    return this.size;
  }

  /** The slot of an order; 0: there is no such order. */
  find(orderId: number): number {
    const place = this.placeOf(orderId);
    return place < 0 ? 0 : this.entries[(place << 1) | 1]!;
  }

  /** Where an order stands in the table; −1: there is no such order. */
  placeOf(orderId: number): number {
    const { entries, mask } = this;
    const { doubles } = this.orders;
    const mixed = mix(orderId);
    let at = mixed >>> this.shift;
    for (;;) {
      const slot = entries[(at << 1) | 1]!;
      if (slot === 0) return -1;
      if (entries[at << 1] === mixed && doubles[(slot << 3) | ORDER_ID] === orderId) return at;
      at = (at + 1) & mask;
    }
  }

  /** The slot of the order that stands there. */
  slotAt(place: number): number {
    return this.entries[(place << 1) | 1]!;
  }

  /** Enters an order whose id no other has. */
  add(slot: number): void {
    // Half of the table stays free, so that searches are short.
    if (this.size << 1 > this.mask) this.grow();
    this.size += 1;
    const { entries, mask } = this;
    const mixed = mix(this.orders.doubles[(slot << 3) | ORDER_ID]!);
    let at = mixed >>> this.shift;
    for (;;) {
      const other = entries[(at << 1) | 1]!;
      if (other === 0) break;
      if (entries[at << 1] === mixed) this.checkOther(slot, other);
      at = (at + 1) & mask;
    }
    entries[at << 1] = mixed;
    entries[(at << 1) | 1] = slot;
  }

  /** Takes out an order that is in here. */
  remove(slot: number): void {
    const { entries, mask } = this;
    let at = mix(this.orders.doubles[(slot << 3) | ORDER_ID]!) >>> this.shift;
    while (entries[(at << 1) | 1] !== slot) {
      if (entries[(at << 1) | 1] === 0) failAsUnknown(slot);
      at = (at + 1) & mask;
    }
    this.removeAt(at);
  }

  /** Takes out the order that stands there. */
  removeAt(place: number): void {
    const { entries, mask, shift } = this;
    this.size -= 1;
    let hole = place;
    // Whatever behind it would like to stand nearer to its home moves up.
    for (let at = (hole + 1) & mask; ; at = (at + 1) & mask) {
      const follower = entries[(at << 1) | 1]!;
      if (follower === 0) break;
      const mixed = entries[at << 1]!;
      if (((at - (mixed >>> shift)) & mask) < ((at - hole) & mask)) continue;
      entries[hole << 1] = mixed;
      entries[(hole << 1) | 1] = follower;
      hole = at;
    }
    entries[(hole << 1) | 1] = 0;
  }

  get bytes(): number {
    return this.entries.byteLength;
  }

  checkInvariants(): void {
    let count = 0;
    for (let at = 0; at <= this.mask; at++) {
      const slot = this.entries[(at << 1) | 1]!;
      if (slot === 0) continue;
      count += 1;
      assert(this.find(this.orders.orderId(slot)) === slot, `slot ${slot} is found by its id`);
    }
    assert(count === this.size, `${this.size} entries in the index`);
  }

  private checkOther(slot: number, other: number): void {
    const orderId = this.orders.orderId(slot);
    assert(this.orders.orderId(other) !== orderId, `order ${orderId} is open already`);
  }

  private grow(): void {
    const before = this.entries;
    this.mask = (this.mask << 1) | 1;
    this.shift -= 1;
    this.entries = new Int32Array(before.length * 2);
    const { entries, mask } = this;
    for (let from = 0; from < before.length; from += 2) {
      if (before[from + 1] === 0) continue;
      const mixed = before[from]!;
      let at = mixed >>> this.shift;
      while (entries[(at << 1) | 1] !== 0) at = (at + 1) & mask;
      entries[at << 1] = mixed;
      entries[(at << 1) | 1] = before[from + 1]!;
    }
  }
}

/** Spreads ids, of which many differ in a few bits only: the upper bits of what comes out are the good ones. */
function mix(orderId: number): number {
  const high = Math.floor(orderId / TWO_TO_32);
  const low = orderId | 0;
  return Math.imul(low ^ (low >>> 15) ^ Math.imul(high, 0x85ebca6b), GOLDEN_RATIO);
}

function failAsUnknown(slot: number): never {
  throw new InvariantError(`slot ${slot} is not in the index`);
}
