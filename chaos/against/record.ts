/** What is kept of a drill at a running exchange: all that its report is made of, so that it can be made again. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { PAGE_FILE, writeRecord } from "../evidence/folder.js";
import { writeManifest } from "../evidence/manifest.js";
import { commitOfCode } from "../evidence/record.js";
import { livePage } from "../page/live-page.js";
import { liveDrillOf } from "./drills/catalog.js";
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
  readonly report: LiveReport;
}

/** What a drill has found, and from what. */
export interface LiveOutcome {
  readonly findings: LiveFindings;
  readonly evidence: Evidence | null;
}

/** Writes it into its folder. What was done is reported in any case: that it could not be kept is a failure among others. */
export async function keepLive(
  folder: string,
  startedAt: string,
  outcome: LiveOutcome,
): Promise<LiveReport> {
  const { findings } = outcome;
  try {
    await writeLive(folder, startedAt, outcome);
    return liveReport(findings);
  } catch (error) {
    const failure = `EVIDENCE_NOT_KEPT: ${(error as Error).message}`;
    return liveReport({ ...findings, otherFailures: [...findings.otherFailures, failure] });
  }
}

async function writeLive(
  folder: string,
  startedAt: string,
  { findings, evidence }: LiveOutcome,
): Promise<void> {
  const { drill, verdict: _, ...found } = findings;
  const commit = commitOfCode();
  const record: LiveRecord = {
    ...found,
    drill: drill.name,
    startedAt,
    commit,
    evidence: evidence && { ...evidence, known: [...evidence.known] },
    report: liveReport(findings),
  };
  writeFileSync(join(folder, PAGE_FILE), livePage(writeRecord(folder, record)));
  await writeManifest(folder, { kind: "live", drill: drill.name, seed: null, commit });
}

/** The report, from all that it is made of. */
export function reportAgain({ drill, evidence, ...found }: LiveRecord): LiveReport {
  const verdict = evidence && judge({ ...evidence, known: new Map(evidence.known) });
  return liveReport({ ...found, drill: liveDrillOf(drill), verdict });
}
