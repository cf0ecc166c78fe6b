/** Time that passes. Monotonic; unrelated to any date. */
export interface Clock {
  /** Milliseconds since some moment, never going back. */
  now(): number;
  /** Calls back once after a delay; the returned function cancels it. */
  after(delayMs: number, callback: () => void): () => void;
  /** Calls back when what is going on now is done, after whatever has come in meanwhile. */
  soon(callback: () => void): void;
}

export const sleep = (clock: Clock, delayMs: number): Promise<void> =>
  new Promise((resolve) => {
    clock.after(delayMs, resolve);
  });
