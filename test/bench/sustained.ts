/**
 * Which rate an exchange sustains: an open loop raises what it offers in steps until latency breaks, and the highest step
 * that held then has to hold for the whole time of a measurement. Where it does not, lower rates are offered for as long.
 */
import type { PhaseReport } from "./phase.js";
import { type BrokenBy, brokenBy } from "./phase-verdict.js";

/** The first step offers this part of what a closed loop did; each next one this many times what the one before did. */
const FIRST_SHARE = 0.5;
const STEP_FACTOR = 1.15;
const STEPS_MAX = 12;
/** Where the first step is too much, so many more offer the same part of the one before; below, the machine has no time for us. */
const LOWER_STEPS_MAX = 6;
/** Where that step was good for a moment only, so many more are offered for as long, each this part of the one before. */
const NEAR_ATTEMPTS_MAX = 5;
const NEAR_ATTEMPT_SHARE = 0.95;
/** Where none of these holds either, so many more, each this part of the one before. */
const LOWER_ATTEMPTS_MAX = 4;
const LOWER_ATTEMPT_SHARE = 0.75;
const OFFER_MIN_PER_SECOND = 10;

/** One rate that was offered, and whether it held. */
export interface Step extends PhaseReport {
  readonly brokenBy: BrokenBy | null;
}

export interface Sustained {
  readonly steps: readonly Step[];
  /** What was offered for the whole time, the highest first; the last has held, or none has. */
  readonly attempts: readonly Step[];
  /** The highest rate that held as long as was asked for; 0: none did. */
  readonly sustainedOrdersPerSecond: number;
  /** What was measured when it did. */
  readonly held: Step | null;
}

/** What to offer next; null when it is known which step was the highest. */
export function nextOffer(
  closedLoopPerSecond: number,
  steps: readonly Pick<Step, "offeredPerSecond" | "brokenBy">[],
): number | null {
  const broke = steps.some((step) => step.brokenBy !== null);
  const held = steps.some((step) => step.brokenBy === null);
  if ((broke && held) || steps.length === (broke ? LOWER_STEPS_MAX + 1 : STEPS_MAX)) return null;
  const last = steps.at(-1)?.offeredPerSecond;
  const next =
    (last ?? closedLoopPerSecond) * (last === undefined || broke ? FIRST_SHARE : STEP_FACTOR);
  return next < OFFER_MIN_PER_SECOND ? null : Math.round(next);
}

/** `offer` runs an open loop at a rate: as a short step, or for the whole time. */
export async function findSustained(
  closedLoopPerSecond: number,
  offer: (ordersPerSecond: number, length: "step" | "whole") => Promise<PhaseReport>,
): Promise<Sustained> {
  const judge = async (rate: number, length: "step" | "whole"): Promise<Step> => {
    const phase = await offer(rate, length);
    return { ...phase, brokenBy: brokenBy(phase) };
  };
  const steps: Step[] = [];
  for (;;) {
    const rate = nextOffer(closedLoopPerSecond, steps);
    if (rate === null) break;
    steps.push(await judge(rate, "step"));
  }
  const attempts: Step[] = [];
  for (const rate of ratesToHold(steps)) {
    const attempt = await judge(rate, "whole");
    attempts.push(attempt);
    if (attempt.brokenBy === null) {
      return { steps, attempts, sustainedOrdersPerSecond: rate, held: attempt };
    }
  }
  return { steps, attempts, sustainedOrdersPerSecond: 0, held: null };
}

/** The highest step that held, some rates a little below it, and then some far below. */
function ratesToHold(steps: readonly Step[]): number[] {
  const highest = steps.findLast(({ brokenBy: by }) => by === null);
  if (!highest) return [];
  const rates = [highest.offeredPerSecond];
  const add = (count: number, share: number) => {
    for (let n = 0; n < count; n++) rates.push(Math.round(rates.at(-1)! * share));
  };
  add(NEAR_ATTEMPTS_MAX, NEAR_ATTEMPT_SHARE);
  add(LOWER_ATTEMPTS_MAX, LOWER_ATTEMPT_SHARE);
  return rates.filter((rate) => rate >= OFFER_MIN_PER_SECOND);
}
