/** What is kept of a drill at a running exchange: all that its report is made of, so that it can be made again. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { PAGE_FILE, writeRecord } from "../evidence/folder.js";
import { writeManifest } from "../evidence/manifest.js";
import { commitOfCode } from "../evidence/record.js";
import { livePage } from "../page/live-page.js";
import type { Around } from "./around.js";
import { liveDrillOf } from "./drills/catalog.js";
import { pausesOf } from "./pauses.js";
import { type LiveFindings, type LiveReport, liveReport } from "./report.js";
import { type Evidence, judge } from "./verdict.js";

/** As JSON has it: what is known of orders is a list of pairs. */
type KeptEvidence = Omit<Evidence, "known"> & {
  readonly known: readonly [
    string,
    Evidence["known"] extends ReadonlyMap<string, infer V> ? V : never,
  ][];
};

export interface LiveRecord extends Omit<LiveFindings, "drill" | "verdict"> {
  readonly drill: string;
  readonly startedAt: string;
  /** Of the code; null where that is not known. */
  readonly commit: string | null;
  /** What the verdict was made of; null: the exchange could not be asked. */
  readonly evidence: KeptEvidence | null;
  /** When each market was heard of; absent, like what was around, from records of before. */
  readonly heard?: KeptHeard;
  readonly around?: Around;
  readonly report: LiveReport;
}

type KeptHeard = readonly (readonly [string, readonly number[]])[];

/** What a drill has found, and from what. */
export interface LiveOutcome {
  readonly findings: LiveFindings;
  readonly evidence: Evidence | null;
  readonly heard: KeptHeard;
}

/** When a drill began, and at what exchange. */
export interface Circumstances {
  readonly startedAt: string;
  readonly around: Around;
}

/** Writes it into its folder. What was done is reported in any case: that it could not be kept is a failure among others. */
export async function keepLive(
  folder: string,
  circumstances: Circumstances,
  outcome: LiveOutcome,
): Promise<LiveReport> {
  const { findings } = outcome;
  try {
    await writeLive(folder, circumstances, outcome);
    return liveReport(findings);
  } catch (error) {
    const failure = `EVIDENCE_NOT_KEPT: ${(error as Error).message}`;
    return liveReport({ ...findings, otherFailures: [...findings.otherFailures, failure] });
  }
}

async function writeLive(
  folder: string,
  circumstances: Circumstances,
  { findings, evidence, heard }: LiveOutcome,
): Promise<void> {
  const { drill, verdict: _, ...found } = findings;
  const commit = commitOfCode();
  const record: LiveRecord = {
    ...found,
    ...circumstances,
    drill: drill.name,
    commit,
    evidence: evidence && { ...evidence, known: [...evidence.known] },
    heard,
    report: liveReport(findings),
  };
  writeFileSync(join(folder, PAGE_FILE), livePage(writeRecord(folder, record)));
  await writeManifest(folder, { kind: "live", drill: drill.name, seed: null, commit });
}

/** The report, from all that it is made of: also how long markets said nothing, where it is known when they were heard of. */
export function reportAgain({ drill, evidence, heard, ...found }: LiveRecord): LiveReport {
  const verdict = evidence && judge({ ...evidence, known: new Map(evidence.known) });
  const rounds = found.rounds.map((round) => {
    const pauses = heard && pausesOf(round.plan.symbols, round.span, new Map(heard));
    return { ...round, samples: { ...round.samples, ...pauses } };
  });
  return liveReport({ ...found, rounds, drill: liveDrillOf(drill), verdict });
}

/** The files of metrics that are beside a record. */
export function metricsFiles({ around }: LiveRecord): string[] {
  return Object.values(around?.metrics.value ?? {}).flatMap(({ value }) => value ?? []);
}
