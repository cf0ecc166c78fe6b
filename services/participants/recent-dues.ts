/** When the orders were due that were reported, of those that were due last: how many of them after a moment is known at the end. */

/** What was due so long before the latest is forgotten. */
export const RECENT_MS = 250;
/** It is forgotten when there are so many, or twice as many as were kept the last time. */
const KEPT_MIN = 1_000;

export class RecentDues {
  private dues: number[] = [];
  private latestMs = 0;
  private limit = KEPT_MIN;

  add(dueMs: number): void {
    this.latestMs = Math.max(this.latestMs, dueMs);
    this.dues.push(dueMs);
    if (this.dues.length < this.limit) return;
    this.dues = this.dues.filter((due) => due > this.latestMs - RECENT_MS);
    this.limit = Math.max(KEPT_MIN, 2 * this.dues.length);
  }

  /** The moment is to be no earlier than `RECENT_MS` before the latest. */
  after(moment: number): number {
    return this.dues.filter((due) => due > moment).length;
  }
}
