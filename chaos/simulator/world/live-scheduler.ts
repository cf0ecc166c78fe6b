/** For tests that live in real time: virtual time follows the machine's clock, and each event waits for its moment. */
import { type Scheduled, Scheduler } from "./scheduler.js";

const US_PER_MS = 1_000;

export class LiveScheduler extends Scheduler {
  private readonly startedMs = performance.now();
  private timer: NodeJS.Timeout | null = null;
  private timerUs = Infinity;
  private stopped = false;
  private isWorking = false;

  override get nowUs(): number {
    // What is due happens at its own moment, however late the machine is.
    if (!this.isWorking) this.currentUs = Math.max(this.currentUs, this.machineUs());
    return this.currentUs;
  }

  override at(timeUs: number, callback: () => void): Scheduled {
    const scheduled = super.at(timeUs, callback);
    this.arm();
    return scheduled;
  }

  /** Nothing happens any more. */
  stop(): void {
    this.stopped = true;
    if (this.timer) clearTimeout(this.timer);
  }

  private machineUs(): number {
    return Math.floor((performance.now() - this.startedMs) * US_PER_MS);
  }

  private arm(): void {
    if (this.stopped || this.isWorking || this.dueUs >= this.timerUs) return;
    if (this.timer) clearTimeout(this.timer);
    this.timerUs = this.dueUs;
    const waitMs = Math.max(0, (this.dueUs - this.machineUs()) / US_PER_MS);
    this.timer = setTimeout(() => this.work(), waitMs);
  }

  private work(): void {
    this.timer = null;
    this.timerUs = Infinity;
    this.isWorking = true;
    this.advance();
  }

  private readonly advance = (): void => {
    if (!this.stopped && this.doNext(this.machineUs())) {
      queueMicrotask(() => process.nextTick(this.advance));
      return;
    }
    this.isWorking = false;
    if (this.dueUs < Infinity) this.arm();
  };
}
