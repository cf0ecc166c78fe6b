/**
 * The time that stamps batches: Postgres's clock, carried on by the monotonic clock between commits, and never less
 * than the actor's last stamp. A node's wall clock is never read, so it may jump.
 */
import type { Clock } from "../ports/clock.js";

const MICROSECONDS_PER_MILLISECOND = 1_000;

export class BatchClock {
  private readonly clock: Clock;
  private base: number;
  private baseAtMs: number;
  private last: number;

  /** `now`: Postgres's clock just read; `last`: the actor's last stamp (both in microseconds). */
  constructor(clock: Clock, now: number, last: number) {
    this.clock = clock;
    this.base = now;
    this.baseAtMs = clock.now();
    this.last = last;
  }

  /** Postgres has answered a commit at its time `now`. */
  observe(now: number): void {
    this.base = now;
    this.baseAtMs = this.clock.now();
  }

  stamp(): number {
    this.last = this.estimate();
    return this.last;
  }

  /** How long it is until a stamp is not before a time; 0: it would not be now. */
  millisecondsUntil(time: number): number {
    return Math.max(0, Math.ceil((time - this.estimate()) / MICROSECONDS_PER_MILLISECOND));
  }

  private estimate(): number {
    const passedMs = this.clock.now() - this.baseAtMs;
    const estimate = this.base + Math.round(passedMs * MICROSECONDS_PER_MILLISECOND);
    return Math.max(this.last, estimate);
  }
}
