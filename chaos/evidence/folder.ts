/**
 * The evidence of a drill, as files that anybody can read, carry off and judge again:
 *
 *   report.html, report.json   what was found, for people and for programs
 *   clients/                   what each client was told, in its own words
 *   tables/                    the rows of the database that the checker needs
 *   metrics/                   what each process counted, when all was over
 *   plan.json                  what a seed drew, of a drill that draws what it does
 *   manifest.json              what it is of, and the sum of each file
 */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { clientLogFiles } from "../checker/client-logs.js";
import { compress } from "../checker/lines.js";
import { NOTED_BOOKS_FILE, notedBooksFile } from "../checker/noted-books.js";
import { campaignPage } from "../page/campaign-page.js";
import { drillPage } from "../page/drill-page.js";
import type { CampaignLine, CampaignReport } from "../campaign-report.js";
import { writeManifest } from "./manifest.js";
import { commitOfCode, type DrillRecord } from "./record.js";

export const RECORD_FILE = "report.json";
export const PAGE_FILE = "report.html";

const PLAN_FILE = "plan.json";

/** What a seed drew, wave by wave. */
export interface DrawnPlan {
  readonly seed: number;
  readonly plan: readonly unknown[];
}

export const tablesFolder = (folder: string): string => join(folder, "tables");
export const clientsFolder = (folder: string): string => join(folder, "clients");

export const metricsFolder = (folder: string): string => join(folder, "metrics");

/** Writes all but the tables and metrics, which are there already. `logs`: the folder of the clients' logs. */
export async function writeEvidence(
  folder: string,
  record: DrillRecord,
  logs: string,
  plan: DrawnPlan | null,
): Promise<void> {
  mkdirSync(clientsFolder(folder), { recursive: true });
  for (const [client, path] of clientLogFiles(logs)) {
    await compress(path, join(clientsFolder(folder), `${client}.jsonl.gz`));
  }
  const books = notedBooksFile(logs);
  if (books !== null) await compress(books, join(clientsFolder(folder), `${NOTED_BOOKS_FILE}.gz`));
  if (plan) writeFileSync(join(folder, PLAN_FILE), `${JSON.stringify(plan)}\n`);
  writeFileSync(join(folder, PAGE_FILE), drillPage(writeRecord(folder, record)));
  const { seed, commit, report } = record;
  await writeManifest(folder, { kind: "drill", drill: report.name, seed, commit });
}

/** Of one of a campaign's drills. */
export const drillFolder = (folder: string, drill: string): string => join(folder, drill);

/** What a campaign came to, as its `report.json` has it. */
export interface CampaignRecord {
  readonly seed: number;
  readonly report: CampaignReport;
  readonly lines: readonly CampaignLine[];
}

/** Writes the page of all drills; those that were judged have folders of their own in this one. */
export async function writeCampaign(folder: string, record: CampaignRecord): Promise<void> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, PAGE_FILE), pageOfCampaign(folder, writeRecord(folder, record)));
  const { seed } = record;
  await writeManifest(folder, { kind: "campaign", drill: null, seed, commit: commitOfCode() });
}

/** With the way to the page of each drill that has one. */
export function pageOfCampaign(folder: string, record: CampaignRecord): string {
  const pages = record.lines
    .map(({ drill }) => drill)
    .filter((drill) => existsSync(join(drillFolder(folder, drill), PAGE_FILE)));
  return campaignPage(record, new Set(pages));
}

/** Gives it as who reads it will have it: a page that is drawn from that can be drawn again. */
export function writeRecord<Kept extends object>(folder: string, record: Kept): Kept {
  const text = JSON.stringify(record);
  writeFileSync(join(folder, RECORD_FILE), `${text}\n`);
  return JSON.parse(text) as Kept;
}
