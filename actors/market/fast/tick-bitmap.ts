/**
 * A set of positions in a ring of `size` (a power of two), as bits in three layers: each bit of a
 * layer says whether a word of the one below has any. The next member is found in a few steps,
 * however far it is.
 */
import { assert } from "../../kernel/assert.js";

const WORD_SHIFT = 5;
const WORD_BITS = 32;
const LAST_BIT = 31;
/** So that the third layer is two words at most. */
const SIZE_MAX = 1 << 16;

export class TickBitmap {
  private readonly words: Int32Array;
  private readonly groups: Int32Array;
  private readonly tops: Int32Array;

  constructor(size: number) {
    assert(size >= WORD_BITS && size <= SIZE_MAX && (size & (size - 1)) === 0, "a size of a ring");
    this.words = new Int32Array(size >>> WORD_SHIFT);
    this.groups = new Int32Array(Math.ceil(this.words.length / WORD_BITS));
    this.tops = new Int32Array(Math.ceil(this.groups.length / WORD_BITS));
  }

  add(position: number): void {
    const word = position >>> WORD_SHIFT;
    const group = word >>> WORD_SHIFT;
    this.words[word]! |= 1 << position;
    this.groups[group]! |= 1 << word;
    this.tops[group >>> WORD_SHIFT]! |= 1 << group;
  }

  delete(position: number): void {
    const word = position >>> WORD_SHIFT;
    const left = this.words[word]! & ~(1 << position);
    this.words[word] = left;
    if (left !== 0) return;
    const group = word >>> WORD_SHIFT;
    const groupLeft = this.groups[group]! & ~(1 << word);
    this.groups[group] = groupLeft;
    if (groupLeft === 0) this.tops[group >>> WORD_SHIFT]! &= ~(1 << group);
  }

  has(position: number): boolean {
    return (this.words[position >>> WORD_SHIFT]! & (1 << position)) !== 0;
  }

  /** The first member from a position on, around the ring; −1 when the set is empty. */
  firstFrom(position: number): number {
    const word = position >>> WORD_SHIFT;
    const rest = this.words[word]! & (-1 << position);
    if (rest !== 0) return (word << WORD_SHIFT) | lowestBit(rest);
    const found = this.firstInWordsFrom(word + 1);
    return found < 0 && position > 0 ? this.firstInWordsFrom(0) : found;
  }

  get bytes(): number {
    return this.words.byteLength + this.groups.byteLength + this.tops.byteLength;
  }

  /** The first member from a word on, without going around. */
  private firstInWordsFrom(word: number): number {
    if (word >= this.words.length) return -1;
    let group = word >>> WORD_SHIFT;
    let rest = this.groups[group]! & (-1 << word);
    if (rest === 0) {
      group = this.nextGroup(group + 1);
      if (group < 0) return -1;
      rest = this.groups[group]!;
    }
    const found = (group << WORD_SHIFT) | lowestBit(rest);
    return (found << WORD_SHIFT) | lowestBit(this.words[found]!);
  }

  private nextGroup(from: number): number {
    if (from >= this.groups.length) return -1;
    let top = from >>> WORD_SHIFT;
    let rest = this.tops[top]! & (-1 << from);
    while (rest === 0) {
      top += 1;
      if (top >= this.tops.length) return -1;
      rest = this.tops[top]!;
    }
    return (top << WORD_SHIFT) | lowestBit(rest);
  }
}

/** The place of the lowest bit that is set; there is one. */
function lowestBit(bits: number): number {
  return LAST_BIT - Math.clz32(bits & -bits);
}
