/** `sim`: the whole exchange in one process under a seeded scheduler, and everything that can go wrong with it. */
import { join } from "node:path";
import { readFileSync, statSync } from "node:fs";
import { parsePlan, SEED_MAX } from "../../chaos/simulator/faults/plan-file.js";
import { replayPlan, simulate } from "../../chaos/simulator/main.js";
import { type MutationName, MUTATIONS } from "../../chaos/simulator/mutations/mutations.js";
import { PROJECT_ROOT } from "../servers/project-root.js";
import { CliError } from "./cli-error.js";
import { parseWhole } from "./decimal.js";
import { printJson, progress } from "./output.js";

const SEEDS_MAX = 10_000_000;
const FOLDER = join(PROJECT_ROOT, ".palisade", "sim");

/** A rule was broken; or a safety was taken away and nobody noticed. */
const EXIT_VIOLATED = 1;
const EXIT_BLIND = 2;

export interface SimOptions {
  readonly seeds: string;
  readonly seed: string;
  readonly without?: string;
  readonly plan?: string;
  readonly log?: boolean;
  readonly json?: boolean;
}

export async function sim(options: SimOptions): Promise<number> {
  const without = mutationOf(options.without);
  if (options.plan !== undefined) return replay(options.plan, without, options.log ?? false);
  const seeds = parseWhole(options.seeds, 1, SEEDS_MAX, "number of seeds");
  const seed = parseWhole(options.seed, 0, SEED_MAX - seeds, "first seed");
  const report = await simulate({
    seeds,
    seed,
    folder: FOLDER,
    log: progress,
    ...(without && { without }),
  });
  if (options.json) printJson(report);
  else process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  if (report.failures > 0) return EXIT_VIOLATED;
  if (!without) return 0;
  progress(
    `no seed has noticed that ${without} is missing: the checks are blind, or it took too few`,
  );
  return EXIT_BLIND;
}

async function replay(file: string, without: MutationName | undefined, withText: boolean) {
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) {
    throw new CliError("NO_PLAN", `there is no file ${file}`);
  }
  const log = (line: string) => process.stdout.write(`${line}\n`);
  const plan = parsePlan(readFileSync(file, "utf8"), file);
  const { violation } = await replayPlan(plan, { withText, log, ...(without && { without }) });
  if (!violation) progress("no rule is broken");
  else progress(`${violation.atMs} ms: ${violation.rule}: ${violation.message}`);
  return violation ? EXIT_VIOLATED : 0;
}

/** Throws `CliError` with what is allowed. */
function mutationOf(name: string | undefined): MutationName | undefined {
  if (name === undefined) return undefined;
  if (Object.hasOwn(MUTATIONS, name)) return name as MutationName;
  const allowed = Object.keys(MUTATIONS).join(", ");
  throw new CliError("UNKNOWN_MUTATION", `"${name}" cannot be taken away; these can: ${allowed}`);
}
