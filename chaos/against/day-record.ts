/** What is kept of a game day: its lines, which the folders of its steps prove, what they come to, and a page of both. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PAGE_FILE, writeRecord } from "../evidence/folder.js";
import { MANIFEST, writeManifest } from "../evidence/manifest.js";
import { commitOfCode } from "../evidence/record.js";
import { gameDayPage } from "../page/game-day-page.js";
import { type GameDayReport, stepFolder, type StepLine, summedUp } from "./game-day.js";
import type { UndoStep } from "./undo.js";

export interface DayRecord {
  readonly startedAt: string;
  /** Of the code; null where that is not known. */
  readonly commit: string | null;
  /** The gateway that it was run against. */
  readonly against: string;
  readonly lines: readonly StepLine[];
  readonly report: GameDayReport;
  /** What is not known to be taken back, and by which command it is; the first is to be done first. */
  readonly left: readonly Left[];
}

export type Left = Pick<UndoStep, "what" | "byHand">;

/** Those of its steps that ran have folders of their own in this one. */
export async function keepDay(folder: string, kept: Omit<DayRecord, "commit">): Promise<void> {
  const commit = commitOfCode();
  const record = writeRecord<DayRecord>(folder, { ...kept, commit });
  writeFileSync(join(folder, PAGE_FILE), pageOfDay(folder, record));
  await writeManifest(folder, { kind: "game-day", drill: null, seed: null, commit });
}

/** With the way to the page of each step whose evidence is whole. */
export function pageOfDay(folder: string, record: DayRecord): string {
  const whole = record.lines.filter((line) => hasEvidence(folder, line));
  return gameDayPage(record, new Set(whole.map(({ step }) => step)));
}

/** Has the step of a line left evidence that is whole? `folder`: the day's. */
export function hasEvidence(folder: string, { step, name }: StepLine): boolean {
  return existsSync(join(stepFolder(folder, step, name), MANIFEST));
}

/** What its lines come to. Why it was ended, how long it took and what was left to be taken back is not in them. */
export function dayReportAgain({ report, lines }: DayRecord): GameDayReport {
  return summedUp({ name: report.gameDay, steps: report.steps }, lines, report);
}
