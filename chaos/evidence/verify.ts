/**
 * Judges the evidence of a drill again, from its files alone: the same checker reads the rows that were written instead of
 * a database, and what it finds is compared with what the report says.
 */
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import {
  type DayRecord,
  dayReportAgain,
  hasEvidence,
  pageOfDay,
  unplannedLine,
} from "../against/day-record.js";
import { stepFolder, type StepLine } from "../against/game-day.js";
import { type LiveRecord, metricsFiles, reportAgain } from "../against/record.js";
import { type CampaignLine, campaignReport, lineOf, unjudgedLine } from "../campaign-report.js";
import { check, type CheckReport } from "../checker/check.js";
import { Extract } from "../checker/extract.js";
import { report } from "../report.js";
import { drillPage } from "../page/drill-page.js";
import { livePage } from "../page/live-page.js";
import {
  type CampaignRecord,
  clientsFolder,
  drillFolder,
  metricsFolder,
  PAGE_FILE,
  pageOfCampaign,
  RECORD_FILE,
  tablesFolder,
} from "./folder.js";
import { checkSums, EvidenceError, type Manifest, MANIFEST, readManifest } from "./manifest.js";
import { pageDifference } from "./pages.js";
import { type DrillRecord, toldWithin } from "./record.js";

export interface Verification {
  readonly folder: string;
  /** The drill's name, `all`, or a game day's name. */
  readonly drill: string;
  /** Does the evidence say what the report says? */
  readonly verified: boolean;
  /** Is everything as it should be, by the report? */
  readonly ok: boolean;
  /** How much it names that is not; of several drills, how many of them failed. */
  readonly wrongs: number;
  /** Null: that is not known. */
  readonly lost: number | null;
  readonly duplicated: number | null;
  readonly staleCommits: number | null;
  /** Why it was ended before its time; null: it was not. */
  readonly aborted: string | null;
  /** The first difference, with what was found now; empty when there is none. */
  readonly difference: string;
}

/** Throws `EvidenceError` when the folder is no evidence, or not what it was. */
export async function verifyEvidence(folder: string): Promise<Verification> {
  const manifest = readManifest(folder);
  await checkSums(folder, manifest);
  if (manifest.kind === "drill") return verifyDrill(folder, manifest);
  if (manifest.kind === "live") return verifyLive(folder, manifest);
  const inside: Verification[] = [];
  for (const path of Object.keys(manifest.files)) {
    if (path.endsWith(`/${MANIFEST}`))
      inside.push(await verifyEvidence(join(folder, dirname(path))));
  }
  return manifest.kind === "game-day"
    ? verifyDay(folder, inside, manifest)
    : verifyCampaign(folder, inside, manifest);
}

async function verifyDrill(folder: string, { commit }: Manifest): Promise<Verification> {
  const record = readRecord<DrillRecord>(folder);
  const checked = await judge(folder);
  const startedAt = Date.parse(record.startedAt);
  const told = await toldWithin(clientsFolder(folder), startedAt, record.lengthMs);
  const found = { ...record.found, checked };
  const difference =
    firstDifference("found.checked", record.found.checked, checked) ??
    firstDifference("report", record.report, report(found)) ??
    firstDifference("clients", record.clients, told.clients) ??
    firstDifference("latency", record.latency, told.latency) ??
    firstDifference("commit", record.commit, commit) ??
    pageDifference(folder, commit, () => drillPage(record));
  const { name, ok, failures, lost, duplicated, staleCommits } = report(found);
  const reasons = difference === null ? [] : [difference, ...checked.examples];
  return {
    folder,
    drill: name,
    verified: difference === null,
    ok,
    wrongs: failures.length,
    lost,
    duplicated,
    staleCommits,
    // One at an exchange of its own that is ended early is not judged.
    aborted: null,
    difference: reasons.join("; "),
  };
}

/** Its report is made again from what the probe saw and what the exchange said of it. */
function verifyLive(folder: string, { commit, files }: Manifest): Verification {
  const record = readRecord<LiveRecord>(folder);
  const again = reportAgain(record);
  const difference =
    firstDifference("report", record.report, again) ??
    firstDifference("commit", record.commit, commit) ??
    firstDifference("around.metrics", metricsFiles(record).toSorted(), metricsIn(files)) ??
    // Those of before had no page.
    (PAGE_FILE in files ? pageDifference(folder, commit, () => livePage(record)) : null);
  const { name: drill, ok, lost, duplicated, staleCommits, aborted } = again;
  const verified = difference === null;
  return {
    folder,
    drill,
    verified,
    ok,
    wrongs: again.failures.length,
    lost,
    duplicated,
    staleCommits,
    aborted,
    difference: difference ?? "",
  };
}

function metricsIn(files: Manifest["files"]): string[] {
  const inside = `${metricsFolder("")}/`;
  return Object.keys(files)
    .filter((path) => path.startsWith(inside))
    .toSorted();
}

/** Each line is what its drill's own folder says, and the campaign is what its lines come to. */
function verifyCampaign(
  folder: string,
  drills: readonly Verification[],
  { commit, seed }: Manifest,
): Verification {
  const record = readRecord<CampaignRecord>(folder);
  const { report: said, lines } = record;
  const wrong = drills.find(({ verified }) => !verified);
  const again = campaignReport(lines, said.seconds);
  const names = drills.map((drill) => basename(drill.folder));
  const difference = wrong
    ? `${basename(wrong.folder)}: ${wrong.difference}`
    : (unprovedDrill(folder, lines) ??
      untoldDrill(lines, names) ??
      firstDifference("report", said, again) ??
      firstDifference("seed", record.seed, seed) ??
      pageDifference(folder, commit, () => pageOfCampaign(folder, record)));
  const sum = (of: "lost" | "duplicated" | "staleCommits") =>
    drills.reduce((total, each) => total + (each[of] ?? 0), 0);
  return {
    folder,
    drill: "all",
    verified: difference === null,
    ok: again.failed === 0 && drills.every(({ ok }) => ok),
    wrongs: again.failed,
    lost: sum("lost"),
    duplicated: sum("duplicated"),
    staleCommits: sum("staleCommits"),
    aborted: null,
    difference: difference ?? "",
  };
}

/** The first line that is not what the folder of its drill says; null: there is none. One without a folder was not judged. */
function unprovedDrill(folder: string, lines: readonly CampaignLine[]): string | null {
  const told = new Set<string>();
  for (const line of lines) {
    const { drill, skipped, failures } = line;
    if (told.has(drill)) return `two lines of ${RECORD_FILE} are of ${drill}`;
    told.add(drill);
    const own = drillFolder(folder, drill);
    const found = existsSync(join(own, MANIFEST))
      ? lineOf(readRecord<DrillRecord>(own).report)
      : unjudgedLine(drill, skipped === undefined ? { failures: failures ?? [] } : { skipped });
    const difference = firstDifference(`lines.${drill}`, line, found);
    if (difference !== null) return difference;
  }
  return null;
}

/** A drill that has left evidence, and is in no line; null: there is none. */
function untoldDrill(lines: readonly CampaignLine[], folders: readonly string[]): string | null {
  const told = new Set(lines.map(({ drill }) => drill));
  return untold(folders.find((each) => !told.has(each)));
}

/** Each line is what its step's own folder says, and the day is what its lines come to. */
function verifyDay(
  folder: string,
  steps: readonly Verification[],
  { commit }: Manifest,
): Verification {
  const record = readRecord<DayRecord>(folder);
  const { lines, report: said } = record;
  const wrong = steps.find(({ verified }) => !verified);
  const again = dayReportAgain(record);
  const names = steps.map((step) => basename(step.folder));
  const difference = wrong
    ? `${basename(wrong.folder)}: ${wrong.difference}`
    : (unprovedLine(folder, record) ??
      untoldStep(lines, names) ??
      unplannedLine(record) ??
      firstDifference("report", said, again) ??
      firstDifference("commit", record.commit, commit) ??
      pageDifference(folder, commit, () => pageOfDay(folder, record)));
  return {
    folder,
    drill: said.gameDay,
    verified: difference === null,
    ok: again.ok && steps.every(({ ok }) => ok),
    wrongs: again.failed,
    lost: again.lost,
    duplicated: again.duplicated,
    staleCommits: null,
    aborted: again.aborted,
    difference: difference ?? "",
  };
}

/** The first line that is not what the folder of its step says; null: there is none. A step that was refused says nothing. */
function unprovedLine(folder: string, { lines, against }: DayRecord): string | null {
  for (const [at, line] of lines.entries()) {
    const { step, lateMs: _, ...said } = line;
    if (step !== at + 1) return `line ${at + 1} is of step ${step}`;
    if (hasEvidence(folder, line)) {
      const found = readRecord<LiveRecord>(stepFolder(folder, step, line.name)).report;
      const difference = firstDifference(`lines.${step}`, said, found);
      if (difference !== null) return difference;
    } else if (!("refused" in line)) return `step ${step} has no evidence for what it says`;
    if ("against" in line && line.against !== against)
      return `step ${step} was at another exchange`;
  }
  return null;
}

/** A step that has left evidence, and is in no line; null: there is none. */
function untoldStep(lines: readonly StepLine[], folders: readonly string[]): string | null {
  const told = new Set(lines.map(({ step, name }) => basename(stepFolder("", step, name))));
  return untold(folders.find((each) => !told.has(each)));
}

function untold(folder: string | undefined): string | null {
  return folder === undefined ? null : `no line of ${RECORD_FILE} is of ${folder}`;
}

async function judge(folder: string): Promise<CheckReport> {
  try {
    return await check(clientsFolder(folder), new Extract(tablesFolder(folder)), "plain");
  } catch (error) {
    throw new EvidenceError("EVIDENCE_UNREADABLE", `${folder}: ${(error as Error).message}`);
  }
}

function readRecord<Kept>(folder: string): Kept {
  const path = join(folder, RECORD_FILE);
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Kept;
  } catch (error) {
    throw new EvidenceError("EVIDENCE_UNREADABLE", `${path}: ${(error as Error).message}`);
  }
}

/** Where two values, as JSON has them, differ first; null where they do not. */
export function firstDifference(path: string, said: unknown, found: unknown): string | null {
  if (isObject(said) && isObject(found)) {
    for (const key of new Set([...Object.keys(said), ...Object.keys(found)])) {
      const difference = firstDifference(`${path}.${key}`, said[key], found[key]);
      if (difference !== null) return difference;
    }
    return null;
  }
  if (said === found) return null;
  return `${path} is ${text(said)} in ${RECORD_FILE}, and the evidence says ${text(found)}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function text(value: unknown): string {
  return value === undefined ? "not there" : JSON.stringify(value);
}
