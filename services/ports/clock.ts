/** Time that passes. Monotonic; unrelated to any date. */
export interface Clock {
  /** Milliseconds since some moment, never going back. */
  now(): number;
  /** Calls back once after a delay; the returned function cancels it. */
  after(delayMs: number, callback: () => void): () => void;
  /** Calls back when what is going on now is done, after whatever has come in meanwhile. */
  soon(callback: () => void): void;
}

/**
 * Does something again and again, about when the clock shows a multiple of an interval: who does so in one process does it
 * together, so that the process is woken once for all, and what they say goes out together. The returned function ends it.
 */
export function every(clock: Clock, intervalMs: number, task: () => void): () => void {
  let cancel = (): void => undefined;
  const again = (): void => {
    cancel = clock.after(untilStep(clock, intervalMs), () => {
      again();
      task();
    });
  };
  again();
  return () => cancel();
}

/** A timer may be so early: a step that is due sooner than that is the one before. */
const TIMER_EARLY_MS_MAX = 5;

function untilStep(clock: Clock, intervalMs: number): number {
  const leftMs = intervalMs - (clock.now() % intervalMs);
  return leftMs < Math.min(intervalMs / 2, TIMER_EARLY_MS_MAX) ? leftMs + intervalMs : leftMs;
}

export const sleep = (clock: Clock, delayMs: number): Promise<void> =>
  new Promise((resolve) => {
    clock.after(delayMs, resolve);
  });
