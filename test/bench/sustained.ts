/**
 * Which rate an exchange sustains: an open loop raises what it offers in steps until latency breaks, and again between what held
 * and what broke until that is known to a twentieth. The highest step that held then has to hold for the whole time of a
 * measurement; where it does not, lower rates are offered for as long. A step that breaks is taken once more before it counts:
 * it is short, and one pause of the machine is no limit of the exchange.
 */
import type { PhaseReport } from "./phase.js";
import { type BrokenBy, brokenBy } from "./phase-verdict.js";

/** The first step offers this part of what a closed loop did; each next one this many times what the one before did. */
const FIRST_SHARE = 0.5;
const STEP_FACTOR = 1.15;
/** What held and what broke are no further apart in the end. */
const APART_FACTOR_MAX = 1.05;
/** A rate is too much when so many steps of it broke, and none held. */
const BREAKS_TO_COUNT = 2;
const STEPS_MAX = 24;
/** Where the first rate is too much, so many more are offered, each half of the one before; below, the machine has no time for us. */
const LOWER_RATES_MAX = 6;
/** Where that step was good for a moment only, so many more are offered for as long, each this part of the one before. */
const NEAR_ATTEMPTS_MAX = 6;
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
  /** The lowest rate above it that was too much, as a step twice or for the whole time; null: none was. */
  readonly brokeOrdersPerSecond: number | null;
  /** What was measured when it held. */
  readonly held: Step | null;
}

type Offered = Pick<Step, "offeredPerSecond" | "brokenBy">;

/** What to offer next; null when it is known which step was the highest. */
export function nextOffer(
  closedLoopPerSecond: number,
  steps: readonly Offered[],
  stepsMax = STEPS_MAX,
): number | null {
  if (steps.length === stepsMax) return null;
  const last = steps.at(-1);
  const next = last ? nextAfter(last, steps) : Math.round(closedLoopPerSecond * FIRST_SHARE);
  return next === null || next < OFFER_MIN_PER_SECOND ? null : next;
}

function nextAfter(last: Offered, steps: readonly Offered[]): number | null {
  const tooMuch = leastTooMuch(steps);
  const held = mostHeld(steps, tooMuch);
  if (last.brokenBy !== null && last.offeredPerSecond < tooMuch) return last.offeredPerSecond;
  if (held === 0) {
    const rates = new Set(steps.map(({ offeredPerSecond }) => offeredPerSecond));
    return rates.size > LOWER_RATES_MAX ? null : Math.round(tooMuch * FIRST_SHARE);
  }
  const more = Math.round(held * STEP_FACTOR);
  if (more < tooMuch) return more;
  const between = Math.round(Math.sqrt(held * tooMuch));
  return tooMuch <= held * APART_FACTOR_MAX || between === held ? null : between;
}

/** Infinity: nothing was too much. */
function leastTooMuch(steps: readonly Offered[]): number {
  const breaks = new Map<number, number>();
  for (const { offeredPerSecond: rate, brokenBy: by } of steps) {
    if (by !== null) breaks.set(rate, (breaks.get(rate) ?? 0) + 1);
  }
  const counting = [...breaks].filter(([, times]) => times >= BREAKS_TO_COUNT);
  return Math.min(...counting.map(([rate]) => rate));
}

/** The highest rate below another one that held; 0: none did. */
function mostHeld(steps: readonly Offered[], below: number): number {
  const held = steps.filter((step) => step.brokenBy === null && step.offeredPerSecond < below);
  return Math.max(0, ...held.map(({ offeredPerSecond }) => offeredPerSecond));
}

/** `offer` runs an open loop at a rate: as a short step, or for the whole time. */
export async function findSustained(
  closedLoopPerSecond: number,
  offer: (ordersPerSecond: number, length: "step" | "whole") => Promise<PhaseReport>,
  stepsMax?: number,
): Promise<Sustained> {
  const judge = async (rate: number, length: "step" | "whole"): Promise<Step> => {
    const phase = await offer(rate, length);
    return { ...phase, brokenBy: brokenBy(phase) };
  };
  const steps: Step[] = [];
  for (;;) {
    const rate = nextOffer(closedLoopPerSecond, steps, stepsMax);
    if (rate === null) break;
    steps.push(await judge(rate, "step"));
  }
  const attempts: Step[] = [];
  for (const rate of ratesToHold(steps)) {
    attempts.push(await judge(rate, "whole"));
    if (attempts.at(-1)!.brokenBy === null) break;
  }
  return { steps, attempts, ...outcomeOf(steps, attempts) };
}

function outcomeOf(
  steps: readonly Step[],
  attempts: readonly Step[],
): Omit<Sustained, "steps" | "attempts"> {
  const held = attempts.find((attempt) => attempt.brokenBy === null) ?? null;
  const broken = attempts.filter((attempt) => attempt.brokenBy !== null);
  const rates = [leastTooMuch(steps), ...broken.map(({ offeredPerSecond }) => offeredPerSecond)];
  const broke = Math.min(...rates);
  return {
    sustainedOrdersPerSecond: held?.offeredPerSecond ?? 0,
    brokeOrdersPerSecond: broke === Infinity ? null : broke,
    held,
  };
}

/** The highest step that held, some rates a little below it, and then some far below. */
function ratesToHold(steps: readonly Step[]): number[] {
  const highest = mostHeld(steps, leastTooMuch(steps));
  if (highest === 0) return [];
  const rates = [highest];
  const add = (count: number, share: number) => {
    for (let n = 0; n < count; n++) rates.push(Math.round(rates.at(-1)! * share));
  };
  add(NEAR_ATTEMPTS_MAX, NEAR_ATTEMPT_SHARE);
  add(LOWER_ATTEMPTS_MAX, LOWER_ATTEMPT_SHARE);
  return rates.filter((rate) => rate >= OFFER_MIN_PER_SECOND);
}
