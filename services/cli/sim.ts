/** `sim`: the whole exchange in one process under a seeded scheduler, and everything that can go wrong with it. */
import { join } from "node:path";
import { readFileSync, statSync } from "node:fs";
import { parsePlan, type SavedPlan, SEED_MAX } from "../../chaos/simulator/faults/plan-file.js";
import { verdictText } from "../../chaos/simulator/checks/verdict.js";
import { replayPlan, simulate } from "../../chaos/simulator/main.js";
import { MUTATION_NAMES, type MutationName } from "../../chaos/simulator/mutations/names.js";
import type { SimulationReport } from "../../chaos/simulator/report.js";
import { PROJECT_ROOT } from "../servers/project-root.js";
import { CliError } from "./cli-error.js";
import { parseWhole } from "./decimal.js";
import { EXIT_BLIND, EXIT_FAILED, EXIT_INTERRUPTED } from "./exit-codes.js";
import { printJson, progress } from "./output.js";
import { ENDING_SIGNALS } from "../common/signals.js";

const SEEDS = "100";
const SEED = "1";
const SEEDS_MAX = 10_000_000;
const FOLDER = join(PROJECT_ROOT, ".palisade", "sim");

/** What to say instead of a safety to have all of them, whatever a plan was tried without. */
const ALL_SAFETIES = "none";

export interface SimOptions {
  readonly seeds?: string;
  readonly seed?: string;
  readonly without?: string;
  readonly plan?: string;
  readonly log?: boolean;
  readonly json?: boolean;
}

export async function sim(options: SimOptions): Promise<number> {
  refuseOutOfPlace(options);
  if (options.plan !== undefined) return replay(options.plan, options);
  const without = mutationOf(options.without);
  const seeds = parseWhole(options.seeds ?? SEEDS, 1, SEEDS_MAX, "number of seeds");
  const seed = parseWhole(options.seed ?? SEED, 0, SEED_MAX - seeds, "first seed");
  const report = await simulate({
    seeds,
    seed,
    folder: FOLDER,
    log: progress,
    signal: interruption(),
    ...(without && { without }),
  });
  if (options.json) printJson(report);
  else process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  progress(sumInWords(report));
  if (report.failures > 0) return EXIT_FAILED;
  if (report.interrupted) return EXIT_INTERRUPTED;
  if (!without) return 0;
  progress(
    `no seed has noticed that ${without} is missing: the checks are blind, or it took too few`,
  );
  return EXIT_BLIND;
}

function sumInWords(report: SimulationReport): string {
  const { seeds, failures, faults, fewestBitten, simulatedHours } = report;
  const kinds = Object.values(faults).filter((seedsBitten) => seedsBitten > 0).length;
  const found = failures === 0 ? "no rule was broken" : `a rule was broken in ${failures} of them`;
  return `${seeds} seeds, in each ${fewestBitten} faults at least that bit, of ${kinds} kinds, within ${simulatedHours} simulated hours: ${found}`;
}

async function replay(file: string, options: SimOptions): Promise<number> {
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) {
    throw new CliError("NO_PLAN", `there is no file ${file}`);
  }
  const log = (line: string) => process.stdout.write(`${line}\n`);
  const saved = parsePlan(readFileSync(file, "utf8"), file);
  const without = safetyOf(options.without, saved, file);
  const { violation, ...found } = await replayPlan(saved.plan, {
    withText: options.log ?? false,
    log,
    ...(without && { without }),
  });
  if (options.json) printJson({ plan: file, ...(without && { without }), violation, ...found });
  else progress(verdictText(violation));
  if (violation) return EXIT_FAILED;
  return without ? EXIT_BLIND : 0;
}

/** An option that would be passed over is a mistake. */
function refuseOutOfPlace(options: SimOptions): void {
  const { plan, log, json, seeds, seed } = options;
  const odd = (flag: string, why: string) =>
    new CliError("OPTION_OUT_OF_PLACE", `${flag} would be passed over: ${why}`);
  if (plan === undefined && log) throw odd("--log", "it is for one run, of --plan FILE");
  if (plan === undefined) return;
  if (seeds !== undefined) throw odd("--seeds", "--plan runs one plan, which has its own seed");
  if (seed !== undefined) throw odd("--seed", "the plan has its own");
  if (log && json) throw odd("--log", "--json prints one line and nothing else");
}

/** A plan remembers what it was tried without; that cannot be denied by the way. */
function safetyOf(
  wanted: string | undefined,
  { without: saved }: SavedPlan,
  file: string,
): MutationName | undefined {
  if (wanted === undefined) return saved;
  if (wanted === ALL_SAFETIES) return undefined;
  const without = mutationOf(wanted);
  if (saved === undefined || saved === without) return without;
  throw new CliError(
    "WITHOUT_CONTRADICTS_PLAN",
    `${file} was left by a run without ${saved}, not ${wanted}: leave --without away, or say ` +
      `--without ${ALL_SAFETIES} to run it with every safety`,
  );
}

/** Throws `CliError` with what is allowed. */
function mutationOf(name: string | undefined): MutationName | undefined {
  if (name === undefined) return undefined;
  const known = MUTATION_NAMES.find((each) => each === name);
  if (known) return known;
  const allowed = MUTATION_NAMES.join(", ");
  throw new CliError("UNKNOWN_MUTATION", `"${name}" cannot be taken away; these can: ${allowed}`);
}

/** Ctrl-C ends the hunt with a report of what is done. npm passes on one that the terminal has sent here as well. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ENDING_SIGNALS) {
    process.on(signal, () => controller.abort(`it got ${signal}`));
  }
  return controller.signal;
}
