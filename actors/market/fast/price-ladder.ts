/**
 * The levels of one side, best first. A level's *rank* says how good it is: its price in steps,
 * negative where a higher price is better, so that the best has the lowest.
 *
 * Near the market there is a window of ranks: a table says which level a rank has, a bitmap which
 * ranks have one. What lies before the window or behind it stands sorted in `FarLevels`. The window
 * is a ring, so only what leaves or enters is moved when it moves, and it moves only for many
 * levels, or when it has run empty: a price that runs away finds no cliff before it, and one that
 * comes and goes moves nothing.
 */
import { assert } from "../../kernel/assert.js";
import { Code } from "../../kernel/codes.js";
import { UNITS_MAX } from "../../kernel/limits.js";
import { FarLevels } from "./far-levels.js";
import type { LevelStore } from "./level-store.js";
import { TickBitmap } from "./tick-bitmap.js";

/** What the orders of a side may leave open together. */
const LEAVES_MAX = UNITS_MAX;
const WINDOW_RANKS_MIN = 1 << 10;
const WINDOW_RANKS_MAX = 1 << 16;
const GROWTH_SHIFT = 2;
/**
 * The window grows when more levels than that have no place in it, and moves when so many stand
 * before it.
 */
const FAR_LEVELS_BEFORE_GROWTH = 32;
const LEVELS_BEFORE_WINDOW_MAX = 32;
/** The part of the window that is left free before what it was moved for: a sixteenth. */
const MARGIN_SHIFT = 4;

export class PriceLadder {
  /**
   * How many orders stand on its levels, and what they leave open: kept by whoever puts them there.
   */
  orders = 0;
  leaves = 0;
  private readonly levels: LevelStore;
  /** What its levels bear, to know whose they are. */
  private readonly number: number;
  /** 1 where a lower price is better, −1 where a higher one is. */
  private readonly direction: number;
  private readonly levelsMax: number;
  private readonly far = new FarLevels();
  /** All its prices are multiples of it. */
  private step = 1;
  /** The lowest rank that the window holds. */
  private base = 0;
  /** The ranks that the window holds, less one: all bits below its size. */
  private mask = WINDOW_RANKS_MIN - 1;
  private table = new Int32Array(WINDOW_RANKS_MIN);
  private marks = new TickBitmap(WINDOW_RANKS_MIN);
  private inWindow = 0;
  /** Of the far levels, those before the window. */
  private before = 0;
  private bestLevel = 0;
  private bestRank = Infinity;
  private filled = 0;

  constructor(levels: LevelStore, number: number, direction: 1 | -1, levelsMax: number) {
    this.levels = levels;
    this.number = number;
    this.direction = direction;
    this.levelsMax = levelsMax;
  }

  /** The best level that has orders; 0: there is none. */
  get best(): number {
    return this.bestLevel;
  }

  /** How many levels have orders. */
  get count(): number {
    return this.filled;
  }

  /** Is there room for so much more at this price (2.5)? */
  roomFor(quantity: number, price: number): Code {
    if (this.leaves + quantity > LEAVES_MAX) return Code.BOOK_FULL;
    if (this.filled < this.levelsMax) return Code.OK;
    const level = this.find(price);
    return level !== 0 && this.levels.count(level) > 0 ? Code.OK : Code.LEVELS_FULL;
  }

  /** Is there room for so much more at whatever price? */
  hasRoomFor(quantity: number): boolean {
    return this.filled < this.levelsMax && this.leaves + quantity <= LEAVES_MAX;
  }

  /** Is the first price better than the second? */
  isBetter(price: number, other: number): boolean {
    return this.direction === 1 ? price < other : price > other;
  }

  /** Is there an order at this price or a better one? */
  isReached(price: number): boolean {
    return this.rankOf(price) >= this.bestRank;
  }

  /** The level of a price; 0: there is none. */
  find(price: number): number {
    const rank = this.rankOf(price);
    if (Math.floor(rank) !== rank) return 0;
    const offset = rank - this.base;
    if (offset >= 0 && offset <= this.mask) return this.table[rank & this.mask]!;
    return this.far.find(rank);
  }

  /** The level of a price, a new one where there is none. */
  demand(price: number): number {
    const rank = this.rankOf(price);
    const offset = rank - this.base;
    if (offset >= 0 && offset <= this.mask && Math.floor(rank) === rank) {
      const level = this.table[rank & this.mask]!;
      if (level !== 0) return level;
    }
    return this.demandNew(price);
  }

  /** A level has got its first order. */
  noteFilled(level: number): void {
    this.filled += 1;
    const rank = this.levels.rank(level);
    if (rank >= this.bestRank) return;
    this.bestLevel = level;
    this.bestRank = rank;
  }

  /**
   * A level has lost its last order. It stays, so that whoever comes back in the same command finds
   * it, until `close`.
   */
  noteEmptied(level: number): void {
    this.filled -= 1;
    if (level !== this.bestLevel) return;
    const next = this.nextFilled(this.bestRank);
    this.bestLevel = next;
    this.bestRank = next === 0 ? Infinity : this.levels.rank(next);
    if (next !== 0 && this.inWindow === 0) this.slide(this.bestRank - this.margin());
  }

  /** Removes a level that has no orders. */
  close(level: number): void {
    const rank = this.levels.rank(level);
    if (this.holds(rank)) {
      const position = rank & this.mask;
      this.table[position] = 0;
      this.marks.delete(position);
      this.inWindow -= 1;
    } else {
      this.far.remove(rank);
      if (rank < this.base) this.before -= 1;
    }
    this.levels.close(level);
  }

  /** The best level with orders that is worse than one; 0: there is none. */
  after(level: number): number {
    return this.nextFilled(this.levels.rank(level));
  }

  /**
   * Takes another step: the largest that divides this price step, and all prices that there are.
   */
  fit(step: number): void {
    let largest = step;
    const all = this.all();
    for (const level of all) largest = commonDivisor(largest, this.levels.price(level));
    if (largest === this.step) return;
    this.clearWindow();
    this.far.clear();
    this.before = 0;
    this.step = largest;
    this.bestRank =
      this.bestLevel === 0 ? Infinity : this.rankOf(this.levels.price(this.bestLevel));
    if (this.bestLevel !== 0) this.base = this.bestRank - this.margin();
    for (const level of all) this.put(level, this.rankOf(this.levels.price(level)));
  }

  get bytes(): number {
    return this.table.byteLength + this.marks.bytes + this.far.bytes;
  }

  checkInvariants(): void {
    this.far.checkInvariants();
    let filled = 0;
    let best = 0;
    const all = this.all();
    for (const level of all) {
      const price = this.levels.price(level);
      assert(this.levels.ladder(level) === this.number, "a level of ladder %s", this.number);
      assert(this.find(price) === level, "the level of price %s is found", price);
      if (this.levels.count(level) === 0) continue;
      filled += 1;
      if (best === 0 || this.isBetter(price, this.levels.price(best))) best = level;
    }
    assert(filled === this.filled, "%s levels, and %s have orders", this.filled, filled);
    assert(best === this.bestLevel, "the best level is the best");
    assert(best === 0 || this.levels.rank(best) === this.bestRank, "its rank too");
    assert(this.before === this.countBefore(), "%s levels before the window", this.before);
    const places = this.table.reduce((count, level) => count + (level === 0 ? 0 : 1), 0);
    assert(places === this.inWindow, "%s levels within the window", this.inWindow);
    for (let position = 0; position <= this.mask; position++) {
      assert(this.marks.has(position) === (this.table[position] !== 0), "a mark for each level");
    }
  }

  private rankOf(price: number): number {
    return this.step === 1 ? price * this.direction : (price / this.step) * this.direction;
  }

  private holds(rank: number): boolean {
    const offset = rank - this.base;
    return offset >= 0 && offset <= this.mask;
  }

  private margin(): number {
    return (this.mask + 1) >>> MARGIN_SHIFT;
  }

  private demandNew(price: number): number {
    // A price that was on tick once, of an order that has waited since.
    if (this.step !== 1 && price % this.step !== 0) this.fit(commonDivisor(this.step, price));
    const rank = this.rankOf(price);
    if (!this.holds(rank)) {
      const found = this.far.find(rank);
      if (found !== 0) return found;
      this.makeRoom(rank);
    }
    const level = this.levels.open(price, this.number);
    this.put(level, rank);
    if (this.far.count > FAR_LEVELS_BEFORE_GROWTH && this.mask + 1 < WINDOW_RANKS_MAX) this.grow();
    return level;
  }

  /** Has the window move for a rank that it does not hold, if that is worth it. */
  private makeRoom(rank: number): void {
    const first = Math.min(rank, this.bestRank);
    const isUnused = this.inWindow === 0 && this.far.count === 0;
    const isBehind = rank > this.base && first - this.base > this.mask / 2;
    if (isUnused || isBehind || this.before >= LEVELS_BEFORE_WINDOW_MAX) {
      this.slide(first - this.margin());
    }
  }

  private put(level: number, rank: number): void {
    this.levels.setRank(level, rank);
    if (!this.holds(rank)) {
      this.far.insert(rank, level);
      if (rank < this.base) this.before += 1;
      return;
    }
    const position = rank & this.mask;
    this.table[position] = level;
    this.marks.add(position);
    this.inWindow += 1;
  }

  private nextFilled(rank: number): number {
    let level = this.next(rank);
    while (level !== 0 && this.levels.count(level) === 0) {
      level = this.next(this.levels.rank(level));
    }
    return level;
  }

  /** The level of the lowest rank above one, with orders or without. */
  private next(rank: number): number {
    const offset = rank - this.base;
    if (offset < 0 && this.before > 0) {
      const level = this.far.after(rank);
      if (level !== 0 && this.levels.rank(level) < this.base) return level;
    }
    if (offset < this.mask && this.inWindow > 0) {
      const position = this.marks.firstFrom((offset < 0 ? this.base : rank + 1) & this.mask);
      const level = this.table[position]!;
      if (this.levels.rank(level) > rank) return level;
    }
    return this.far.count === 0 ? 0 : this.far.after(rank);
  }

  /**
   * Moves the window: what it no longer holds goes to the far levels, what it holds now comes from
   * there.
   */
  private slide(base: number): void {
    const first = base > this.base ? this.base : base + this.mask + 1;
    const end = base > this.base ? base : Infinity;
    let rank = this.inWindow === 0 ? end : Math.max(first, this.base);
    while (this.holds(rank) && rank < end && this.inWindow > 0) {
      const position = this.marks.firstFrom(rank & this.mask);
      const level = this.table[position]!;
      const found = this.levels.rank(level);
      if (found < rank || found >= end) break;
      this.table[position] = 0;
      this.marks.delete(position);
      this.inWindow -= 1;
      this.far.insert(found, level);
      rank = found + 1;
    }
    this.base = base;
    this.fetch();
    this.before = this.countBefore();
  }

  private countBefore(): number {
    let count = 0;
    let level = this.far.first();
    while (level !== 0 && this.levels.rank(level) < this.base) {
      count += 1;
      level = this.far.after(this.levels.rank(level));
    }
    return count;
  }

  /** Fetches from the far levels what the window can hold. */
  private fetch(): void {
    let level = this.far.count === 0 ? 0 : this.far.after(this.base - 1);
    while (level !== 0) {
      const rank = this.levels.rank(level);
      if (!this.holds(rank)) return;
      this.far.remove(rank);
      this.put(level, rank);
      level = this.far.after(rank);
    }
  }

  private grow(): void {
    const held = this.windowLevels();
    const size = (this.mask + 1) << GROWTH_SHIFT;
    this.mask = size - 1;
    this.table = new Int32Array(size);
    this.marks = new TickBitmap(size);
    this.inWindow = 0;
    for (const level of held) this.put(level, this.levels.rank(level));
    this.fetch();
  }

  private clearWindow(): void {
    this.table.fill(0);
    this.marks = new TickBitmap(this.mask + 1);
    this.inWindow = 0;
  }

  private windowLevels(): number[] {
    return Array.from(this.table.filter((level) => level !== 0));
  }

  /** All levels, in no order. */
  private all(): number[] {
    const all = this.windowLevels();
    let level = this.far.first();
    while (level !== 0) {
      all.push(level);
      level = this.far.after(this.levels.rank(level));
    }
    return all;
  }
}

function commonDivisor(one: number, other: number): number {
  let [a, b] = [one, other];
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}
