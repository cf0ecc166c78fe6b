/**
 * Which rate an exchange sustains: an open loop raises what it offers in steps until latency breaks, and the highest step
 * that held then has to hold for the whole time of a measurement.
 */
import { type PhaseReport, TURNED_AWAY_SHARE_MAX, turnedAwayShare } from "./phase.js";

/** When a rate has held: most orders are accepted so fast, and hardly any is left over. */
export const ACCEPT_P99_LIMIT_MS = 100;
export const REPORTED_SHARE_MIN = 0.97;
/** More late orders than this part, and it is the load processes that do not keep up: nothing is known of the exchange. */
export const LATE_SHARE_MAX = 0.05;

/** The first step offers this part of what a closed loop did; each next one this many times what the one before did. */
const FIRST_SHARE = 0.5;
const STEP_FACTOR = 1.15;
const STEPS_MAX = 12;
/** Where the first step is too much, so many more offer the same part of the one before; below, the machine has no time for us. */
const LOWER_STEPS_MAX = 3;
const OFFER_MIN_PER_SECOND = 10;
/** What is due so shortly before the end is reported after it. */
const REPORT_GRACE_SECONDS = 0.25;

export type BrokenBy = "latency" | "throughput" | "refusals" | "clients";

type Judged = Pick<
  PhaseReport,
  | "offeredPerSecond"
  | "ordersPerSecond"
  | "seconds"
  | "acceptMsP99"
  | "lateSends"
  | "orders"
  | "rejected"
  | "refused"
>;

/** One rate that was offered, and whether it held. */
export interface Step extends PhaseReport {
  readonly reportedShare: number;
  readonly brokenBy: BrokenBy | null;
}

export interface Sustained {
  readonly steps: readonly Step[];
  /** The highest rate that held as long as was asked for; 0: none did. */
  readonly sustainedOrdersPerSecond: number;
  /** What was measured when it did. */
  readonly held: Step | null;
}

/** Of the orders that were due early enough, how many were reported while orders were being sent. */
export function reportedShare({ offeredPerSecond, ordersPerSecond, seconds }: Judged): number {
  const due = offeredPerSecond * (seconds - REPORT_GRACE_SECONDS);
  return Math.min(1, Math.round(((ordersPerSecond * seconds) / due) * 1_000) / 1_000);
}

export function brokenBy(phase: Judged): BrokenBy | null {
  if (phase.lateSends > LATE_SHARE_MAX * phase.orders) return "clients";
  if (turnedAwayShare(phase) > TURNED_AWAY_SHARE_MAX) return "refusals";
  if (reportedShare(phase) < REPORTED_SHARE_MIN) return "throughput";
  return phase.acceptMsP99 > ACCEPT_P99_LIMIT_MS ? "latency" : null;
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
    return { ...phase, reportedShare: reportedShare(phase), brokenBy: brokenBy(phase) };
  };
  const steps: Step[] = [];
  for (;;) {
    const rate = nextOffer(closedLoopPerSecond, steps);
    if (rate === null) break;
    steps.push(await judge(rate, "step"));
  }
  const candidates = steps.filter((step) => step.brokenBy === null).toReversed();
  for (const { offeredPerSecond } of candidates) {
    const held = await judge(offeredPerSecond, "whole");
    if (held.brokenBy === null) {
      return { steps, sustainedOrdersPerSecond: offeredPerSecond, held };
    }
  }
  return { steps, sustainedOrdersPerSecond: 0, held: null };
}
