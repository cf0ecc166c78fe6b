/** What a hunt through many seeds has found, counted. */
import type { Violation } from "./checks/verdict.js";
import { type FaultKind, KINDS } from "./faults/kinds.js";
import type { MutationName } from "./mutations/names.js";
import type { SeedResult } from "./seeds.js";

export interface SimulationReport {
  /** The safety that was taken away. */
  readonly without?: MutationName;
  /** How many seeds were asked for, and how many were tried. */
  readonly asked: number;
  readonly seeds: number;
  /** Why it was ended before all that were asked for. */
  readonly stopped?: string;
  readonly interrupted?: true;
  readonly failures: number;
  /** The first of each seed that has failed. */
  readonly violations: readonly (Violation & { readonly seed: number })[];
  /** The plan that is left of the first failed seed, and the command that shows it again. */
  readonly planFile?: string;
  readonly reproduce?: string;
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
}

/** What the seeds themselves do not say. */
export type Circumstances = Pick<
  SimulationReport,
  "without" | "asked" | "stopped" | "interrupted" | "planFile" | "reproduce"
> & { readonly elapsedMs: number };

const MS_PER_HOUR = 3_600_000;
const RARE_PART = 0.03;
/** Of fewer seeds no kind is said to be rare: it may be chance. */
const SEEDS_TO_JUDGE_KINDS = 300;

export function reportOf(
  results: readonly SeedResult[],
  circumstances: Circumstances,
): SimulationReport {
  const { without, asked, stopped, interrupted, planFile, reproduce, elapsedMs } = circumstances;
  const violations = results.flatMap(({ seed, violation }) =>
    violation ? [{ seed, ...violation }] : [],
  );
  const faults = countFaults(results);
  const of = (value: (result: SeedResult) => number) => results.map(value);
  return {
    ...(without && { without }),
    asked,
    seeds: results.length,
    ...(stopped && { stopped }),
    ...(interrupted && { interrupted }),
    failures: violations.length,
    violations,
    ...(planFile && { planFile, reproduce }),
    faults,
    rareFaults: rareFaultsOf(faults, results.length),
    simulatedHours: round(sum(of(({ simulatedMs }) => simulatedMs)) / MS_PER_HOUR),
    seedsPerHour: Math.round((results.length * MS_PER_HOUR) / elapsedMs),
    commands: sum(of(({ commands }) => commands)),
    fewestCommands: least(of(({ commands }) => commands)),
    fewestFaults: least(of(({ begun }) => begun)),
    fewestBitten: least(of(({ bitten }) => bitten.length)),
    slowestHealingMs: most(of(({ healedMs }) => healedMs)),
    slowestRunMs: most(of(({ runMs }) => runMs)),
    failedSeeds: violations.map(({ seed }) => seed),
  };
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

/** 0 where there is none: who was interrupted at once has tried nothing. */
const least = (values: readonly number[]): number =>
  values.reduce((one, other) => Math.min(one, other), values[0] ?? 0);

const most = (values: readonly number[]): number =>
  Math.round(values.reduce((one, other) => Math.max(one, other), 0));

const round = (value: number): number => Math.round(value * 1_000) / 1_000;
