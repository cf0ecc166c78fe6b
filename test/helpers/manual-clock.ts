/** A clock that stands still until it is told to move. */
import type { Clock } from "../../services/ports/clock.js";

export class ManualClock implements Clock {
  private nowMs = 0;
  private readonly waiting = new Set<{ dueMs: number; callback: () => void }>();

  now(): number {
    return this.nowMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { dueMs: this.nowMs + delayMs, callback };
    this.waiting.add(timer);
    return () => this.waiting.delete(timer);
  }

  /** In the next turn of the real event loop, whatever the time here. */
  soon(callback: () => void): void {
    setImmediate(callback);
  }

  /** Time passes and nobody is called back: that is made up for with the next move. */
  stall(byMs: number): void {
    this.nowMs += byMs;
  }

  /** Moves on, calling back what falls due, in order. */
  advance(byMs: number): void {
    const endMs = this.nowMs + byMs;
    for (;;) {
      const due = [...this.waiting].sort((a, b) => a.dueMs - b.dueMs)[0];
      if (!due || due.dueMs > endMs) break;
      this.waiting.delete(due);
      this.nowMs = Math.max(this.nowMs, due.dueMs);
      due.callback();
    }
    this.nowMs = endMs;
  }
}
