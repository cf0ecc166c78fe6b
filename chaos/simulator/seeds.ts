/** One seed, tried twice: both runs must be the same and neither may break a rule. A failure is shrunk to a small plan. */
import type { FaultKind } from "./faults/kinds.js";
import { drawPlan, type Plan } from "./faults/plan.js";
import type { Violation } from "./checks/verdict.js";
import type { MutationName } from "./mutations/names.js";
import { run, type RunResult } from "./run.js";

export interface SeedResult {
  readonly seed: number;
  readonly violation: Violation | null;
  /** How many faults were begun, and the kinds of those that have bitten. */
  readonly begun: number;
  readonly bitten: readonly FaultKind[];
  readonly simulatedMs: number;
  readonly healedMs: number;
  readonly commands: number;
  /** Of everything that took effect. */
  readonly hash: string;
  /** How long a run has taken, of the two the slower, in milliseconds of this machine. */
  readonly runMs: number;
}

export interface SeedOptions {
  readonly without?: MutationName;
  /** Once is enough where the question is only whether a rule is broken. */
  readonly isOnce?: boolean;
  /** Ends the shrinking early. */
  readonly signal?: AbortSignal;
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
    const second = await run(plan, { without, isSecond: true });
    runMs = Math.max(runMs, performance.now() - startedAtMs - runMs);
    violation = differenceOf(first, second);
  }
  const { seed, bitten, simulatedMs, healedMs, commands, hash } = first;
  return {
    seed,
    violation,
    begun: plan.faults.length,
    bitten,
    simulatedMs,
    healedMs,
    commands,
    hash,
    runMs,
  };
}

/** Two runs of one plan are one run. */
function differenceOf(first: RunResult, second: RunResult): Violation | null {
  if (first.hash === second.hash && !second.violation) return null;
  const message =
    `two runs of seed ${first.seed} differ: ${first.hash} after ${first.events} events, ` +
    `${second.hash} after ${second.events}`;
  return { rule: "again", atMs: first.endedMs, message };
}

/**
 * Leaves out of a plan what is not needed for it to break the same rule: the faults that had not begun, then half of the
 * others, a quarter, and so on down to single ones, then half of the commands, for as long as it does; and all of that again
 * until nothing more can go: what was needed with more around it may not be needed now.
 */
export async function shrink(
  plan: Plan,
  violation: Violation,
  options: SeedOptions = {},
): Promise<{ readonly plan: Plan; readonly violation: Violation }> {
  const attempt = new Attempt(plan, violation, options);
  for (let before: Plan | null = null; before !== attempt.plan; ) {
    before = attempt.plan;
    await shrinkOnce(attempt);
  }
  return attempt;
}

async function shrinkOnce(attempt: Attempt): Promise<void> {
  const begun = attempt.plan.faults.filter(({ atMs }) => atMs <= attempt.violation.atMs);
  if (begun.length < attempt.plan.faults.length) await attempt.keep(begun);
  for (let part = attempt.plan.faults.length; part >= 1; part = Math.floor(part / 2)) {
    for (let from = 0; from < attempt.plan.faults.length; ) {
      const { faults } = attempt.plan;
      const isLeftOut = await attempt.keep(faults.filter((_, n) => n < from || n >= from + part));
      if (!isLeftOut) from += part;
    }
  }
  while (attempt.plan.commands > COMMANDS_MIN && (await attempt.halveCommands()));
}

/** The smallest plan so far that breaks the rule. */
class Attempt {
  plan: Plan;
  violation: Violation;
  private readonly options: SeedOptions;
  private runs = 0;

  constructor(plan: Plan, violation: Violation, options: SeedOptions) {
    this.plan = plan;
    this.violation = violation;
    this.options = options;
  }

  /** True when these faults alone do it too. */
  keep(faults: Plan["faults"]): Promise<boolean> {
    return this.attempt({ ...this.plan, faults });
  }

  halveCommands(): Promise<boolean> {
    return this.attempt({ ...this.plan, commands: Math.floor(this.plan.commands / 2) });
  }

  private async attempt(candidate: Plan): Promise<boolean> {
    const { without, signal } = this.options;
    if (this.runs >= RUNS_TO_SHRINK_MAX || signal?.aborted) return false;
    this.runs += 1;
    const violation = await this.violationOf(candidate, without);
    if (violation?.rule !== this.violation.rule) return false;
    this.plan = candidate;
    this.violation = violation;
    return true;
  }

  /** Only two runs show that they differ. */
  private async violationOf(plan: Plan, without?: MutationName): Promise<Violation | null> {
    const first = await run(plan, { without });
    if (first.violation || this.violation.rule !== "again") return first.violation;
    return differenceOf(first, await run(plan, { without, isSecond: true }));
  }
}
