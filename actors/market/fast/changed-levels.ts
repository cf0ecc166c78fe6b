/**
 * The levels of the book whose shown quantity the command under way has changed, in the order of
 * the first change.
 */
import type { LevelStore } from "./level-store.js";

const INITIAL_LEVELS = 64;

export class ChangedLevels {
  private readonly levels: LevelStore;
  private changed = new Int32Array(INITIAL_LEVELS);
  private size = 0;

  constructor(levels: LevelStore) {
    this.levels = levels;
  }

  get count(): number {
    return this.size;
  }

  at(place: number): number {
    return this.changed[place]!;
  }

  note(level: number): void {
    if (this.levels.isChanged(level)) return;
    this.levels.setChanged(level, true);
    if (this.size === this.changed.length) this.grow();
    this.changed[this.size++] = level;
  }

  /** Whoever calls has noted for each of them that it is no longer changed. */
  clear(): void {
    this.size = 0;
  }

  private grow(): void {
    const longer = new Int32Array(this.size * 2);
    longer.set(this.changed);
    this.changed = longer;
  }
}
