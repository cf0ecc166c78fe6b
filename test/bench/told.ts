/** What load processes tell of their orders: how many were sent, accepted and refused from moment to moment, and how long they waited. */
import type { Moments } from "../../chaos/load/moments.js";
import { COMMAND_REFUSALS } from "../../services/gateway/refusal.js";

/** After a burst, answers are looked at in spans of so long. */
export const SPAN_MS = 100;
/** One good span may be luck; so many on end are not. */
export const NORMAL_SPANS = 5;
/** A report has what went on in spans of so long. */
export const TIMELINE_SPAN_MS = 500;
/** More orders than this part of them waiting too long, and it is not normal. */
const LATE_SHARE_MAX = 0.01;
const PERCENT = 100;
/** What a gateway refuses for now: what the ledger does not accept is for good, and has no hint. */
const FOR_NOW = new Set<string>(COMMAND_REFUSALS);

/** What was sent and what was answered in a span of time; waits are of what was accepted in it, whenever that was sent. */
export interface TimelineSpan {
  /** Since the burst began. */
  readonly atMs: number;
  readonly offered: number;
  readonly accepted: number;
  readonly refused: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

interface Refusal {
  readonly atMs: number;
  readonly code: string;
  /** 0: it was not said when to try again. */
  readonly retryMs: number;
}

interface Acceptance {
  readonly atMs: number;
  readonly waitMs: number;
}

/** Moments are milliseconds since 1970; a time between two of them is without the second. */
export class ToldOrders {
  private readonly sent: readonly number[];
  private readonly refused: readonly Refusal[];
  private readonly accepted: readonly Acceptance[];
  /** By process. */
  private readonly punctual: readonly (readonly number[])[];

  constructor(told: readonly Moments[]) {
    this.sent = told.flatMap(({ originMs, sent }) => sent.map((at) => originMs + at));
    this.refused = told.flatMap(({ originMs, refused }) =>
      refused.map(([at, code, retryMs]) => ({ atMs: originMs + at, code, retryMs })),
    );
    this.punctual = told.map(({ originMs, punctual }) => punctual.map((at) => originMs + at));
    this.accepted = told.flatMap(({ originMs, accepted }) =>
      accepted.map(([at, waitMs]) => ({ atMs: originMs + at, waitMs })),
    );
  }

  sentBetween(fromMs: number, untilMs: number): number {
    return countBetween(this.sent, fromMs, untilMs);
  }

  /** Null: nothing was sent. */
  get lastSentMs(): number | null {
    if (this.sent.length === 0) return null;
    return this.sent.reduce((latest, at) => Math.max(latest, at));
  }

  /** From a moment on: when each process has once not been behind with what it was to send. Null: one always was. */
  punctualAfter(fromMs: number): number | null {
    const firsts = this.punctual.map((moments) => moments.find((at) => at >= fromMs) ?? Infinity);
    const last = firsts.reduce((latest, at) => Math.max(latest, at), fromMs);
    return last === Infinity ? null : last;
  }

  refusedBetween(fromMs: number, untilMs: number): number {
    return Object.values(this.refusalsBetween(fromMs, untilMs)).reduce((sum, n) => sum + n, 0);
  }

  /** By gateways, which are to say each time when to try again. */
  get refusedWithoutHint(): number {
    return this.refused.filter(({ code, retryMs }) => retryMs === 0 && FOR_NOW.has(code)).length;
  }

  /** By code. */
  refusalsBetween(fromMs: number, untilMs: number): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { atMs, code } of this.refused) {
      if (atMs >= fromMs && atMs < untilMs) counts[code] = (counts[code] ?? 0) + 1;
    }
    return counts;
  }

  /** The waits of what was accepted in that time, the shortest first. */
  acceptedBetween(fromMs: number, untilMs: number): number[] {
    return this.waits(({ atMs }) => atMs >= fromMs && atMs < untilMs);
  }

  /** The waits of what was sent in that time and accepted at some time, the shortest first. */
  waitsOfSentBetween(fromMs: number, untilMs: number): number[] {
    return this.waits(({ atMs, waitMs }) => atMs - waitMs >= fromMs && atMs - waitMs < untilMs);
  }

  /**
   * How long after a moment all is normal: the end of the first of some spans on end in which there were acceptances, no
   * refusal, and hardly any order that waited for longer than a limit. Such an order counts in each span until its answer
   * has come, so what is answered long after is not normal until then. Null: there were none until the end.
   */
  normalAfter(fromMs: number, untilMs: number, limitMs: number): number | null {
    let normal = 0;
    for (let at = fromMs; at + SPAN_MS <= untilMs; at += SPAN_MS) {
      normal = this.isNormal(at, at + SPAN_MS, limitMs) ? normal + 1 : 0;
      if (normal === NORMAL_SPANS) return at - (NORMAL_SPANS - 2) * SPAN_MS - fromMs;
    }
    return null;
  }

  /** `burstFromMs`: what the spans' times count from. */
  timeline(fromMs: number, untilMs: number, burstFromMs: number): TimelineSpan[] {
    const spans: TimelineSpan[] = [];
    for (let at = fromMs; at < untilMs; at += TIMELINE_SPAN_MS) {
      const end = at + TIMELINE_SPAN_MS;
      const waits = this.acceptedBetween(at, end);
      spans.push({
        atMs: Math.round(at - burstFromMs),
        offered: this.sentBetween(at, end),
        accepted: waits.length,
        refused: this.refusedBetween(at, end),
        p50Ms: percentileOf(waits, 50),
        p99Ms: percentileOf(waits, 99),
      });
    }
    return spans;
  }

  private isNormal(fromMs: number, untilMs: number, limitMs: number): boolean {
    const isLate = ({ atMs, waitMs }: Acceptance) =>
      atMs >= fromMs && waitMs > limitMs && atMs - waitMs + limitMs < untilMs;
    const late = this.accepted.filter(isLate).length;
    const inTime = this.acceptedBetween(fromMs, untilMs).filter((wait) => wait <= limitMs).length;
    const hasRefused = this.refusedBetween(fromMs, untilMs) > 0;
    return inTime > 0 && !hasRefused && late <= LATE_SHARE_MAX * (inTime + late);
  }

  private waits(isMeant: (acceptance: Acceptance) => boolean): number[] {
    return this.accepted
      .filter(isMeant)
      .map(({ waitMs }) => waitMs)
      .sort((a, b) => a - b);
  }
}

/** Of values of which the smallest is the first; null: there are none. */
export function percentileOf(sorted: readonly number[], percent: number): number | null {
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / PERCENT) - 1)] ?? null;
}

function countBetween(moments: readonly number[], fromMs: number, untilMs: number): number {
  let count = 0;
  for (const at of moments) if (at >= fromMs && at < untilMs) count += 1;
  return count;
}
