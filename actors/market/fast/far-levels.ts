/**
 * Levels by rank, far from the market: sorted, in blocks of bounded length, so that one more or
 * less moves a block's part and not everything. Finding takes two binary searches.
 */
import { assert } from "../../kernel/assert.js";

const BLOCK_LENGTH = 128;
const HALF = BLOCK_LENGTH / 2;

class Block {
  readonly ranks = new Float64Array(BLOCK_LENGTH);
  readonly levels = new Int32Array(BLOCK_LENGTH);
  length = 0;
}

export class FarLevels {
  /** In order, none of them empty. */
  private readonly blocks: Block[] = [];
  private size = 0;

  get count(): number {
    return this.size;
  }

  /** The level of the lowest rank; 0: there is none. */
  first(): number {
    return this.size === 0 ? 0 : this.blocks[0]!.levels[0]!;
  }

  find(rank: number): number {
    if (this.size === 0) return 0;
    const block = this.blocks[this.blockFor(rank)]!;
    const at = placeIn(block, rank);
    return at < block.length && block.ranks[at] === rank ? block.levels[at]! : 0;
  }

  /** The level of the lowest rank above one; 0: there is none. */
  after(rank: number): number {
    if (this.size === 0) return 0;
    const number = this.blockFor(rank);
    const block = this.blocks[number]!;
    let at = placeIn(block, rank);
    if (at < block.length && block.ranks[at] === rank) at += 1;
    if (at < block.length) return block.levels[at]!;
    return this.blocks[number + 1]?.levels[0] ?? 0;
  }

  insert(rank: number, level: number): void {
    if (this.size === 0) this.blocks.push(new Block());
    let number = this.blockFor(rank);
    let block = this.blocks[number]!;
    if (block.length === BLOCK_LENGTH) {
      this.split(number);
      number = this.blockFor(rank);
      block = this.blocks[number]!;
    }
    const at = placeIn(block, rank);
    assert(at === block.length || block.ranks[at] !== rank, "a rank has one level");
    block.ranks.copyWithin(at + 1, at, block.length);
    block.levels.copyWithin(at + 1, at, block.length);
    block.ranks[at] = rank;
    block.levels[at] = level;
    block.length += 1;
    this.size += 1;
  }

  remove(rank: number): void {
    const number = this.blockFor(rank);
    const block = this.blocks[number];
    const at = block ? placeIn(block, rank) : 0;
    assert(block !== undefined && block.ranks[at] === rank, "a level is where it was put");
    block.ranks.copyWithin(at, at + 1, block.length);
    block.levels.copyWithin(at, at + 1, block.length);
    block.length -= 1;
    this.size -= 1;
    if (block.length === 0) this.blocks.splice(number, 1);
  }

  clear(): void {
    this.blocks.length = 0;
    this.size = 0;
  }

  get bytes(): number {
    return this.blocks.length * BLOCK_LENGTH * (8 + 4);
  }

  checkInvariants(): void {
    let before = -Infinity;
    let count = 0;
    for (const block of this.blocks) {
      assert(block.length > 0, "no block is empty");
      for (let at = 0; at < block.length; at++) {
        assert(block.ranks[at]! > before, "far levels rise");
        before = block.ranks[at]!;
      }
      count += block.length;
    }
    assert(count === this.size, "%s far levels", this.size);
  }

  /** The block in which a rank stands or belongs: the last that begins at or below it. */
  private blockFor(rank: number): number {
    const { blocks } = this;
    let low = 0;
    let high = blocks.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (blocks[middle]!.ranks[0]! <= rank) low = middle;
      else high = middle;
    }
    return low;
  }

  private split(number: number): void {
    const block = this.blocks[number]!;
    const upper = new Block();
    upper.ranks.set(block.ranks.subarray(HALF));
    upper.levels.set(block.levels.subarray(HALF));
    upper.length = BLOCK_LENGTH - HALF;
    block.length = HALF;
    this.blocks.splice(number + 1, 0, upper);
  }
}

/** Where a rank stands, or belongs, in a block. */
function placeIn(block: Block, rank: number): number {
  let low = 0;
  let high = block.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (block.ranks[middle]! < rank) low = middle + 1;
    else high = middle;
  }
  return low;
}
