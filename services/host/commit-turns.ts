/**
 * The commits of a node take turns, a few at a time. Whoever waits for its turn has not closed its batch and goes on
 * applying what comes in: under load batches become fewer and larger, and what each costs besides its rows is paid less
 * often. When it is quiet there is always a turn to be had.
 */
import type { Clock } from "../ports/clock.js";
import { COMMIT_TURN_MS_MAX, COMMITS_AT_ONCE } from "./limits.js";

/** Begins a commit; null: there is nothing to commit any more. */
export type BeginCommit = () => Promise<void> | null;

export class CommitTurns {
  private readonly clock: Clock;
  private readonly line = new Set<BeginCommit>();
  private free = COMMITS_AT_ONCE;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Those that wait. */
  get length(): number {
    return this.line.size;
  }

  /** Begins a commit when its turn has come, perhaps at once. Who is in the line keeps its place. */
  take(begin: BeginCommit): void {
    this.line.add(begin);
    this.next();
  }

  private next(): void {
    for (const begin of this.line) {
      if (this.free === 0) return;
      this.line.delete(begin);
      const commit = begin();
      if (commit) this.watch(commit);
    }
  }

  /** A turn ends with its commit, which never rejects; one that hangs holds up the others only for so long. */
  private watch(commit: Promise<void>): void {
    this.free -= 1;
    let isOver = false;
    const over = (): void => {
      if (isOver) return;
      isOver = true;
      cancel();
      this.free += 1;
      this.next();
    };
    const cancel = this.clock.after(COMMIT_TURN_MS_MAX, over);
    void commit.then(over);
  }
}
