/** The machine's monotonic clock. */
import type { Clock } from "../ports/clock.js";

export class SystemClock implements Clock {
  now(): number {
    return performance.now();
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  }

  soon(callback: () => void): void {
    setImmediate(callback);
  }
}
