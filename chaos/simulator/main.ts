/** Many seeds, counted, and the first that fails explained: what `npm run sim` prints. Or one plan. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { shellWord } from "../../services/cli/shell-word.js";
import { verdictText } from "./checks/verdict.js";
import { Crew } from "./crew.js";
import { drawPlan, type Plan } from "./faults/plan.js";
import { planText } from "./faults/plan-file.js";
import type { MutationName } from "./mutations/names.js";
import { reportOf, type SimulationReport } from "./report.js";
import { run } from "./run.js";
import { type SeedResult, shrink, tryPlan } from "./seeds.js";

export interface SimulationOptions {
  /** How many, and the first. */
  readonly seeds: number;
  readonly seed: number;
  readonly without?: MutationName;
  /** Where plans of failed runs are written. */
  readonly folder: string;
  readonly log: (line: string) => void;
  /** Ends it early, with a report of what is done. */
  readonly signal?: AbortSignal;
}

/** So many failed seeds say enough. */
const FAILURES_MAX = 10;

export async function simulate(options: SimulationOptions): Promise<SimulationReport> {
  const { seeds: asked, without, log, signal } = options;
  // Without a safety the first seed that notices is enough.
  const failuresMax = without ? 1 : FAILURES_MAX;
  const startedAtMs = performance.now();
  const results = await new Crew({ ...options, failuresMax }).work();
  const elapsedMs = performance.now() - startedAtMs;
  const failed = results.filter(({ violation }) => violation !== null);
  const stopped = whyStopped(results.length < asked, failed.length >= failuresMax, options);
  if (stopped) log(`ended after ${results.length} of ${asked} seeds: ${stopped}`);
  const [first] = failed;
  const explained = first ? await explain(first, options) : {};
  const report = reportOf(results, {
    ...(without && { without }),
    asked,
    ...(stopped && { stopped }),
    ...(signal?.aborted && { interrupted: true }),
    ...explained,
    elapsedMs,
  });
  const { rareFaults } = report;
  if (rareFaults.length > 0) {
    log(`hardly tried, in fewer than 3 % of the seeds: ${rareFaults.join(", ")}`);
  }
  return report;
}

function whyStopped(
  isEarly: boolean,
  isEnough: boolean,
  { without, signal }: SimulationOptions,
): string | undefined {
  if (!isEarly) return undefined;
  if (!isEnough && signal?.aborted) return "it was interrupted";
  return without ? "the first that notices is enough" : `${FAILURES_MAX} that fail say enough`;
}

/** Runs a plan, with its whole log where that is asked for. */
export async function replayPlan(
  plan: Plan,
  {
    without,
    withText,
    log,
  }: { without?: MutationName; withText: boolean; log: (line: string) => void },
): Promise<SeedResult> {
  if (withText) {
    const { lines } = await run(plan, { withText, ...(without && { without }) });
    for (const line of lines ?? []) log(line);
  }
  const result = await tryPlan(plan, { ...(without && { without }) });
  if (withText) log(verdictText(result.violation));
  return result;
}

const counted = (count: number, what: string): string =>
  `${count} ${what}${count === 1 ? "" : "s"}`;

/** Says of a failed seed what was violated first, by how small a plan, and how to see it alone. */
async function explain(
  { seed, violation }: SeedResult,
  { without, folder, log, signal }: SimulationOptions,
): Promise<{ readonly planFile: string; readonly reproduce: string }> {
  log(`seed ${seed}, ${verdictText(violation)}`);
  log("shrinking the plan …");
  const small = await shrink(drawPlan(seed), violation!, {
    ...(without && { without }),
    ...(signal && { signal }),
  });
  mkdirSync(folder, { recursive: true });
  const planFile = join(folder, `seed-${seed}${without ? `-without-${without}` : ""}.json`);
  const saved = { plan: small.plan, ...(without && { without }) };
  writeFileSync(planFile, planText(saved, small.violation));
  const { faults, commands } = small.plan;
  log(`${counted(faults.length, "fault")} and ${counted(commands, "command")} are left:`);
  for (const fault of faults) log(`  ${JSON.stringify(fault)}`);
  log(verdictText(small.violation));
  const reproduce = `npm run sim -- --plan ${shellWord(planFile)} --log`;
  log(`alone, with its whole log: ${reproduce}`);
  return { planFile, reproduce };
}
