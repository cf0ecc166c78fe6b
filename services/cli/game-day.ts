/** `game-day FILE --against ADDRESS`: drills at a running exchange by a schedule. */
import { readFileSync } from "node:fs";
import { hasEvidence, keepDay } from "../../chaos/against/day-record.js";
import { type DryRun, dryRunText } from "../../chaos/against/dry-run.js";
import {
  checkGameDay,
  type DayRun,
  type GameDayReport,
  planGameDay,
  runGameDay,
  type StepLine,
  type Surroundings,
} from "../../chaos/against/game-day.js";
import { type GameDay, momentOf, parseGameDay } from "../../chaos/against/schedule.js";
import type { LiveRun } from "../../chaos/against/rounds.js";
import { SESSIONS, type Sessions } from "../../chaos/against/session.js";
import { PAGE_FILE } from "../../chaos/evidence/folder.js";
import { CliError } from "./cli-error.js";
import {
  type AgainstOptions,
  codeOf,
  codeOfDryRuns,
  interruptibleRun,
  runKept,
  surroundingsOf,
  tellLeft,
} from "./drill-against.js";
import { makeReportFolder, reportFolder, tellReport, withoutEmptyFolder } from "./drill-folder.js";
import { printJson, progress } from "./output.js";

const WHY_UNREAD: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  ENOTDIR: "there is no such file",
  EISDIR: "that is a folder",
  EACCES: "it may not be read by this user",
};

/** Each line of a run is JSON, whatever is asked for: what comes first is to be read while the rest runs. */
export async function gameDay(
  file: string,
  options: AgainstOptions,
  sessions: Sessions = SESSIONS,
): Promise<number> {
  const day = parseGameDay(read(file), file);
  const surroundings = surroundingsOf(options);
  const schedule = day.steps.map(
    (step, at) => `${at + 1}. ${step.drill}: ${momentOf(step, at === 0)}`,
  );
  const title = `${day.name}: ${day.steps.length} steps; when one fails: ${day.onFailure}`;
  if (options.dryRun) {
    const plans = await planGameDay(day, surroundings);
    if (options.json) printJson({ gameDay: day.name, onFailure: day.onFailure, steps: plans });
    else {
      const texts = plans.map((plan, at) => `\n${schedule[at]}\n${dryRunText(plan)}`);
      process.stdout.write(`${title}\n${texts.join("")}\n${refusedSteps(plans)}\n`);
    }
    return codeOfDryRuns(plans);
  }
  const folder = reportFolder(`game-day-${day.name}`, options.report);
  await checkGameDay(day, surroundings, sessions);
  const run = interruptibleRun();
  const report = await withoutEmptyFolder(folder, () => {
    makeReportFolder(folder);
    for (const line of [title, ...schedule]) progress(line);
    const drill: DayRun["drill"] = (step, live) => runKept(step, live, sessions);
    return runSteps(day, { ...surroundings, folder }, { ...run, drill });
  });
  printJson(report);
  tellLeft(run.undo);
  return codeOf(report.ok, run);
}

/** Tells each step when it has ended, and in the end where the day's page is; where no step has left evidence there is none. */
async function runSteps(
  day: GameDay,
  surroundings: Surroundings & { readonly folder: string },
  run: LiveRun & Pick<DayRun, "drill">,
): Promise<GameDayReport> {
  const { folder, against } = surroundings;
  const startedAt = new Date().toISOString();
  const lines: StepLine[] = [];
  const tell = (line: StepLine): void => {
    lines.push(line);
    printJson(line);
  };
  const report = await runGameDay(day, surroundings, { ...run, tell });
  if (!lines.some((line) => hasEvidence(folder, line))) return report;
  try {
    const left = run.undo.left.map(({ what, byHand }) => ({ what, byHand }));
    await keepDay(folder, { startedAt, against, schedule: day, lines, report, left });
  } catch (error) {
    progress(`EVIDENCE_NOT_KEPT: ${(error as Error).message}`);
    return { ...report, ok: false };
  }
  tellReport(folder, PAGE_FILE);
  return report;
}

/** Which steps would be refused, in words. */
export function refusedSteps(plans: readonly Pick<DryRun, "drill" | "refusedNow">[]): string {
  const refused = plans.flatMap(({ drill, refusedNow }, at) =>
    refusedNow.length > 0 ? [`${at + 1}. ${drill}`] : [],
  );
  if (refused.length === 0) return "as things stand no step would be refused";
  return `as things stand ${refused.length} of ${plans.length} steps would be refused: ${refused.join(", ")}`;
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = WHY_UNREAD[code ?? ""] ?? `it cannot be read (${code})`;
    throw new CliError("NO_FILE", `no game day at ${file}: ${why}; deploy/game-days/ has one`);
  }
}
