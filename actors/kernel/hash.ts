/**
 * A commutative hash of a state: the sum, over everything the state holds, of a hash of each thing. Adding and
 * removing one thing costs the same at any size, and the order of things does not matter, so a state that was
 * recovered from rows has the hash of the state that wrote them.
 */

/** Mixes whole numbers (any safe integers) into 32 bits. The two lanes of `StateHash` use two seeds. */
function mix(seed: number, parts: readonly number[]): number {
  let hash = seed;
  for (const part of parts) {
    hash = Math.imul(hash ^ (part >>> 0), 0x85ebca6b);
    hash = (hash << 13) | (hash >>> 19);
    hash = Math.imul(hash ^ (Math.floor(part / 0x1_0000_0000) >>> 0), 0xc2b2ae35);
    hash ^= hash >>> 16;
  }
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
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
  return mix(0x9e3779b9, values);
}

export class StateHash {
  private low = 0;
  private high = 0;

  add(...parts: number[]): void {
    this.low = (this.low + mix(0x243f6a88, parts)) >>> 0;
    this.high = (this.high + mix(0x13198a2e, parts)) >>> 0;
  }

  remove(...parts: number[]): void {
    this.low = (this.low - mix(0x243f6a88, parts)) >>> 0;
    this.high = (this.high - mix(0x13198a2e, parts)) >>> 0;
  }

  /** 52 bits, so that it is a safe integer and fits a bigint column. */
  value(): number {
    return (this.high % 0x10_0000) * 0x1_0000_0000 + this.low;
  }
}
