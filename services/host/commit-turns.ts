/**
 * The commits of a node take turns, a few at a time. Whoever waits has not closed its batch and goes on applying what comes
 * in. While commits take long, because the machine is busy, they begin at steps, all together: batches are fewer and larger,
 * what each costs besides its rows is paid less often, and what one actor's commit has brought into a core's caches serves
 * the next one's. When it is quiet there is always a turn to be had.
 */
import type { Clock } from "../ports/clock.js";
import * as limits from "./limits.js";

/** Begins a commit, which never rejects; null: there is nothing to commit any more. */
export type BeginCommit = () => Promise<void> | null;

/** Of what commits take on the whole, the last one is so much. */
const LAST_COMMIT_SHARE = 1 / 8;

export class CommitTurns {
  private readonly clock: Clock;
  /** Who begins as soon as there is a turn, and who does at the next step. */
  private readonly line = new Set<BeginCommit>();
  private readonly waiting = new Set<BeginCommit>();
  private free = limits.COMMITS_AT_ONCE;
  /** What commits have taken of late, and when the last one ended. */
  private usualMs = 0;
  private endedMs = 0;
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
    if (this.line.has(begin) || this.waiting.has(begin)) return;
    const stepMs = this.stepMs();
    if (stepMs === 0) {
      this.line.add(begin);
      return this.next();
    }
    this.waiting.add(begin);
    if (this.waiting.size > 1) return;
    this.clock.after(stepMs - (this.clock.now() % stepMs), () => this.step());
  }

  /** About twice what commits take, as a power of two; 0: they are quick. */
  private stepMs(): number {
    if (this.clock.now() - this.endedMs > limits.COMMITS_REMEMBERED_MS) this.usualMs = 0;
    if (this.usualMs < limits.COMMIT_IS_SLOW_MS) return 0;
    const stepMs = 2 ** Math.round(Math.log2(2 * this.usualMs));
    return Math.min(stepMs, limits.COMMIT_STEP_MS_MAX);
  }

  private step(): void {
    for (const begin of this.waiting) this.line.add(begin);
    this.waiting.clear();
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

  /** A turn ends with its commit; one that hangs holds up the others only for so long. */
  private watch(commit: Promise<void>): void {
    const beganMs = this.clock.now();
    this.free -= 1;
    let isOver = false;
    const over = (): void => {
      if (isOver) return;
      isOver = true;
      this.free += 1;
      this.next();
    };
    const cancel = this.clock.after(limits.COMMIT_TURN_MS_MAX, over);
    void commit.then(() => {
      cancel();
      this.endedMs = this.clock.now();
      const tookMs = Math.min(this.endedMs - beganMs, limits.COMMIT_STEP_MS_MAX);
      this.usualMs += LAST_COMMIT_SHARE * (tookMs - this.usualMs);
      over();
    });
  }
}
