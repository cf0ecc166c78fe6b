/** What is kept of a game day: its lines, which the folders of its steps prove, what they come to, and a page of both. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PAGE_FILE, writeRecord } from "../evidence/folder.js";
import { MANIFEST, writeManifest } from "../evidence/manifest.js";
import { commitOfCode } from "../evidence/record.js";
import { gameDayPage } from "../page/game-day-page.js";
import { type GameDayReport, stepFolder, type StepLine, summedUp } from "./game-day.js";
import type { GameDay } from "./schedule.js";
import type { UndoStep } from "./undo.js";

export interface DayRecord {
  readonly startedAt: string;
  /** Of the code; null where that is not known. */
  readonly commit: string | null;
  /** The gateway that it was run against. */
  readonly against: string;
  /** What it was to be, as its file has it, times in milliseconds; absent from records of before. */
  readonly schedule?: GameDay;
  readonly lines: readonly StepLine[];
  readonly report: GameDayReport;
  /** What is not known to be taken back, and by which command it is; the first is to be done first. */
  readonly left: readonly Left[];
}

export type Left = Pick<UndoStep, "what" | "byHand">;

type Kept = Omit<DayRecord, "commit" | "schedule"> & { readonly schedule: GameDay };

/** Those of its steps that ran have folders of their own in this one. */
export async function keepDay(folder: string, kept: Kept): Promise<void> {
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
export function dayReportAgain({ report, lines, schedule }: DayRecord): GameDayReport {
  const name = schedule?.name ?? report.gameDay;
  return summedUp({ name, steps: schedule?.steps.length ?? report.steps }, lines, report);
}

/** The first line that is not of what the schedule has at its place; null: there is none, or nobody knows the schedule. */
export function unplannedLine({ schedule, lines }: DayRecord): string | null {
  if (!schedule) return null;
  for (const line of lines) {
    const { step, name } = line;
    const planned = schedule.steps[step - 1];
    if (!planned) return `line ${step} is of none of the ${schedule.steps.length} steps`;
    if (planned.drill !== name) return `step ${step} was to be ${planned.drill}, and is ${name}`;
    if ("roundsAsked" in line && line.roundsAsked !== planned.rounds) {
      return `step ${step} was to have ${planned.rounds} rounds, and was asked for ${line.roundsAsked}`;
    }
    if (planned.at === undefined && line.lateMs !== 0) {
      return `step ${step} was late, and had no time of its own`;
    }
    if (schedule.onFailure === "stop" && !line.ok && step < lines.length) {
      return `step ${step} has failed, which was to end the day, and step ${step + 1} was done`;
    }
  }
  return null;
}
