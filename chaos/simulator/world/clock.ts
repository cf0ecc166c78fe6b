/**
 * A process's monotonic clock: it may run faster or slower than the world's time, and jump ahead (a machine that slept),
 * never back. What was set to come after a delay comes after it, as the clock runs then; a jump brings nothing forward.
 */
import { assert } from "../../../actors/kernel/assert.js";
import type { Clock } from "../../../services/ports/clock.js";
import type { SimProcess } from "./process.js";

const US_PER_MS = 1_000;

export class SimClock implements Clock {
  private readonly process: SimProcess;
  private rate = 1;
  private sinceUs: number;
  private readAtUs: number;

  /** `startUs`: what the clock shows at first, in microseconds. */
  constructor(process: SimProcess, startUs: number) {
    this.process = process;
    this.sinceUs = process.world.scheduler.nowUs;
    this.readAtUs = startUs;
  }

  now(): number {
    return this.readUs() / US_PER_MS;
  }

  after(delayMs: number, callback: () => void): () => void {
    const { process } = this;
    const { scheduler } = process.world;
    const delayUs = Math.max(1, Math.round((delayMs * US_PER_MS) / this.rate));
    let isCancelled = false;
    // It may fall due in a pause, and be cancelled by what comes before it afterwards.
    const ring = (): void => {
      if (!isCancelled) callback();
    };
    const timer = scheduler.after(delayUs, () => process.deliver(ring, true));
    return () => {
      isCancelled = true;
      scheduler.cancel(timer);
    };
  }

  soon(callback: () => void): void {
    const { process } = this;
    process.world.scheduler.after(0, () => process.deliver(callback));
  }

  /** From now on the clock runs so many times as fast as the world's time. */
  drift(rate: number): void {
    assert(rate > 0, "a clock does not go back");
    this.readAtUs = this.readUs();
    this.sinceUs = this.process.world.scheduler.nowUs;
    this.rate = rate;
  }

  jump(aheadUs: number): void {
    assert(aheadUs >= 0, "a monotonic clock does not go back");
    this.readAtUs += aheadUs;
  }

  private readUs(): number {
    const { nowUs } = this.process.world.scheduler;
    return Math.floor(this.readAtUs + (nowUs - this.sinceUs) * this.rate);
  }
}
