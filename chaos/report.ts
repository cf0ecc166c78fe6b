/** What a drill found: what its rounds measured, and what the judges say. */
import type { AuditReport } from "../services/audit/audit.js";
import type { CheckReport } from "./checker/check.js";
import { type Bound, boundsOf, boundText, type Drill, type Round } from "./drills/drill.js";
import type { LoadResult } from "./load/process.js";

/** What the clients under load have sent and were told. */
export type LoadCounts = Pick<LoadResult, "submitted" | "fills" | "resolved" | "unreported">;

/** Figures of what was measured over all rounds, in milliseconds: `resumeMsP50`, `resumeMsP99`, `resumeMsMax`, … */
export interface Figures {
  readonly [figure: `${string}MsP50` | `${string}MsP99` | `${string}MsMax`]: number;
}

export interface DrillReport extends Figures {
  readonly name: string;
  readonly rounds: number;
  /** Did the fault do in each round what it is for? */
  readonly bit: boolean;
  /** Was what users saw of it within the drill's bound? Says little on a machine that does other things. */
  readonly withinBound: boolean;
  /** The bound, like `resumeMsP99 < 500`. */
  readonly bound: string;
  readonly lost: number;
  readonly duplicated: number;
  readonly staleCommits: number;
  readonly conserved: boolean;
  readonly gaps: number;
  readonly contradicted: number;
  readonly journalGaps: number;
  /** Trades that were matched again from the log; what was different then; books of before that the log gives otherwise. */
  readonly repriced: number;
  readonly mispriced: number;
  readonly booksRewritten: number;
  /** Rounds in which the fault did not do what it is for. */
  readonly toothless: number;
  readonly orders: number;
  readonly fills: number;
  /** Commits of deposed nodes that the fence refused: proof that it was needed. */
  readonly fencedCommits: number;
  readonly unknownResolved: number;
  readonly unreported: number;
  readonly snapshotMs: number;
  /** The machine's load average (one minute) before anything was started: what others made it do. */
  readonly loadBefore: number;
  /** What kept it from being done to its end; empty: it was. */
  readonly broken: readonly string[];
  readonly failures: readonly string[];
  /** Is everything as it should be? */
  readonly ok: boolean;
}

const PERCENT_P50 = 0.5;
const PERCENT_P99 = 0.99;
const TENTHS = 10;

/** What the judges have to say of a drill. */
export interface Found {
  readonly drill: Pick<Drill, "name" | "hypothesis" | "about" | "bound" | "rounds">;
  readonly loadBefore: number;
  /** What was not healthy in the end. */
  readonly ails: readonly string[];
  /** What kept it from being done to its end, or the exchange from coming to rest: it was judged all the same. */
  readonly broken: readonly string[];
  readonly rounds: readonly Round[];
  readonly load: LoadCounts;
  readonly checked: CheckReport;
  readonly audited: AuditReport;
}

export function report(found: Found): DrillReport {
  const { drill, loadBefore, ails, broken, rounds, load, checked, audited } = found;
  const toothless = rounds.filter((round) => round.failures.length > 0).length;
  const unhealed = rounds.flatMap((round) => round.unhealed);
  const failures = broken.concat(
    rounds.flatMap((round) => round.failures),
    unhealed,
    ails,
    checked.examples,
  );
  if (audited.firstViolation) failures.push(JSON.stringify(audited.firstViolation));
  if (load.unreported > 0) failures.push(`${load.unreported} orders have no report`);
  const stale = rounds.reduce((sum, round) => sum + round.staleCommits, 0);
  const measured = figures(rounds);
  const wrongs = [...broken, ...unhealed, ...ails];
  const isWell = toothless === 0 && wrongs.length === 0 && load.unreported === 0;
  return {
    name: drill.name,
    rounds: rounds.length,
    bit: rounds.length > 0 && toothless === 0,
    withinBound: ails.length + broken.length === 0 && isWithin(measured, drill.bound),
    bound: boundText(drill.bound),
    ...measured,
    lost: checked.lost,
    duplicated: checked.duplicated,
    staleCommits: checked.staleCommits + stale,
    conserved: checked.conserved && audited.conserved,
    gaps: checked.gaps,
    contradicted: checked.contradicted,
    // The same places, by two programs.
    journalGaps: Math.max(checked.journalGaps, audited.journalGaps),
    repriced: checked.repriced,
    mispriced: checked.mispriced,
    booksRewritten: checked.booksRewritten,
    toothless,
    orders: load.submitted,
    fills: load.fills,
    fencedCommits: rounds.reduce((sum, round) => sum + round.fencedCommits, 0),
    unknownResolved: load.resolved,
    unreported: load.unreported,
    snapshotMs: audited.snapshotMs,
    loadBefore,
    broken,
    failures,
    ok: isWell && stale === 0 && checked.ok && audited.ok,
  };
}

/** Was anything measured of what is bound, and nothing beyond its bound? */
export function isWithin(measured: Figures, bound: Bound): boolean {
  const p99s = boundsOf(bound).flatMap(({ of, ms }) => {
    const p99 = measured[`${of}MsP99`];
    return p99 === undefined ? [] : [p99 < ms];
  });
  return p99s.length > 0 && p99s.every(Boolean);
}

export function figures(rounds: readonly Pick<Round, "samples">[]): Figures {
  const samples = new Map<string, number[]>();
  for (const round of rounds) {
    for (const [name, values] of Object.entries(round.samples)) {
      samples.set(name, [...(samples.get(name) ?? []), ...values]);
    }
  }
  const found: Record<string, number> = {};
  for (const [name, values] of samples) {
    if (values.length === 0) continue;
    found[`${name}MsP50`] = percentile(values, PERCENT_P50);
    found[`${name}MsP99`] = percentile(values, PERCENT_P99);
    found[`${name}MsMax`] = percentile(values, 1);
  }
  return found;
}

/** The smallest value that so large a part of the values does not exceed, in milliseconds, to the tenth. */
function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? 0;
  return Math.round(value * TENTHS) / TENTHS;
}
