/**
 * Virtual time, in whole microseconds since the start of the run, and what is to happen when: a binary heap, by time
 * and then by the order of the calls. Before the next thing happens every promise that the last one has settled has had
 * all its consequences, in the order in which the language gives them.
 *
 * That needs no turn of the event loop: Node runs its ticks only when no microtask is left, so a tick that is asked for
 * from a microtask comes after all of them (a seventh of a microsecond; a `setImmediate` takes five times that).
 */
import { assert } from "../../../actors/kernel/assert.js";

/** Something that will happen, unless it is cancelled. */
export interface Scheduled {
  readonly timeUs: number;
  readonly order: number;
  /** Null when it was cancelled or has happened. */
  callback: (() => void) | null;
}

/** Gives microtasks; `queueMicrotask` makes a resource of Node's for each. */
const SETTLED = Promise.resolve();
/** So often the real event loop has its turn, so that signals and unhandled rejections are noticed. */
const EVENTS_PER_TURN = 20_000;

export class Scheduler {
  /** How many events have happened. */
  executed = 0;
  protected currentUs = 0;
  private readonly heap: Scheduled[] = [];
  private ordered = 0;
  private endUs = 0;
  private ended: (() => void) | null = null;
  private failed: ((error: unknown) => void) | null = null;
  private isDone: (() => boolean) | null = null;

  get nowUs(): number {
    return this.currentUs;
  }

  /** What has not happened yet, cancelled or not. */
  get waiting(): number {
    return this.heap.length;
  }

  at(timeUs: number, callback: () => void): Scheduled {
    const scheduled = { timeUs: Math.max(timeUs, this.nowUs), order: this.ordered++, callback };
    this.push(scheduled);
    return scheduled;
  }

  after(delayUs: number, callback: () => void): Scheduled {
    return this.at(this.nowUs + delayUs, callback);
  }

  cancel(scheduled: Scheduled): void {
    scheduled.callback = null;
  }

  /**
   * Lets everything happen up to a moment, or until `isDone` (looked at after each event). Rejects with what an event
   * has thrown; what a promise was rejected with, and nobody handled, ends the process as usual.
   */
  run(untilUs: number, isDone: (() => boolean) | null = null): Promise<void> {
    assert(this.ended === null, "the scheduler is running");
    this.endUs = untilUs;
    this.isDone = isDone;
    return new Promise((resolve, reject) => {
      this.ended = resolve;
      this.failed = reject;
      // What has been promised already comes first, whether this was called from a turn of the event loop or a promise.
      void SETTLED.then(this.afterMicrotasks);
    });
  }

  /** Does the next thing if it is due before the end of the run. False: there is none. */
  protected doNext(endUs: number): boolean {
    for (;;) {
      const next = this.heap[0];
      if (!next || next.timeUs > endUs) return false;
      this.pop();
      const { callback } = next;
      if (!callback) continue;
      next.callback = null;
      if (next.timeUs > this.currentUs) this.currentUs = next.timeUs;
      this.executed += 1;
      callback();
      return true;
    }
  }

  /** When the next thing is due; infinity when there is none. */
  protected get dueUs(): number {
    return this.heap[0]?.timeUs ?? Infinity;
  }

  private readonly step = (): void => {
    try {
      if (this.isDone?.() || !this.doNext(this.endUs)) {
        if (!this.isDone?.()) this.currentUs = Math.max(this.currentUs, this.endUs);
        return this.finish();
      }
    } catch (error) {
      this.ended = null;
      this.failed!(error);
      return;
    }
    if (this.executed % EVENTS_PER_TURN === 0) setImmediate(this.step);
    else void SETTLED.then(this.afterMicrotasks);
  };

  private readonly afterMicrotasks = (): void => {
    process.nextTick(this.step);
  };

  /** After a turn of the real event loop, in which rejections that nobody has handled are noticed. */
  private finish(): void {
    const { ended } = this;
    this.ended = null;
    setImmediate(ended!);
  }

  private push(scheduled: Scheduled): void {
    const { heap } = this;
    let at = heap.length;
    heap.push(scheduled);
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = heap[parentAt]!;
      // What is pushed has the highest order number of all.
      if (parent.timeUs <= scheduled.timeUs) break;
      heap[at] = parent;
      at = parentAt;
    }
    heap[at] = scheduled;
  }

  private pop(): void {
    const { heap } = this;
    const last = heap.pop()!;
    const length = heap.length;
    if (length === 0) return;
    let at = 0;
    for (;;) {
      let childAt = 2 * at + 1;
      if (childAt >= length) break;
      let child = heap[childAt]!;
      const right = heap[childAt + 1];
      if (right && isBefore(right, child)) {
        childAt += 1;
        child = right;
      }
      if (isBefore(last, child)) break;
      heap[at] = child;
      at = childAt;
    }
    heap[at] = last;
  }
}

function isBefore(one: Scheduled, other: Scheduled): boolean {
  return one.timeUs < other.timeUs || (one.timeUs === other.timeUs && one.order < other.order);
}
