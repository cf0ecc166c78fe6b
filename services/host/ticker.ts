/**
 * Wakes a leader when something of its actor is due, by Postgres's time: an order expires, an auction ends, the schedule
 * changes the phase. It says when, and does nothing; a wake that comes too early or not at all only makes it later (R12).
 */
import type { Actor } from "../../actors/kernel/actor.js";
import type { Clock } from "../ports/clock.js";
import type { BatchClock } from "./batch-clock.js";
import { TICK_WAIT_MS_MAX } from "./limits.js";

export class Ticker {
  private readonly clock: Clock;
  private readonly time: BatchClock;
  private readonly actor: Pick<Actor, "due">;
  private readonly onDue: () => void;
  private cancel: () => void = () => undefined;
  private stopped = false;

  /** `onDue` is called once for each `watch`, when something is due. */
  constructor(clock: Clock, time: BatchClock, actor: Pick<Actor, "due">, onDue: () => void) {
    this.clock = clock;
    this.time = time;
    this.actor = actor;
    this.onDue = onDue;
  }

  /** Waits for what is due next, which may be something else than before, and for so long in any case. */
  watch(atLeastMs = 0): void {
    this.cancel();
    this.cancel = () => undefined;
    const waitMs = this.time.millisecondsUntil(this.actor.due());
    if (this.stopped || waitMs === Infinity) return;
    const delayMs = Math.min(Math.max(waitMs, atLeastMs), TICK_WAIT_MS_MAX);
    this.cancel = this.clock.after(delayMs, () => this.wake());
  }

  stop(): void {
    this.stopped = true;
    this.cancel();
  }

  private wake(): void {
    if (this.time.millisecondsUntil(this.actor.due()) > 0) this.watch();
    else this.onDue();
  }
}
