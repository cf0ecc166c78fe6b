/**
 * When the actors of a node commit: all that want to, together, and then, when that is over, all that want to by then. The store
 * makes one transaction of them; those whose rows another server has have turns of their own. Whoever waits has not closed its
 * batch and goes on applying what comes in, so batches grow with what commits take. While they take long, because the machine is
 * busy, they also begin at steps: they are fewer and larger then, what each costs besides its rows is paid less often, and what
 * one actor's batch has brought into a core's caches serves the next one's.
 */
import type { Clock } from "../ports/clock.js";
import type { Store } from "../ports/store.js";
import * as limits from "./limits.js";

/** Begins a commit, which never rejects; null: there is nothing to commit any more. */
export type BeginCommit = () => Promise<void> | null;

/** Of what commits take on the whole, the last one is so much. */
const LAST_COMMIT_SHARE = 1 / 8;
/** Where one server has the rows of all. */
const ONLY_INSTANCE = 0;

export class CommitTurns {
  private readonly clock: Clock;
  private readonly store: Pick<Store, "instanceOf">;
  /** One for each server, by its number. */
  private readonly lines = new Map<number, Line>();
  private working: () => void = () => undefined;

  constructor(clock: Clock, store: Pick<Store, "instanceOf">) {
    this.clock = clock;
    this.store = store;
  }

  /** Calls back in the midst of work, whenever an actor has applied what had come in, and before it closes a batch. */
  onWork(working: () => void): void {
    this.working = working;
  }

  /** Begins a commit when its turn has come, as soon as can be or at a step. To ask for the same again changes nothing. */
  take(actor: number, begin: BeginCommit): void {
    this.working();
    const instance = this.store.instanceOf?.(actor) ?? ONLY_INSTANCE;
    let line = this.lines.get(instance);
    if (!line) this.lines.set(instance, (line = new Line(this.clock, () => this.working())));
    line.take(begin);
  }
}

/** The turns at one server. */
class Line {
  private readonly clock: Clock;
  private readonly working: () => void;
  /** Who begins when those under way have ended, and who does at the next step. */
  private readonly ready = new Set<BeginCommit>();
  private readonly waiting = new Set<BeginCommit>();
  private isTaken = false;
  private isNextSoon = false;
  /** What commits have taken of late, and when the last one ended. */
  private usualMs = 0;
  private endedMs = 0;

  constructor(clock: Clock, working: () => void) {
    this.clock = clock;
    this.working = working;
  }

  take(begin: BeginCommit): void {
    if (this.ready.has(begin) || this.waiting.has(begin)) return;
    const stepMs = this.stepMs();
    if (stepMs === 0) {
      this.ready.add(begin);
      return this.soon();
    }
    this.waiting.add(begin);
    if (this.waiting.size > 1) return;
    this.clock.after(stepMs - (this.clock.now() % stepMs), () => this.step());
  }

  /** With whoever else asks in this turn of the event loop: one read of a socket may bring something to several actors. */
  private soon(): void {
    if (this.isTaken || this.isNextSoon) return;
    this.isNextSoon = true;
    this.clock.soon(() => {
      this.isNextSoon = false;
      this.next();
    });
  }

  /** About twice what commits take, as a power of two; 0: they are quick. */
  private stepMs(): number {
    if (this.clock.now() - this.endedMs > limits.COMMITS_REMEMBERED_MS) this.usualMs = 0;
    if (this.usualMs < limits.COMMIT_IS_SLOW_MS) return 0;
    const stepMs = 2 ** Math.round(Math.log2(2 * this.usualMs));
    return Math.min(stepMs, limits.COMMIT_STEP_MS_MAX);
  }

  private step(): void {
    for (const begin of this.waiting) this.ready.add(begin);
    this.waiting.clear();
    this.next();
  }

  /** All that are ready, one right after the other, by which the store knows that they belong together. */
  private next(): void {
    if (this.isTaken || this.ready.size === 0) return;
    const begins = [...this.ready];
    this.ready.clear();
    const commits = begins.map((begin) => {
      this.working();
      return begin();
    });
    const underWay = commits.filter((commit) => commit !== null);
    if (underWay.length > 0) this.watch(Promise.all(underWay));
  }

  /** A turn ends with its last commit; one that hangs holds up the others only for so long. */
  private watch(commit: Promise<unknown>): void {
    const beganMs = this.clock.now();
    this.isTaken = true;
    let isOver = false;
    const over = (): void => {
      if (isOver) return;
      isOver = true;
      this.isTaken = false;
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
