/**
 * Finds the slot of a key: a hash table with open addressing, of integers only. Keys stand where the slots are; who makes the
 * table says how one is hashed and whether it is that of a slot. A removed entry is filled up by those behind it that would
 * rather stand there, so that nothing is left that would make later searches longer.
 */
import { assert } from "../kernel/assert.js";

const INITIAL_PLACES = 64;

export class SlotTable<Key> {
  private readonly hashOf: (key: Key) => number;
  private readonly isAt: (slot: number, key: Key) => boolean;
  /** The hash and the slot + 1, in turn; 0 in place of that: no entry. */
  private entries = new Int32Array(INITIAL_PLACES * 2);
  private mask = INITIAL_PLACES - 1;
  private count = 0;

  constructor(hashOf: (key: Key) => number, isAt: (slot: number, key: Key) => boolean) {
    this.hashOf = hashOf;
    this.isAt = isAt;
  }

  get size(): number {
    return this.count;
  }

  /** −1: there is none. `hash`: the key's. */
  find(key: Key, hash = this.hashOf(key)): number {
    return this.entries[(this.placeOf(key, hash | 0) << 1) | 1]! - 1;
  }

  /** Enters a key that is not here. `hash`: the key's. */
  add(key: Key, slot: number, hash = this.hashOf(key)): void {
    // At most half full, so that searches stay short.
    if (this.count * 2 > this.mask) this.grow();
    const place = this.placeOf(key, hash | 0);
    assert(this.entries[(place << 1) | 1] === 0, "a key has one slot");
    this.entries[place << 1] = hash;
    this.entries[(place << 1) | 1] = slot + 1;
    this.count += 1;
  }

  /** Takes out the key of a slot, which has this hash. */
  remove(slot: number, hash: number): void {
    const { entries, mask } = this;
    let hole = hash & mask;
    while (entries[(hole << 1) | 1] !== slot + 1) {
      assert(entries[(hole << 1) | 1] !== 0, "a key that is taken out is here");
      hole = (hole + 1) & mask;
    }
    this.count -= 1;
    for (let at = (hole + 1) & mask; entries[(at << 1) | 1] !== 0; at = (at + 1) & mask) {
      const hash = entries[at << 1]!;
      if (((at - hash) & mask) < ((at - hole) & mask)) continue;
      entries[hole << 1] = hash;
      entries[(hole << 1) | 1] = entries[(at << 1) | 1]!;
      hole = at;
    }
    entries[(hole << 1) | 1] = 0;
  }

  /** Where the key is, or where it would be put. */
  private placeOf(key: Key, hash: number): number {
    const { entries, mask } = this;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const slot = entries[(at << 1) | 1]! - 1;
      if (slot < 0 || (entries[at << 1] === hash && this.isAt(slot, key))) return at;
    }
  }

  private grow(): void {
    const before = this.entries;
    this.entries = new Int32Array(before.length * 2);
    this.mask = this.mask * 2 + 1;
    for (let from = 0; from < before.length; from += 2) {
      if (before[from + 1] === 0) continue;
      let at = before[from]! & this.mask;
      while (this.entries[(at << 1) | 1] !== 0) at = (at + 1) & this.mask;
      this.entries[at << 1] = before[from]!;
      this.entries[(at << 1) | 1] = before[from + 1]!;
    }
  }
}
