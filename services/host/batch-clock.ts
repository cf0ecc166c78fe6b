/**
 * The time that stamps batches: Postgres's clock, carried on by the monotonic clock between commits, and never less
 * than the actor's last stamp. A node's wall clock is never read, so it may jump.
 */
import type { Clock } from "../ports/clock.js";

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
    const estimate = this.base + Math.round((this.clock.now() - this.baseAtMs) * 1_000);
    this.last = Math.max(this.last, estimate);
    return this.last;
  }
}
