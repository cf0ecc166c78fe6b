/** Many seeds on two processes, counted: what `npm run sim` prints. */
import { type ChildProcess, fork } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type FaultKind, KINDS } from "./faults/kinds.js";
import { drawPlan, type Plan } from "./faults/plan.js";
import { planText } from "./faults/plan-file.js";
import type { MutationName } from "./mutations/names.js";
import { run } from "./run.js";
import { type SeedResult, shrink, tryPlan } from "./seeds.js";
import type { Task } from "./worker.js";

export interface SimulationOptions {
  /** How many, and the first. */
  readonly seeds: number;
  readonly seed: number;
  readonly without?: MutationName;
  /** Where plans of failed runs are written. */
  readonly folder: string;
  readonly log: (line: string) => void;
}

export interface SimulationReport {
  readonly seeds: number;
  readonly failures: number;
  /** In how many seeds each kind of fault has bitten. */
  readonly faults: Readonly<Record<string, number>>;
  /** Kinds that have bitten in fewer than 3 % of at least 300 seeds: what is so rare is hardly tried. */
  readonly rareFaults: readonly string[];
  readonly simulatedHours: number;
  readonly seedsPerHour: number;
  readonly commands: number;
  readonly fewestCommands: number;
  readonly fewestFaults: number;
  /** Of those begun, the fewest that have bitten in a seed. */
  readonly fewestBitten: number;
  /** The longest that anybody had to wait for everything to be well after the last fault, in virtual time. */
  readonly slowestHealingMs: number;
  readonly slowestRunMs: number;
  readonly failedSeeds: readonly number[];
  /** Without a safety: the first seed that has noticed. */
  readonly without?: string;
}

const WORKERS = 2;
const MS_PER_HOUR = 3_600_000;
/**
 * A run leaves much garbage that lives shortly: with room for it, from the start on, a fifth less time is spent. It throws
 * thousands of errors, whose stacks nobody reads: a failed plan is tried again here, with them.
 */
const YOUNG_GENERATION_MIB = 64;
const WORKER_FLAGS = [
  `--min-semi-space-size=${YOUNG_GENERATION_MIB}`,
  `--max-semi-space-size=${YOUNG_GENERATION_MIB}`,
  "--stack-trace-limit=0",
];
const RARE_PART = 0.03;
/** Of fewer seeds no kind is said to be rare: it may be chance. */
const SEEDS_TO_JUDGE_KINDS = 300;
const PROGRESS_EVERY_MS = 5_000;
/** So many failed seeds say enough. */
const FAILURES_MAX = 10;

export async function simulate(options: SimulationOptions): Promise<SimulationReport> {
  const startedAtMs = performance.now();
  const results = await trySeeds(options);
  const elapsedMs = performance.now() - startedAtMs;
  const failed = results.filter(({ violation }) => violation !== null);
  const [first] = failed;
  if (first) await explain(first, options);
  const faults = countFaults(results);
  const rareFaults = rareFaultsOf(faults, results.length);
  if (rareFaults.length > 0) {
    options.log(`hardly tried, in fewer than 3 % of the seeds: ${rareFaults.join(", ")}`);
  }
  return {
    ...(options.without && { without: options.without }),
    seeds: results.length,
    failures: failed.length,
    faults,
    rareFaults,
    simulatedHours: round(sum(results.map(({ simulatedMs }) => simulatedMs)) / MS_PER_HOUR),
    seedsPerHour: Math.round((results.length * MS_PER_HOUR) / elapsedMs),
    commands: sum(results.map(({ commands }) => commands)),
    fewestCommands: Math.min(...results.map(({ commands }) => commands)),
    fewestFaults: Math.min(...results.map(({ begun }) => begun)),
    fewestBitten: Math.min(...results.map(({ bitten }) => bitten.length)),
    slowestHealingMs: Math.round(Math.max(...results.map(({ healedMs }) => healedMs))),
    slowestRunMs: Math.round(Math.max(...results.map(({ runMs }) => runMs))),
    failedSeeds: failed.map(({ seed }) => seed),
  };
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
  return tryPlan(plan, { ...(without && { without }) });
}

function trySeeds({ seeds, seed, without, log }: SimulationOptions): Promise<SeedResult[]> {
  const results: SeedResult[] = [];
  const workers = new Set<ChildProcess>();
  let next = seed;
  let failures = 0;
  // Without a safety the first seed that notices is enough.
  const failuresMax = without ? 1 : FAILURES_MAX;
  const report = progress(seeds, results, log);
  return new Promise((resolve, reject) => {
    const give = (worker: ChildProcess): void => {
      if (next < seed + seeds && failures < failuresMax) {
        const task: Task = {
          seed: next++,
          isOnce: without !== undefined,
          ...(without && { without }),
        };
        worker.send(task);
        return;
      }
      workers.delete(worker);
      worker.disconnect();
      if (workers.size > 0) return;
      clearInterval(report);
      resolve(results.sort((a, b) => a.seed - b.seed));
    };
    for (let n = 0; n < Math.min(WORKERS, seeds); n++) {
      const worker = fork(join(dirname(fileURLToPath(import.meta.url)), "worker.js"), {
        execArgv: WORKER_FLAGS,
      });
      workers.add(worker);
      worker.on("message", (result: SeedResult) => {
        results.push(result);
        if (result.violation) {
          failures += 1;
          log(`seed ${result.seed}: ${result.violation.rule}: ${result.violation.message}`);
        }
        give(worker);
      });
      worker.on("exit", (code) => {
        if (!workers.has(worker)) return;
        clearInterval(report);
        reject(new Error(`a worker ended with exit code ${code}`));
      });
      give(worker);
    }
  });
}

function progress(
  seeds: number,
  results: readonly SeedResult[],
  log: (line: string) => void,
): NodeJS.Timeout {
  return setInterval(() => log(`${results.length} of ${seeds} seeds`), PROGRESS_EVERY_MS);
}

/** Says of a failed seed what was violated first, by how small a plan, and how to see it alone. */
async function explain({ seed, violation }: SeedResult, options: SimulationOptions): Promise<void> {
  const { without, folder, log } = options;
  log(`seed ${seed}, ${violation!.atMs} ms: ${violation!.rule}: ${violation!.message}`);
  log("shrinking the plan …");
  const small = await shrink(drawPlan(seed), violation!, { ...(without && { without }) });
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `seed-${seed}${without ? `-without-${without}` : ""}.json`);
  writeFileSync(file, planText({ plan: small.plan, ...(without && { without }) }, small.violation));
  log(`${small.plan.faults.length} faults and ${small.plan.commands} commands are left:`);
  for (const fault of small.plan.faults) log(`  ${JSON.stringify(fault)}`);
  log(`${small.violation.rule}: ${small.violation.message}`);
  log(`alone, with its whole log: npm run sim -- --plan ${file} --log`);
}

/** `faults`: in how many of the seeds each has bitten. */
export function rareFaultsOf(faults: SimulationReport["faults"], seeds: number): string[] {
  if (seeds < SEEDS_TO_JUDGE_KINDS) return [];
  return Object.keys(faults).filter((kind) => faults[kind]! < RARE_PART * seeds);
}

function countFaults(results: readonly SeedResult[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const kind of Object.keys(KINDS)) counts[kind] = 0;
  for (const { bitten } of results) {
    for (const kind of new Set<FaultKind>(bitten)) counts[kind]! += 1;
  }
  return counts;
}

const sum = (values: readonly number[]): number => values.reduce((total, each) => total + each, 0);

const round = (value: number): number => Math.round(value * 1_000) / 1_000;
