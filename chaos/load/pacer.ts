/**
 * When a load looks for orders that are due. Timers have whole milliseconds and fire when the next one has begun: at a rate of which an
 * order is due now and then only, half a millisecond of each latency would be the load's own. A thread that sleeps until the
 * moment itself wakes within some 0.1 ms.
 */
import { Worker } from "node:worker_threads";

/** From this rate on more than one order is due in a millisecond: a timer does, and costs less than a thread. */
export const THREAD_ORDERS_PER_SECOND_MAX = 1_000;
const TIMER_MS = 1;
const MS_PER_SECOND = 1_000;
const NANOSECONDS_PER_MS = 1_000_000;

export interface Pacer {
  /** Calls `look` again and again, of an open loop right after each order is due; `startedMs` is of `performance.now()`. */
  start(startedMs: number, ordersPerSecond: number, look: () => void): void;
  stop(): void;
}

export class TimerPacer implements Pacer {
  private timer: NodeJS.Timeout | undefined;

  start(_startedMs: number, _ordersPerSecond: number, look: () => void): void {
    this.stop();
    this.timer = setInterval(look, TIMER_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }
}

/** What `pacer-thread.ts` is given; the clock of all threads is `process.hrtime`. */
export interface PacerThreadData {
  readonly startedNs: bigint;
  readonly everyMs: number;
  readonly shared: SharedArrayBuffer;
}

/** Integers that are shared with it, 0 or 1, by their places: is it to end, and has it said something that was not heard yet? */
export const ENDED = 0;
export const UNHEARD = 1;
const PLACES = 2;

/** A sleep may end a few microseconds early, and then nothing would be due yet. */
const BEHIND_MS = 0.02;

/** How long it is until right after an order is due, where one is every `everyMs`, and `elapsedMs` have gone by. */
export function untilDueMs(elapsedMs: number, everyMs: number): number {
  const sinceMs = elapsedMs - BEHIND_MS;
  return (Math.floor(sinceMs / everyMs) + 1) * everyMs - sinceMs;
}

const PROGRAM = new URL("./pacer-thread.js", import.meta.url);

export class ThreadPacer implements Pacer {
  private end: (() => void) | undefined;

  start(startedMs: number, ordersPerSecond: number, look: () => void): void {
    this.stop();
    const sinceMs = performance.now() - startedMs;
    const startedNs = process.hrtime.bigint() - BigInt(Math.round(sinceMs * NANOSECONDS_PER_MS));
    const shared = new SharedArrayBuffer(PLACES * Int32Array.BYTES_PER_ELEMENT);
    const everyMs = MS_PER_SECOND / ordersPerSecond;
    const workerData: PacerThreadData = { startedNs, everyMs, shared };
    const worker = new Worker(PROGRAM, { workerData, execArgv: [] });
    const places = new Int32Array(shared);
    worker.on("message", () => {
      Atomics.store(places, UNHEARD, 0);
      if (Atomics.load(places, ENDED) === 0) look();
    });
    this.end = () => {
      Atomics.store(places, ENDED, 1);
      Atomics.notify(places, ENDED);
    };
  }

  stop(): void {
    this.end?.();
    this.end = undefined;
  }
}

export function pacerFor(ordersPerSecond: number): Pacer {
  const isSeldom = ordersPerSecond > 0 && ordersPerSecond < THREAD_ORDERS_PER_SECOND_MAX;
  return isSeldom ? new ThreadPacer() : new TimerPacer();
}
