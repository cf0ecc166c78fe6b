/**
 * What those are told who come too many. To refuse must cost little when there is most to refuse, so a few refusals are told
 * in turn to all who come within a moment. They differ in when to try again: who is told the same comes back together.
 */
import type { Clock } from "../ports/clock.js";
import type { Priority } from "./admission.js";
import { OVERLOADED_TOLD_MS } from "./limits.js";
import { type CommandRefusal, exhausted } from "./refusal.js";

/** So much earlier and later than what would do for all. */
export const RETRY_SPREAD = 0.3;
export const RETRY_STEPS = 16;
/** Of one and the next: far apart, and each step comes once before any comes again. */
const STRIDE = 5;

/** Spreads the times that are told one after the other, the same way in each run. */
export class RetrySpread {
  private step = 0;

  next(): number {
    this.step = (this.step + STRIDE) % RETRY_STEPS;
    return this.step;
  }
}

/** The time that a step tells instead of this one. */
export function retryMsAt(retryMs: number, step: number): number {
  const part = (2 * step) / (RETRY_STEPS - 1) - 1;
  return Math.max(1, Math.round(retryMs * (1 + part * RETRY_SPREAD)));
}

/** How long after the earliest moment a step comes, when all of them are spread over so long. */
export function returnMsAt(overMs: number, step: number): number {
  return Math.round((overMs * (step + 1)) / RETRY_STEPS);
}

interface Moment {
  readonly untilMs: number;
  readonly retryMs: number;
  readonly message: string;
  /** By step, as far as they were needed. */
  readonly refusals: (CommandRefusal | undefined)[];
}

export class Overload {
  private readonly clock: Pick<Clock, "now">;
  private readonly spreads: Readonly<Record<Priority, RetrySpread>> = {
    normal: new RetrySpread(),
    high: new RetrySpread(),
  };
  /** Cancels and the like have a longer queue, which takes longer. */
  private readonly moments = new Map<Priority, Moment>();

  constructor(clock: Pick<Clock, "now">) {
    this.clock = clock;
  }

  /** `retryMs`: when the receiver, which answers so many commands a second, has answered those that wait. */
  refusal(
    name: string,
    answersPerSecond: number,
    priority: Priority,
    retryMs: number,
  ): CommandRefusal {
    const now = this.clock.now();
    let moment = this.moments.get(priority);
    if (!moment || moment.untilMs <= now) {
      const rate = Math.round(answersPerSecond);
      const message = `${name} answers ${rate} commands/s and more are waiting than it can answer in time; try again after retry_ms`;
      moment = { untilMs: now + OVERLOADED_TOLD_MS, retryMs, message, refusals: [] };
      this.moments.set(priority, moment);
    }
    const step = this.spreads[priority].next();
    const told = () => exhausted("OVERLOADED", moment.message, retryMsAt(moment.retryMs, step));
    return (moment.refusals[step] ??= told());
  }
}
