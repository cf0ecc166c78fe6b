/** Time that passes. Monotonic; unrelated to any date. */
export interface Clock {
  /** Milliseconds since some moment, never going back. */
  now(): number;
  /** Calls back once after a delay; the returned function cancels it. */
  after(delayMs: number, callback: () => void): () => void;
  /** Calls back when what is going on now is done, after whatever has come in meanwhile. */
  soon(callback: () => void): void;
}

/** The time until the clock shows the next multiple of an interval: those who wait for it wake up together. */
export function untilStep(clock: Clock, intervalMs: number): number {
  return intervalMs - (clock.now() % intervalMs);
}

/** Does something again and again, each time so long after the last; the returned function ends it. */
export function every(clock: Clock, intervalMs: number, task: () => void): () => void {
  let cancel = (): void => undefined;
  const again = (): void => {
    cancel = clock.after(intervalMs, () => {
      again();
      task();
    });
  };
  again();
  return () => cancel();
}

export const sleep = (clock: Clock, delayMs: number): Promise<void> =>
  new Promise((resolve) => {
    clock.after(delayMs, resolve);
  });
