/** What a campaign comes to: a line for each drill, as its own report gives it, and one report of all lines. */
import type { DrillReport } from "./report.js";

/** What one drill of a campaign came to; the figures of what it measured are beside it. */
export interface CampaignLine {
  readonly drill: string;
  readonly bit: boolean;
  readonly lost: number | null;
  readonly duplicated: number | null;
  readonly staleCommits: number | null;
  readonly conserved: boolean | null;
  readonly withinBound: boolean;
  readonly ok: boolean;
  /** What is missing here to strike at all. */
  readonly skipped?: string;
  readonly failures?: readonly string[];
}

export interface CampaignReport {
  readonly drills: number;
  readonly failed: number;
  readonly skipped: number;
  readonly withinBound: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly staleCommits: number;
  readonly seconds: number;
}

/** Of a drill that was judged. */
export function lineOf(report: DrillReport): CampaignLine {
  const { name, bit, lost, duplicated, staleCommits, conserved, withinBound, ok } = report;
  const figures = Object.entries(report).filter(([figure]) => /Ms(P50|P99|Max)$/.test(figure));
  return {
    drill: name,
    bit,
    lost,
    duplicated,
    staleCommits,
    conserved,
    withinBound,
    ...Object.fromEntries(figures),
    ok,
    ...(report.failures.length > 0 && { failures: report.failures }),
  };
}

/** Of a drill that was not judged: nothing of it is known but why, which is one of the two. */
export function unjudgedLine(
  drill: string,
  why: Pick<CampaignLine, "failures"> | Pick<CampaignLine, "skipped">,
): CampaignLine {
  return {
    drill,
    bit: false,
    lost: null,
    duplicated: null,
    staleCommits: null,
    conserved: null,
    withinBound: false,
    ok: false,
    ...why,
  };
}

/** How long it took its lines do not say. */
export function campaignReport(lines: readonly CampaignLine[], seconds: number): CampaignReport {
  const sum = (of: "lost" | "duplicated" | "staleCommits") =>
    lines.reduce((total, line) => total + (line[of] ?? 0), 0);
  return {
    drills: lines.length,
    failed: lines.filter(({ ok, skipped }) => !ok && skipped === undefined).length,
    skipped: lines.filter(({ skipped }) => skipped !== undefined).length,
    withinBound: lines.filter(({ withinBound }) => withinBound).length,
    lost: sum("lost"),
    duplicated: sum("duplicated"),
    staleCommits: sum("staleCommits"),
    seconds,
  };
}
