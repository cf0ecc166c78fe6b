/** What a phase is worth: whether it held what was offered, what it has left undone, and whether its numbers say anything. */
import type { PhaseReport } from "./phase.js";

/** When a rate has held: most orders are accepted so fast, and hardly any is left over. */
export const ACCEPT_P99_LIMIT_MS = 100;
export const REPORTED_SHARE_MIN = 0.97;
/** More late orders than this part, and it is the load processes that do not keep up: nothing is known of the exchange. */
export const LATE_SHARE_MAX = 0.05;
/** What is refused or rejected costs less than what is done: with more of it, numbers are not of the stated mix. */
export const TURNED_AWAY_SHARE_MAX = 0.01;
/** An order that meets nobody costs less than a trade: where fewer trade, numbers are not of the stated mix. */
export const CROSSING_TRADED_SHARE_MIN = 0.9;
/**
 * The inboxes have to be empty so soon after the last order, or, where the machine has no time for us, within so many times
 * what the slowest orders took: more would be work that was put off.
 */
const INBOXES_EMPTY_LIMIT_MS = 1_000;
const INBOXES_EMPTY_FILLS = 2;
const PERCENT = 100;
const TENTHS = 10;

export type BrokenBy = "loss" | "clients" | "refusals" | "throughput" | "latency";

type Judged = Pick<
  PhaseReport,
  | "accepted99PercentMs"
  | "lateSends"
  | "orders"
  | "refused"
  | "rejected"
  | "reportedShare"
  | "unreported"
>;

/** What keeps a rate from having held, the worst first; null: it has. */
export function brokenBy(phase: Judged): BrokenBy | null {
  return whatBreaks(phase)[0] ?? null;
}

function whatBreaks(phase: Judged): BrokenBy[] {
  const { accepted99PercentMs, lateSends, orders, reportedShare, unreported } = phase;
  const broken: Readonly<Record<BrokenBy, boolean>> = {
    loss: unreported > 0,
    clients: lateSends > LATE_SHARE_MAX * orders,
    refusals: turnedAwayShare(phase) > TURNED_AWAY_SHARE_MAX,
    throughput: (reportedShare ?? 0) < REPORTED_SHARE_MIN,
    latency: (accepted99PercentMs ?? Infinity) > ACCEPT_P99_LIMIT_MS,
  };
  const all: BrokenBy[] = ["loss", "clients", "refusals", "throughput", "latency"];
  return all.filter((each) => broken[each]);
}

/** Why the numbers of a phase say nothing of the exchange; null: they do. */
export function notMeasured(phase: PhaseReport): string | null {
  const { offeredPerSecond, ordersPerSecond, orders, lateSends, reportedShare } = phase;
  if (ordersPerSecond === 0) return "no order was reported while orders were being sent";
  if (offeredPerSecond === 0) return null;
  const broken = whatBreaks(phase);
  const noRoom = "the machine has no room for this measurement";
  if (broken.includes("clients")) {
    return `${noRoom}: the load processes sent ${orders} orders, and ${lateSends} late or not at all`;
  }
  if (broken.includes("throughput")) {
    const share = percentOf(reportedShare ?? 0);
    return `${noRoom}: of ${offeredPerSecond} orders/s only ${share} were reported in time`;
  }
  return null;
}

/** Whatever makes the numbers of a phase worthless; of a short run, of which no number means anything, what went wrong. */
export function failuresOf(name: string, phase: PhaseReport, isShort: boolean): string[] {
  const failures = [...leftOver(name, phase), ...turnedAway(name, phase)];
  if (isShort) return failures;
  const why = notMeasured(phase);
  return [...failures, ...thinBooks(name, phase), ...(why === null ? [] : [`${name}: ${why}`])];
}

export function turnedAway(name: string, phase: PhaseReport): string[] {
  if (turnedAwayShare(phase) <= TURNED_AWAY_SHARE_MAX) return [];
  const { refused, rejected, orders } = phase;
  return [`${name}: of ${orders} orders ${refused} were refused and ${rejected} rejected`];
}

/** Too many crossing orders met nobody. */
export function thinBooks(
  name: string,
  { crossingTradedShare }: Pick<PhaseReport, "crossingTradedShare">,
): string[] {
  if (crossingTradedShare === null || crossingTradedShare >= CROSSING_TRADED_SHARE_MIN) return [];
  return [`${name}: only ${percentOf(crossingTradedShare)} of the crossing orders traded`];
}

function percentOf(share: number): string {
  return `${Math.round(share * PERCENT * TENTHS) / TENTHS} %`;
}

/** The part of the orders that came to nothing. */
export function turnedAwayShare({
  orders,
  rejected,
  refused,
}: Pick<PhaseReport, "orders" | "rejected" | "refused">): number {
  return (rejected + refused) / Math.max(1, orders);
}

/** What was not done when the phase was over: of a warm-up, and of a step that breaks, as well. */
export function leftOver(
  name: string,
  phase: Pick<PhaseReport, "unreported" | "inboxesEmptyMs" | "fillMsP99">,
): string[] {
  const failures: string[] = [];
  if (phase.unreported > 0) failures.push(`${name}: ${phase.unreported} orders have no report`);
  const limitMs = Math.max(INBOXES_EMPTY_LIMIT_MS, INBOXES_EMPTY_FILLS * (phase.fillMsP99 ?? 0));
  if (phase.inboxesEmptyMs > limitMs) {
    failures.push(`${name}: the inboxes were empty only after ${phase.inboxesEmptyMs} ms`);
  }
  return failures;
}
