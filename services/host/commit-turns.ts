/**
 * The commits of a node take turns, a few at a time, and an actor rests after a commit for as long as it took, up to a few
 * milliseconds. Whoever waits has not closed its batch and goes on applying what comes in: the busier the machine, the
 * fewer and larger the batches, and what each costs besides its rows is paid less often. When it is quiet there is always
 * a turn to be had.
 */
import type { Clock } from "../ports/clock.js";
import { COMMIT_REST_MS_MAX, COMMIT_TURN_MS_MAX, COMMITS_AT_ONCE } from "./limits.js";

/** Begins a commit, which never rejects; null: there is nothing to commit any more. */
export type BeginCommit = () => Promise<void> | null;

export class CommitTurns {
  private readonly clock: Clock;
  private readonly line = new Set<BeginCommit>();
  private readonly resting = new Set<BeginCommit>();
  private readonly restsUntilMs = new WeakMap<BeginCommit, number>();
  private free = COMMITS_AT_ONCE;
  private working: () => void = () => undefined;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Calls back in the midst of work, whenever an actor has applied what had come in. */
  onWork(working: () => void): void {
    this.working = working;
  }

  /** Begins a commit when its turn has come, perhaps at once. To ask for the same again changes nothing. */
  take(begin: BeginCommit): void {
    this.working();
    if (this.resting.has(begin)) return;
    const restMs = (this.restsUntilMs.get(begin) ?? 0) - this.clock.now();
    if (restMs <= 0) return this.queue(begin);
    this.resting.add(begin);
    this.clock.after(restMs, () => {
      this.resting.delete(begin);
      this.queue(begin);
    });
  }

  private queue(begin: BeginCommit): void {
    this.line.add(begin);
    this.next();
  }

  private next(): void {
    for (const begin of this.line) {
      if (this.free === 0) return;
      this.line.delete(begin);
      const commit = begin();
      if (commit) this.watch(begin, commit);
    }
  }

  /** A turn ends with its commit; one that hangs holds up the others only for so long. */
  private watch(begin: BeginCommit, commit: Promise<void>): void {
    const beganMs = this.clock.now();
    this.free -= 1;
    let isOver = false;
    const over = (): void => {
      if (isOver) return;
      isOver = true;
      this.free += 1;
      this.next();
    };
    const cancel = this.clock.after(COMMIT_TURN_MS_MAX, over);
    void commit.then(() => {
      cancel();
      const nowMs = this.clock.now();
      this.restsUntilMs.set(begin, nowMs + Math.min(nowMs - beganMs, COMMIT_REST_MS_MAX));
      over();
    });
  }
}
