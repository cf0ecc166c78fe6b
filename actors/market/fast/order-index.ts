/**
 * Finds the slot of an order id: a hash table with open addressing. An entry is two integers, a
 * mark made of the id and the slot, so that a search reads one cache line and then the order
 * itself.
 *
 * Ids are given in sequence by each ledger shard (`n × 1024 + shard`), and most orders that are
 * asked for are young. So eight that follow each other share a block of eight entries, a cache
 * line, each with a *home* in it; only blocks are scattered. A removed entry is filled up by those
 * behind it that would rather stand there: nothing is left that would make later searches longer.
 */
import { assert, InvariantError } from "../../kernel/assert.js";
import { OrderField } from "./layout.js";
import type { OrderStore } from "./order-store.js";

const ORDER_ID = OrderField.orderId;
const INITIAL_BITS = 8;
const HASH_BITS = 32;
/** Of an id: the lowest bits of its `n`, which say its place in the block. */
const N_SHIFT = 10;
const BLOCK_MASK = 7;
const CHUNK_MASK = ~(BLOCK_MASK << N_SHIFT);
const GOLDEN_RATIO = 0x9e3779b1;
const OTHER_FACTOR = 0x85ebca6b;
const TWO_TO_32 = 0x1_0000_0000;
/** The table grows when more than three eighths are used, so that searches stay short. */
const USED_EIGHTHS_MAX = 3;
/** Where a cache line begins in a large buffer (see `layout.ts`). */
const LINE_OFFSET_BYTES = 48;
const ENTRY_BYTES = 8;

export class OrderIndex {
  private readonly orders: OrderStore;
  /** The mark and the slot, in turn; slot 0: no entry. */
  private entries = makeEntries(1 << INITIAL_BITS);
  private mask = (1 << INITIAL_BITS) - 1;
  /** How many bits of a mark do not choose the block. */
  private shift = HASH_BITS - INITIAL_BITS;
  private size = 0;
  /** When more are entered, the table grows. */
  private sizeMax = sizeMaxOf(1 << INITIAL_BITS);

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
    const mark = markOf(orderId);
    let at = ((mark >>> this.shift) & ~BLOCK_MASK) | (mark & BLOCK_MASK);
    for (;;) {
      const slot = entries[(at << 1) | 1]!;
      if (slot === 0) return -1;
      if (entries[at << 1] === mark && doubles[(slot << 3) | ORDER_ID] === orderId) return at;
      at = (at + 1) & mask;
    }
  }

  /** The slot of the order that stands there. */
  slotAt(place: number): number {
    return this.entries[(place << 1) | 1]!;
  }

  /** Enters an order whose id no other has. */
  add(slot: number): void {
    if (this.size >= this.sizeMax) this.grow();
    this.size += 1;
    const { entries, mask } = this;
    const orderId = this.orders.doubles[(slot << 3) | ORDER_ID]!;
    const mark = markOf(orderId);
    let at = ((mark >>> this.shift) & ~BLOCK_MASK) | (mark & BLOCK_MASK);
    for (;;) {
      const other = entries[(at << 1) | 1]!;
      if (other === 0) break;
      if (entries[at << 1] === mark) this.checkOther(orderId, other);
      at = (at + 1) & mask;
    }
    entries[at << 1] = mark;
    entries[(at << 1) | 1] = slot;
  }

  /** Takes out an order that is in here. */
  remove(slot: number): void {
    const place = this.placeOf(this.orders.doubles[(slot << 3) | ORDER_ID]!);
    assert(place >= 0, "an order that is taken out of the index is in it");
    this.removeAt(place);
  }

  /** Takes out the order that stands there. */
  removeAt(place: number): void {
    const { entries, mask, shift } = this;
    this.size -= 1;
    let hole = place;
    for (let at = (hole + 1) & mask; ; at = (at + 1) & mask) {
      const follower = entries[(at << 1) | 1]!;
      if (follower === 0) break;
      const mark = entries[at << 1]!;
      const home = ((mark >>> shift) & ~BLOCK_MASK) | (mark & BLOCK_MASK);
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      entries[hole << 1] = mark;
      entries[(hole << 1) | 1] = follower;
      hole = at;
    }
    entries[(hole << 1) | 1] = 0;
  }

  get bytes(): number {
    return this.entries.buffer.byteLength;
  }

  checkInvariants(): void {
    let count = 0;
    for (let at = 0; at <= this.mask; at++) {
      const slot = this.entries[(at << 1) | 1]!;
      if (slot === 0) continue;
      count += 1;
      assert(this.find(this.orders.orderId(slot)) === slot, "slot %s is found by its id", slot);
    }
    assert(count === this.size, "%s entries in the index", this.size);
  }

  private checkOther(orderId: number, other: number): void {
    if (this.orders.orderId(other) === orderId) failAsOpen(orderId);
  }

  private grow(): void {
    const before = this.entries;
    this.mask = (this.mask << 1) | 1;
    this.shift -= 1;
    this.sizeMax = sizeMaxOf(this.mask + 1);
    this.entries = makeEntries(this.mask + 1);
    const { entries, mask } = this;
    for (let from = 0; from < before.length; from += 2) {
      if (before[from + 1] === 0) continue;
      const mark = before[from]!;
      let at = ((mark >>> this.shift) & ~BLOCK_MASK) | (mark & BLOCK_MASK);
      while (entries[(at << 1) | 1] !== 0) at = (at + 1) & mask;
      entries[at << 1] = mark;
      entries[(at << 1) | 1] = before[from + 1]!;
    }
  }
}

/**
 * The upper bits scatter the blocks; the lowest three say the place in the block, others for other
 * shards.
 */
function markOf(orderId: number): number {
  const high = Math.floor(orderId / TWO_TO_32);
  const low = orderId | 0;
  const chunk = low & CHUNK_MASK;
  const mixed = Math.imul(chunk ^ (chunk >>> 15) ^ Math.imul(high, OTHER_FACTOR), GOLDEN_RATIO);
  return (mixed & ~BLOCK_MASK) | (((low >>> N_SHIFT) ^ low) & BLOCK_MASK);
}

/** Three eighths of it, so that searches stay short. */
function sizeMaxOf(entries: number): number {
  return (entries >>> 3) * USED_EIGHTHS_MAX;
}

function makeEntries(count: number): Int32Array {
  return new Int32Array(
    new ArrayBuffer(LINE_OFFSET_BYTES + count * ENTRY_BYTES),
    LINE_OFFSET_BYTES,
  );
}

/** Apart, so that no message is made up for orders that nothing is wrong with. */
export function failAsOpen(orderId: number): never {
  throw new InvariantError(`order ${orderId} is open already`);
}
