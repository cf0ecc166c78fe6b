/**
 * A commutative hash of a state: the sum, over everything the state holds, of a hash of each thing. Adding and
 * removing one thing costs the same at any size, and the order of things does not matter, so a state that was
 * recovered from rows has the hash of the state that wrote them.
 */

const LOW_SEED = 0x243f6a88;
const HIGH_SEED = 0x13198a2e;
const INTEGERS_SEED = 0x9e3779b9;
const TWO_TO_32 = 0x1_0000_0000;

/** Mixes in one whole number, given by its lower and its upper bits. */
function mixPart(before: number, lower: number, upper: number): number {
  let hash = Math.imul(before ^ lower, 0x85ebca6b);
  hash = (hash << 13) | (hash >>> 19);
  hash = Math.imul(hash ^ upper, 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

function mixEnd(before: number): number {
  const hash = Math.imul(before ^ (before >>> 15), 0x2c1b3c6d);
  return hash ^ (hash >>> 13);
}

/** The hash of an ASCII string as one number, to be a part of a thing's parts. */
export function hashOfString(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return hash >>> 0;
}

/** A well-mixed 32-bit number from safe integers, e.g. to spread accounts over shards. */
export function hashOfIntegers(...values: number[]): number {
  let hash = INTEGERS_SEED;
  for (const value of values) hash = mixPart(hash, value | 0, Math.floor(value / TWO_TO_32) | 0);
  return mixEnd(hash) >>> 0;
}

/** The same of one, without an array of it. */
export function hashOfInteger(value: number): number {
  return mixEnd(mixPart(INTEGERS_SEED, value | 0, Math.floor(value / TWO_TO_32) | 0)) >>> 0;
}

export class StateHash {
  /** The sums so far, 32 bits each. */
  low = 0;
  high = 0;
  private lowPart = LOW_SEED;
  private highPart = HIGH_SEED;

  reset(): void {
    this.low = 0;
    this.high = 0;
  }

  add(...parts: number[]): void {
    for (let at = 0; at < parts.length; at++) this.part(parts[at]!);
    this.end();
  }

  remove(...parts: number[]): void {
    const { low, high } = this;
    this.reset();
    this.add(...parts);
    this.low = (low - this.low) | 0;
    this.high = (high - this.high) | 0;
  }

  /** Part by part, for who hashes too many things to make an array of each; `end` adds it. */
  part(value: number): void {
    const lower = value | 0;
    const upper = Math.floor(value / TWO_TO_32) | 0;
    this.lowPart = mixPart(this.lowPart, lower, upper);
    this.highPart = mixPart(this.highPart, lower, upper);
  }

  /** The parts since the last call were one thing. */
  end(): void {
    this.low = (this.low + mixEnd(this.lowPart)) | 0;
    this.high = (this.high + mixEnd(this.highPart)) | 0;
    this.lowPart = LOW_SEED;
    this.highPart = HIGH_SEED;
  }

  /** Adds things whose sums another has. */
  addSums(low: number, high: number): void {
    this.low = (this.low + low) | 0;
    this.high = (this.high + high) | 0;
  }

  /** 52 bits, so that it is a safe integer and fits a bigint column. */
  value(): number {
    return ((this.high >>> 0) % 0x10_0000) * 0x1_0000_0000 + (this.low >>> 0);
  }
}
