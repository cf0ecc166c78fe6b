/** One seed, tried twice: both runs must be the same and neither may break a rule. A failure is shrunk to a small plan. */
import type { FaultKind } from "./faults/kinds.js";
import { drawPlan, type Plan } from "./faults/plan.js";
import type { Violation } from "./checks/verdict.js";
import type { MutationName } from "./mutations/mutations.js";
import { run, type RunResult } from "./run.js";

export interface SeedResult {
  readonly seed: number;
  readonly violation: Violation | null;
  readonly bitten: readonly FaultKind[];
  readonly simulatedMs: number;
  readonly commands: number;
  /** How long a run has taken, of the two the slower, in milliseconds of this machine. */
  readonly runMs: number;
}

export interface SeedOptions {
  readonly without?: MutationName;
  /** Once is enough where the question is only whether a rule is broken. */
  readonly isOnce?: boolean;
}

const RUNS_TO_SHRINK_MAX = 80;
const COMMANDS_MIN = 20;

export async function trySeed(seed: number, options: SeedOptions = {}): Promise<SeedResult> {
  return tryPlan(drawPlan(seed), options);
}

export async function tryPlan(plan: Plan, options: SeedOptions = {}): Promise<SeedResult> {
  const { without, isOnce = false } = options;
  const startedAtMs = performance.now();
  const first = await run(plan, { without });
  let runMs = performance.now() - startedAtMs;
  let { violation } = first;
  if (!isOnce && !violation) {
    const second = await run(plan, { without });
    runMs = Math.max(runMs, performance.now() - startedAtMs - runMs);
    violation = differenceOf(first, second);
  }
  const { seed, bitten, simulatedMs, commands } = first;
  return { seed, violation, bitten, simulatedMs, commands, runMs };
}

/** Two runs of one plan are one run. */
function differenceOf(first: RunResult, second: RunResult): Violation | null {
  if (first.hash === second.hash && !second.violation) return null;
  const message =
    `two runs of seed ${first.seed} differ: ${first.hash} after ${first.events} events, ` +
    `${second.hash} after ${second.events}`;
  return { rule: "R6", atMs: 0, message };
}

/**
 * Leaves out of a plan what is not needed for it to break the same rule: faults one by one, then half of the commands, for
 * as long as it does.
 */
export async function shrink(
  plan: Plan,
  rule: string,
  options: SeedOptions = {},
): Promise<{ readonly plan: Plan; readonly violation: Violation }> {
  let smallest = plan;
  let violation: Violation | null = null;
  let runs = 0;
  const breaks = async (candidate: Plan): Promise<boolean> => {
    if (runs >= RUNS_TO_SHRINK_MAX) return false;
    runs += 1;
    const result = await run(candidate, { without: options.without });
    if (result.violation?.rule !== rule) return false;
    violation = result.violation;
    smallest = candidate;
    return true;
  };
  for (let at = smallest.faults.length - 1; at >= 0; at--) {
    await breaks({ ...smallest, faults: smallest.faults.filter((_, n) => n !== at) });
  }
  while (smallest.commands > COMMANDS_MIN) {
    if (!(await breaks({ ...smallest, commands: Math.floor(smallest.commands / 2) }))) break;
  }
  violation ??= (await run(smallest, { without: options.without })).violation;
  return { plan: smallest, violation: violation ?? { rule: "live", atMs: 0, message: "" } };
}
