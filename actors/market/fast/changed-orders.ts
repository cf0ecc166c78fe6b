/**
 * Which orders changed since rows were taken, and the hash of them all. Nothing is hashed before
 * somebody asks: an order that comes and goes in between costs nothing, and one that changes ten
 * times is hashed once. What an order added to the sum is kept, to be taken out again.
 */
import { assert } from "../../kernel/assert.js";
import { StateHash } from "../../kernel/hash.js";
import type { OrderRows } from "../engine.js";
import { hashOrder } from "../order-hash.js";
import { OrderFlag, Place } from "./layout.js";
import { OrderRecord } from "./order-record.js";
import type { OrderStore } from "./order-store.js";

const TOUCHED = OrderFlag.touched;
const TOUCHED_SHIFT = OrderFlag.touchedShift;
const STORED = OrderFlag.stored;
const STORED_ORDINARY = OrderFlag.storedOrdinary;
const HAS_NEW_TERMS = OrderFlag.hasNewTerms;
const HASHED = OrderFlag.hashed;
const INITIAL_SLOTS = 64;

export class ChangedOrders {
  private readonly orders: OrderStore;
  /** The slots that were touched, each once; some of them may have been given back since. */
  private touched = new Int32Array(INITIAL_SLOTS);
  private touchedCount = 0;
  /** Orders that have rows and are no more, and how they were stored. */
  private removed = new Float64Array(INITIAL_SLOTS);
  private removedOrdinary = new Uint8Array(INITIAL_SLOTS);
  private removedCount = 0;
  /** What each slot added to the sums, two lanes in turn. */
  private lanes = new Int32Array(2 * INITIAL_SLOTS);
  private low = 0;
  private high = 0;
  private readonly hash = new StateHash();
  private readonly record = new OrderRecord();

  constructor(orders: OrderStore) {
    this.orders = orders;
  }

  touch(slot: number): void {
    const wasTouched = this.orders.flags(slot) & TOUCHED;
    this.orders.setFlag(slot, TOUCHED);
    this.list(slot, wasTouched);
  }

  /**
   * An order that has the flag has changed. `wasTouched`: what the flag was before, without which
   * it is not listed yet.
   */
  list(slot: number, wasTouched: number): void {
    if (this.touchedCount === this.touched.length) {
      this.touched = copyInto(this.touched, new Int32Array(this.touchedCount * 2));
    }
    this.touched[this.touchedCount] = slot;
    this.touchedCount += (wasTouched >>> TOUCHED_SHIFT) ^ 1;
  }

  /** An order that has a row, or a part in the hash, is no more; its slot is still its own. */
  noteGone(slot: number): void {
    this.replaceLanes(slot, 0, 0);
    if (!this.orders.is(slot, STORED)) return;
    if (this.removedCount === this.removed.length) this.growRemoved();
    this.removed[this.removedCount] = this.orders.orderId(slot);
    this.removedOrdinary[this.removedCount] = this.orders.is(slot, STORED_ORDINARY) ? 1 : 0;
    this.removedCount += 1;
  }

  takeRows(rows: OrderRows): void {
    const { orders, record } = this;
    for (let at = 0; at < this.removedCount; at++) {
      rows.removed(this.removed[at]!, this.removedOrdinary[at] === 1);
    }
    this.removedCount = 0;
    for (let at = 0; at < this.touchedCount; at++) {
      const slot = this.touched[at]!;
      if (orders.isOpen(slot)) {
        this.rehash(slot);
        record.read(orders, slot);
        const isNew = !orders.is(slot, STORED);
        rows.changed(record, isNew, !isNew && orders.is(slot, HAS_NEW_TERMS));
        this.noteStored(slot);
      } else {
        orders.clearFlag(slot, TOUCHED);
      }
    }
    this.touchedCount = 0;
  }

  addTo(hash: StateHash): void {
    for (let at = 0; at < this.touchedCount; at++) {
      const slot = this.touched[at]!;
      if (this.orders.isOpen(slot)) this.rehash(slot);
    }
    hash.addSums(this.low, this.high);
  }

  /** All that was touched came from its rows. */
  markStored(): void {
    for (let at = 0; at < this.touchedCount; at++) {
      const slot = this.touched[at]!;
      this.rehash(slot);
      this.noteStored(slot);
    }
    this.touchedCount = 0;
  }

  get bytes(): number {
    return (
      this.touched.byteLength +
      this.removed.byteLength +
      this.removedOrdinary.byteLength +
      this.lanes.byteLength
    );
  }

  /** Compares with the hash of all open orders as it is defined. */
  checkInvariants(): void {
    const { orders } = this;
    const mine = new StateHash();
    this.addTo(mine);
    const defined = new StateHash();
    const isTouched = new Uint8Array(orders.slots);
    for (let at = 0; at < this.touchedCount; at++) {
      assert(isTouched[this.touched[at]!] === 0, "a slot is touched once");
      isTouched[this.touched[at]!] = 1;
    }
    for (let slot = 1; slot < orders.slots; slot++) {
      assert(orders.is(slot, TOUCHED) === (isTouched[slot] === 1), "what was touched is known");
      if (!orders.isOpen(slot)) continue;
      assert(orders.is(slot, STORED | TOUCHED), "an order without a row is touched");
      hashOrder(defined, new OrderRecord().read(orders, slot));
    }
    assert(mine.value() === defined.value(), "the hash is that of the orders");
  }

  /** In the words of `order-hash.ts`, without an object for each order. */
  private rehash(slot: number): void {
    const { orders, hash } = this;
    hash.reset();
    hash.part(orders.orderId(slot));
    hash.part(orders.account(slot));
    hash.part(orders.side(slot));
    hash.part(orders.price(slot));
    hash.part(orders.leaves(slot));
    hash.part(orders.place(slot) === Place.Book ? orders.shown(slot) : 0);
    hash.part(orders.priority(slot));
    hash.end();
    if (!orders.isOrdinary(slot)) this.addTerms(slot);
    this.replaceLanes(slot, hash.low, hash.high);
    orders.setFlag(slot, HASHED);
  }

  private addTerms(slot: number): void {
    const { orders, hash } = this;
    hash.part(orders.orderId(slot));
    hash.part(orders.owner(slot));
    hash.part(orders.type(slot));
    hash.part(orders.timeInForce(slot));
    hash.part(orders.stopPrice(slot));
    hash.end();
    hash.part(orders.orderId(slot));
    hash.part(orders.display(slot));
    hash.part(orders.expires(slot));
    hash.part(orders.pair(slot));
    hash.part(orders.selfTrade(slot));
    hash.part(orders.isPostOnly(slot) ? 1 : 0);
    hash.end();
    const trail = orders.trail(slot);
    if (trail === 0) return;
    hash.part(orders.orderId(slot));
    hash.part(trail);
    hash.end();
  }

  /** Its row is as it is now. */
  private noteStored(slot: number): void {
    const { orders } = this;
    orders.clearFlag(slot, TOUCHED | STORED_ORDINARY | HAS_NEW_TERMS);
    orders.setFlag(slot, orders.isOrdinary(slot) ? STORED | STORED_ORDINARY : STORED);
  }

  private growRemoved(): void {
    this.removed = copyInto(this.removed, new Float64Array(this.removedCount * 2));
    this.removedOrdinary = copyInto(this.removedOrdinary, new Uint8Array(this.removedCount * 2));
  }

  private replaceLanes(slot: number, low: number, high: number): void {
    const at = slot << 1;
    if (at >= this.lanes.length) {
      this.lanes = copyInto(this.lanes, new Int32Array(2 * this.orders.capacity));
    }
    const { lanes } = this;
    this.low = (this.low + low - lanes[at]!) | 0;
    this.high = (this.high + high - lanes[at + 1]!) | 0;
    lanes[at] = low;
    lanes[at + 1] = high;
  }
}

function copyInto<T extends Int32Array | Float64Array | Uint8Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
