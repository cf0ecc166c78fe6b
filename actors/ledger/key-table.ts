/**
 * Clients' keys, each of one account, numbered as they come: one table for all accounts of a shard. A key is some bytes in
 * a few large arrays, so that a million of them cost little memory and the garbage collector nothing.
 */
import { assert } from "../kernel/assert.js";

const INITIAL_KEYS = 256;
const INITIAL_TEXT_BYTES = 8_192;
/** The table grows when more than half of it is used, so that searches stay short. */
const SLOTS_PER_KEY = 2;

export class KeyTable {
  private count = 0;
  /** The key's number + 1 at the place that its hash leads to, or the next free one after it. */
  private slots = new Int32Array(INITIAL_KEYS * SLOTS_PER_KEY);
  private accounts = new Float64Array(INITIAL_KEYS);
  private hashes = new Int32Array(INITIAL_KEYS);
  /** Where the key's text ends in `text`; it begins where the one before ends. */
  private ends = new Float64Array(INITIAL_KEYS);
  private text = new Uint8Array(INITIAL_TEXT_BYTES);
  private textBytes = 0;

  get size(): number {
    return this.count;
  }

  /** The key's number, or −1. */
  find(account: number, key: string): number {
    return this.slots[this.slotOf(account, key, hashOfKey(account, key))]! - 1;
  }

  /** Gives the key the next number, and returns it; −1: it has one already. */
  add(account: number, key: string): number {
    if (this.count === this.accounts.length) this.grow();
    const hash = hashOfKey(account, key);
    const slot = this.slotOf(account, key, hash);
    if (this.slots[slot] !== 0) return -1;
    const number = this.count;
    this.writeText(key);
    this.accounts[number] = account;
    this.hashes[number] = hash;
    this.ends[number] = this.textBytes;
    this.count += 1;
    this.slots[slot] = this.count;
    return number;
  }

  accountAt(number: number): number {
    return this.accounts[number]!;
  }

  /** Where the key is, or where it would be put. */
  private slotOf(account: number, key: string, hash: number): number {
    const { slots, hashes } = this;
    const mask = slots.length - 1;
    let slot = hash & mask;
    for (;;) {
      const number = slots[slot]! - 1;
      if (number < 0) return slot;
      if (hashes[number] === hash && this.isAt(number, account, key)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  private isAt(number: number, account: number, key: string): boolean {
    const begin = this.beginOf(number);
    if (this.accounts[number] !== account || this.ends[number]! - begin !== key.length)
      return false;
    for (let at = 0; at < key.length; at++) {
      if (this.text[begin + at] !== key.charCodeAt(at)) return false;
    }
    return true;
  }

  private beginOf(number: number): number {
    return number === 0 ? 0 : this.ends[number - 1]!;
  }

  private writeText(key: string): void {
    const needed = this.textBytes + key.length;
    if (needed > this.text.length) {
      this.text = enlarged(this.text, new Uint8Array(Math.max(needed, this.text.length * 2)));
    }
    for (let at = 0; at < key.length; at++) {
      const code = key.charCodeAt(at);
      assert(code < 0x80, "a key is ASCII");
      this.text[this.textBytes++] = code;
    }
  }

  private grow(): void {
    const length = this.accounts.length * 2;
    this.accounts = enlarged(this.accounts, new Float64Array(length));
    this.ends = enlarged(this.ends, new Float64Array(length));
    this.hashes = enlarged(this.hashes, new Int32Array(length));
    this.slots = new Int32Array(length * SLOTS_PER_KEY);
    const mask = this.slots.length - 1;
    for (let number = 0; number < this.count; number++) {
      let slot = this.hashes[number]! & mask;
      while (this.slots[slot] !== 0) slot = (slot + 1) & mask;
      this.slots[slot] = number + 1;
    }
  }
}

function enlarged<Column extends Float64Array | Int32Array | Uint8Array>(
  from: Column,
  to: Column,
): Column {
  to.set(from);
  return to;
}

/** FNV-1a over the key's characters, begun with the account's number, and mixed so that its low bits tell accounts apart. */
export function hashOfKey(account: number, key: string): number {
  let hash = Math.imul(account | 0, 0x9e3779b1) ^ Math.floor(account / 0x1_0000_0000);
  for (let at = 0; at < key.length; at++) {
    hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return hash ^ (hash >>> 13);
}
