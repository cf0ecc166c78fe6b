/** A game day: drills at a running exchange by a schedule. What one has done is taken back before the next begins. */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { InterruptedError, reasonOf, unlessInterrupted } from "../interrupt.js";
import type { DryRun } from "./dry-run.js";
import type { LiveReport } from "./report.js";
import type { LiveRun } from "./rounds.js";
import type { GameDay, GameDayStep } from "./schedule.js";
import { type LiveOptions, SESSIONS, type Sessions } from "./session.js";

/** What all steps have in common. */
export type Surroundings = Pick<
  LiveOptions,
  "against" | "dataDir" | "account" | "abortAfterMs" | "folder"
>;

/** A step's report; or why it was refused, in which case nothing was struck. */
export type StepLine =
  | ({ readonly step: number; readonly lateMs: number } & LiveReport)
  | {
      readonly step: number;
      readonly lateMs: number;
      readonly name: string;
      readonly refused: string;
      readonly ok: false;
    };

export interface GameDayReport {
  readonly gameDay: string;
  readonly steps: number;
  readonly done: number;
  readonly failed: number;
  /** Steps that had their turn no more. */
  readonly notRun: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly undone: boolean;
  /** Why it was ended before its time; null: it was not. */
  readonly aborted: string | null;
  readonly seconds: number;
  readonly ok: boolean;
}

const MS_PER_SECOND = 1_000;
/** A step that begins so much too late is worth a line. */
const LATE_MS_TOLD = 1_000;

/** What each step would do, on the exchange of now. Touches nothing. */
export async function planGameDay(day: GameDay, surroundings: Surroundings): Promise<DryRun[]> {
  const plans: DryRun[] = [];
  for (const step of day.steps) plans.push(await SESSIONS.plan(optionsOf(step, surroundings)));
  return plans;
}

/** Throws `CliError` when a step could not be done on the exchange of now, or not within its radius. Touches nothing. */
export async function checkGameDay(
  day: GameDay,
  surroundings: Surroundings,
  { check }: Sessions,
): Promise<void> {
  for (const step of day.steps) await check(optionsOf(step, surroundings));
}

export interface DayRun extends LiveRun {
  /** Takes each line as soon as it is known. */
  readonly tell: (line: StepLine) => void;
  /** Does one step. */
  readonly drill: (options: LiveOptions, run: LiveRun) => Promise<LiveReport>;
}

export async function runGameDay(
  day: GameDay,
  surroundings: Surroundings,
  run: DayRun,
): Promise<GameDayReport> {
  const begunMs = performance.now();
  const lines: StepLine[] = [];
  try {
    for (const [index, step] of day.steps.entries()) {
      const dueMs = begunMs + (step.at ?? 0);
      await unlessInterrupted(run.signal, sleep(Math.max(0, dueMs - performance.now())));
      const lateMs = step.at === undefined ? 0 : Math.round(performance.now() - dueMs);
      if (lateMs >= LATE_MS_TOLD) run.log(lateInWords(index + 1, step, lateMs));
      const { folder } = surroundings;
      const own = folder && { folder: stepFolder(folder, index + 1, step.drill) };
      const outcome = await outcomeOf(step, { ...surroundings, ...own }, run);
      const line = { step: index + 1, lateMs, ...outcome };
      lines.push(line);
      run.tell(line);
      if (run.signal.aborted || isLeft(run) || isOver(day, line)) break;
      await unlessInterrupted(run.signal, sleep(step.pause ?? 0));
    }
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error;
  }
  const seconds = Math.round((performance.now() - begunMs) / MS_PER_SECOND);
  const aborted = run.signal.aborted ? reasonOf(run.signal) : null;
  const of = { name: day.name, steps: day.steps.length };
  return summedUp(of, lines, { aborted, seconds, undone: !isLeft(run) });
}

function lateInWords(number: number, { drill, at }: GameDayStep, lateMs: number): string {
  const [due, late] = [at ?? 0, lateMs].map((ms) => `${Math.round(ms / MS_PER_SECOND)} s`);
  return `step ${number}, ${drill}, begins ${late} late: it was due ${due} after the beginning, and what comes before it took longer`;
}

/** Where a step leaves its report and its evidence, in the folder of its day. */
export function stepFolder(folder: string, step: number, drill: string): string {
  return join(folder, `${step}-${drill}`);
}

/** Also a step without a report may leave something: its probe had orders before it was refused or ended. */
function isLeft({ undo }: DayRun): boolean {
  return undo.left.length > 0;
}

/** What was not taken back ends the day whatever is wished: the next step would strike an exchange that is not as it was. */
function isOver({ onFailure }: GameDay, line: StepLine): boolean {
  if (line.ok) return false;
  return onFailure === "stop" || ("undone" in line && !line.undone);
}

type Outcome = LiveReport | { readonly name: string; readonly refused: string; readonly ok: false };

async function outcomeOf(step: GameDayStep, all: Surroundings, run: DayRun): Promise<Outcome> {
  try {
    return await run.drill(optionsOf(step, all), run);
  } catch (error) {
    if (error instanceof InterruptedError) throw error;
    return { name: step.drill, refused: (error as Error).message, ok: false };
  }
}

function optionsOf(step: GameDayStep, surroundings: Surroundings): LiveOptions {
  const { drill, rounds, symbols, nodes } = step;
  return { ...surroundings, drill, rounds, symbols, nodes: nodes ?? null };
}

/** The last three its lines do not say; `undone`: is nothing left that the exchange has not said to be taken back? */
export function summedUp(
  { name, steps }: { readonly name: string; readonly steps: number },
  lines: readonly StepLine[],
  { aborted, seconds, undone }: Pick<GameDayReport, "aborted" | "seconds" | "undone">,
): GameDayReport {
  const reports = lines.flatMap((line) => ("refused" in line ? [] : [line]));
  const sum = (of: "lost" | "duplicated") =>
    reports.reduce((total, report) => total + (report[of] ?? 0), 0);
  const failed = lines.filter(({ ok }) => !ok).length;
  return {
    gameDay: name,
    steps,
    done: lines.length,
    failed,
    notRun: steps - lines.length,
    lost: sum("lost"),
    duplicated: sum("duplicated"),
    undone: undone && reports.every((report) => report.undone),
    aborted,
    seconds,
    ok: lines.length === steps && failed === 0 && aborted === null,
  };
}
