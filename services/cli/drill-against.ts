/** `drill NAME --against ADDRESS`: a drill at an exchange that runs already. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Surroundings } from "../../chaos/against/game-day.js";
import { LIVE_DRILLS, liveDrillOf } from "../../chaos/against/drills/catalog.js";
import { type DryRun, dryRunText } from "../../chaos/against/dry-run.js";
import type { LiveReport } from "../../chaos/against/report.js";
import type { LiveRun } from "../../chaos/against/rounds.js";
import { type LiveOptions, SESSIONS, type Sessions } from "../../chaos/against/session.js";
import { Undo } from "../../chaos/against/undo.js";
import { boundText } from "../../chaos/drills/drill.js";
import { InterruptedError, reasonOf } from "../../chaos/interrupt.js";
import { PAGE_FILE } from "../../chaos/evidence/folder.js";
import { MANIFEST } from "../../chaos/evidence/manifest.js";
import { accountOf } from "./accounts.js";
import { CliError } from "./cli-error.js";
import { parseWhole } from "./decimal.js";
import { reportFolder, tellReport, withoutEmptyFolder } from "./drill-folder.js";
import { EXIT_FAILED, EXIT_INTERRUPTED } from "./exit-codes.js";
import { wordsOf } from "./failures.js";
import { printJson, progress } from "./output.js";
import { onParentGone } from "./parent-gone.js";
import { parseSeconds } from "./words.js";
import { ENDING_SIGNALS } from "../common/signals.js";

const ROUNDS_MAX = 1_000;
/** An order of the probe that has no end after so long ends a drill, if nothing else is said. */
const PROBE_UNANSWERED_MS_MAX = 5_000;
const ABORT_AFTER_S_MAX = 60;
const MS_PER_SECOND = 1_000;
/** npm passes on a Ctrl-C that the terminal has sent here as well. */
const SAME_SIGNAL_MS = 500;

export interface AgainstOptions {
  readonly against?: string;
  readonly account?: string;
  readonly symbols?: string;
  readonly nodes?: string;
  readonly abortAfter?: string;
  readonly dryRun?: boolean;
  readonly dataDir?: string;
  /** Where the report and the evidence go. */
  readonly report?: string;
  readonly json?: boolean;
}

export async function drillAgainst(
  name: string,
  { rounds = "1", ...options }: AgainstOptions & { readonly rounds?: string },
  sessions: Sessions = SESSIONS,
): Promise<number> {
  liveDrillOf(name);
  const wanted = {
    ...surroundingsOf(options),
    drill: name,
    rounds: parseWhole(rounds, 1, ROUNDS_MAX, "number of rounds"),
    symbols: namesOf(options.symbols),
    nodes: namesOf(options.nodes),
  };
  if (options.dryRun) {
    const plan = await sessions.plan(wanted);
    if (options.json) printJson(plan);
    else process.stdout.write(dryRunText(plan));
    return codeOfDryRuns([plan]);
  }
  const folder = reportFolder(`against-${name}`, options.report);
  const run = interruptibleRun();
  const report = await unlessEnded(run, runKept({ ...wanted, folder }, run, sessions));
  if (report === null) return codeOf(false, run);
  // It comes last: without it the evidence is not whole, as the report says.
  if (existsSync(join(folder, MANIFEST))) tellReport(folder, PAGE_FILE);
  if (options.json) printJson(report);
  else process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  tellLeft(run.undo);
  return codeOf(report.ok, run);
}

/** A drill that is refused, or ended before it struck, leaves no folder. */
export function runKept(
  options: LiveOptions,
  run: LiveRun,
  sessions: Sessions,
): Promise<LiveReport> {
  const work = (): Promise<LiveReport> => sessions.run(options, run);
  return options.folder === undefined ? work() : withoutEmptyFolder(options.folder, work);
}

export function listAgainst(json: boolean): void {
  for (const { name, hypothesis, about, needs, bound } of LIVE_DRILLS) {
    const limit = boundText(bound);
    if (json) printJson({ drill: name, hypothesis, about, needs, bound: limit });
    else {
      process.stdout.write(
        `${name}\n  believed: ${hypothesis}\n  done:     ${about}\n  needs:    ${needs}\n  bound:    ${limit}\n`,
      );
    }
  }
}

export function surroundingsOf({
  against,
  account,
  abortAfter,
  dataDir,
  dryRun,
  report,
}: AgainstOptions): Surroundings {
  if (dryRun && report !== undefined) {
    throw new CliError(
      "OPTION_OUT_OF_PLACE",
      "--report would be passed over: a dry run leaves nothing",
    );
  }
  if (against === undefined) {
    throw new CliError("AGAINST_MISSING", "say which exchange: --against HOST:PORT of its gateway");
  }
  if (account === undefined) {
    throw new CliError(
      "PROBE_ACCOUNT_MISSING",
      "say which account is the probe's: --account N. It is to be nobody else's, and to have funds: " +
        "--dry-run says how much",
    );
  }
  const seconds =
    abortAfter === undefined ? null : parseSeconds(abortAfter, "time of --abort-after");
  if (seconds !== null && (seconds < 1 || seconds > ABORT_AFTER_S_MAX)) {
    throw new CliError(
      "ABORT_AFTER_OUT_OF_RANGE",
      `--abort-after is "${abortAfter}"; it is 1s to ${ABORT_AFTER_S_MAX}s`,
    );
  }
  return {
    against,
    account: accountOf(account),
    abortAfterMs: seconds === null ? PROBE_UNANSWERED_MS_MAX : seconds * MS_PER_SECOND,
    ...(dataDir !== undefined && { dataDir }),
  };
}

function namesOf(text: string | undefined): string[] | null {
  if (text === undefined) return null;
  return text
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
}

/** The first Ctrl-C takes back what was done and ends; a later one says what is left to do by hand, and ends at once. */
export function interruptibleRun(): LiveRun {
  const undo = new Undo(progress);
  const controller = new AbortController();
  let firstMs: number | undefined;
  const end = (reason: string): void => {
    firstMs ??= performance.now();
    if (controller.signal.aborted) return;
    progress(`ending the drill: ${endingOf(undo)}`);
    controller.abort(reason);
  };
  for (const signal of ENDING_SIGNALS) {
    process.on(signal, () => {
      const isLater = firstMs !== undefined && performance.now() - firstMs > SAME_SIGNAL_MS;
      if (isLater) giveUp(undo);
      end(`it got ${signal}`);
    });
  }
  onParentGone(() => end("npm, which had started it, has ended"));
  // A bug is no reason to leave a node drained.
  process.on("uncaughtException", (error) => {
    progress(error.stack ?? String(error));
    end(`something went wrong here: ${error.message}`);
  });
  return { log: progress, signal: controller.signal, undo };
}

function endingOf({ isUnused, left }: Undo): string {
  if (isUnused) return "nothing was done; once more, and it ends at once";
  if (left.length === 0) return "what it did is taken back already; once more, and it ends at once";
  return "what it did is taken back; once more, and it says what is left to do by hand";
}

/** Null where somebody has ended a drill before it struck, or where it was refused and has left something; that is told. */
export async function unlessEnded<T>(
  { undo, signal }: LiveRun,
  work: Promise<T>,
): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    const isEnded = error instanceof InterruptedError;
    if (!isEnded && undo.left.length === 0) throw error;
    progress(isEnded ? `${error.code}: ${reasonOf(signal)}; ${doneBy(undo)}` : wordsOf(error));
    tellLeft(undo);
    return null;
  }
}

/** Of a drill that was ended before it struck. */
function doneBy({ isUnused, left }: Undo): string {
  if (isUnused) return "nothing was done";
  return left.length === 0 ? "nothing was struck" : "not all that it did is taken back";
}

/** What is left for a person to do, after which the exchange is as it was. */
export function tellLeft({ left }: Undo): void {
  for (const { what, byHand } of left)
    progress(`not known to be taken back: ${what}; by hand: ${byHand}`);
}

function giveUp(undo: Undo): never {
  tellLeft(undo);
  process.exit(EXIT_INTERRUPTED);
}

/** A dry run of what would be refused fails like the refusal. */
export function codeOfDryRuns(plans: readonly DryRun[]): number {
  return plans.some(({ refusedNow }) => refusedNow.length > 0) ? EXIT_FAILED : 0;
}

/** What is left to do by hand is wrong whoever has ended the drill. */
export function codeOf(isOk: boolean, { signal, undo }: LiveRun): number {
  if (undo.left.length > 0) return EXIT_FAILED;
  if (signal.aborted) return EXIT_INTERRUPTED;
  return isOk ? 0 : EXIT_FAILED;
}
