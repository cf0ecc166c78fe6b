/**
 * Drills: faults on purpose, at an exchange that trades, and proof that nothing was lost. Each round strikes a node that
 * leads something, measures until a client trades there again, and makes the node a member again. At the end separate
 * programs judge: a checker from the clients' own logs, and the audit.
 */
import { join } from "node:path";
import { type AuditReport, audit } from "../services/audit/audit.js";
import type { CheckReport } from "./checker/check.js";
import { runChecker } from "./run-checker.js";
import type { Bite, Drill } from "./drills/drill.js";
import { FREEZE_LEADER } from "./drills/freeze-leader.js";
import { KILL_LEADER } from "./drills/kill-leader.js";
import { Probe, type Resumption } from "./drills/probe.js";
import { pickVictim } from "./drills/victims.js";
import { LoadProcess, type LoadResult } from "./load/process.js";
import { untilQuiet } from "./quiet.js";
import { Scene } from "./scene.js";

export const DRILLS: readonly Drill[] = [KILL_LEADER, FREEZE_LEADER];

export interface DrillOptions {
  readonly rounds?: number;
  readonly nodes?: number;
  readonly ledgerShards?: number;
  readonly symbols?: number;
  readonly ordersPerSecond?: number;
  readonly seed?: number;
  /** Takes lines of progress. */
  readonly log?: (line: string) => void;
}

export interface DrillReport {
  readonly name: string;
  readonly rounds: number;
  /** From the blow to the first fill of an order sent after it, on a symbol of the struck node. */
  readonly resumeMsP50: number;
  readonly resumeMsP99: number;
  readonly resumeMsMax: number;
  /** The same until all of the node's symbols have filled such orders for all shards. */
  readonly allResumedMsP50: number;
  readonly allResumedMsMax: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly staleCommits: number;
  readonly conserved: boolean;
  readonly gaps: number;
  readonly contradicted: number;
  readonly journalGaps: number;
  /** Rounds in which the fault did not do what it is for. */
  readonly toothless: number;
  readonly orders: number;
  readonly fills: number;
  /** Commits of deposed nodes that the fence refused: proof that it was needed. */
  readonly fencedCommits: number;
  readonly unknownResolved: number;
  readonly unreported: number;
  readonly snapshotMs: number;
  readonly failures: readonly string[];
  /** Is everything as it should be? */
  readonly ok: boolean;
}

const DEFAULTS = {
  rounds: 20,
  nodes: 3,
  ledgerShards: 4,
  symbols: 6,
  ordersPerSecond: 300,
  seed: 1,
} as const;

const LOAD_ACCOUNTS = 100;
const FIRST_LOAD_ACCOUNT = 1_000;
const QUIET_LIMIT_MS = 60_000;
const PERCENT_P50 = 0.5;
const PERCENT_P99 = 0.99;

/** An unknown drill; the message lists those that there are. */
export class UnknownDrillError extends Error {
  override readonly name = "UnknownDrillError";
  readonly code = "UNKNOWN_DRILL";
  constructor(name: string) {
    const known = DRILLS.map((drill) => `  ${drill.name}: ${drill.about}`).join("\n");
    super(`UNKNOWN_DRILL: there is no drill ${JSON.stringify(name)}. There are:\n${known}`);
  }
}

/** Runs a drill on an exchange that it starts. Throws `UnknownDrillError`; rejects when it cannot be run to its end. */
export async function runDrill(name: string, options: DrillOptions = {}): Promise<DrillReport> {
  const drill = DRILLS.find((each) => each.name === name);
  if (!drill) throw new UnknownDrillError(name);
  const settings = { ...DEFAULTS, ...options };
  const log = options.log ?? (() => {});
  const scene = await Scene.start({ ...settings, log });
  let load: LoadProcess | undefined;
  let probe: Probe | undefined;
  try {
    load = startLoad(scene, settings);
    probe = await Probe.open(scene);
    await load.ready();
    load.go();
    const rounds = await strikeRounds(drill, scene, probe, settings.rounds, log);
    load.stop();
    const result = await load.result();
    await probe.close();
    log("waiting until everything is taken, then judging");
    await untilQuiet(scene, QUIET_LIMIT_MS);
    const checked = await runChecker(scene.logs, scene.exchange.urls.postgres);
    const audited = await audit(scene.exchange.urls.postgres);
    const reported = report(drill, rounds, result, checked, audited);
    if (!reported.ok) log(`the logs are kept in ${scene.keepLogs()}`);
    return reported;
  } catch (error) {
    log(`the logs are kept in ${scene.keepLogs()}`);
    throw error;
  } finally {
    load?.kill();
    probe?.leave();
    await scene.stop();
  }
}

function startLoad(scene: Scene, settings: { ordersPerSecond: number; seed: number }): LoadProcess {
  return new LoadProcess({
    grpc: scene.exchange.grpc,
    name: "load1",
    seed: settings.seed,
    firstAccount: FIRST_LOAD_ACCOUNT,
    accounts: LOAD_ACCOUNTS,
    symbols: scene.symbols,
    ordersPerSecond: settings.ordersPerSecond,
    logFile: join(scene.logs, "load1.jsonl"),
  });
}

type Round = Resumption & Bite;

async function strikeRounds(
  drill: Drill,
  scene: Scene,
  probe: Probe,
  count: number,
  log: (line: string) => void,
): Promise<Round[]> {
  const rounds: Round[] = [];
  for (let number = 1; number <= count; number++) {
    const victim = await pickVictim(scene.exchange, number);
    const struckAtMs = performance.now();
    drill.strike(victim);
    const resumed = await probe.untilResumed(victim.symbols, struckAtMs);
    const bite = await drill.heal(scene, victim, struckAtMs);
    rounds.push({ ...resumed, ...bite });
    log(
      `round ${number} of ${count}: ${victim.process.name} led ${[...victim.tokens.keys()].join(", ")}; ` +
        `first fill after ${Math.round(resumed.firstMs)} ms, all after ${Math.round(resumed.allMs)} ms` +
        bite.failures.map((failure) => `; ${failure}`).join(""),
    );
  }
  return rounds;
}

/** Runs the checker as the separate program that it is. */
function report(
  drill: Drill,
  rounds: readonly Round[],
  load: LoadResult,
  checked: CheckReport,
  audited: AuditReport,
): DrillReport {
  const first = rounds.map((round) => round.firstMs);
  const all = rounds.map((round) => round.allMs);
  const toothless = rounds.filter((round) => round.failures.length > 0).length;
  const failures = rounds.flatMap((round) => round.failures).concat(checked.examples);
  if (audited.firstViolation) failures.push(JSON.stringify(audited.firstViolation));
  if (load.unreported > 0) failures.push(`${load.unreported} orders have no report`);
  const stale = rounds.reduce((sum, round) => sum + round.staleCommits, 0);
  return {
    name: drill.name,
    rounds: rounds.length,
    resumeMsP50: percentile(first, PERCENT_P50),
    resumeMsP99: percentile(first, PERCENT_P99),
    lost: checked.lost,
    duplicated: checked.duplicated,
    staleCommits: checked.staleCommits + stale,
    conserved: checked.conserved && audited.conserved,
    resumeMsMax: percentile(first, 1),
    allResumedMsP50: percentile(all, PERCENT_P50),
    allResumedMsMax: percentile(all, 1),
    gaps: checked.gaps,
    contradicted: checked.contradicted,
    journalGaps: audited.journalGaps,
    toothless,
    orders: load.submitted,
    fills: load.fills,
    fencedCommits: rounds.reduce((sum, round) => sum + round.fencedCommits, 0),
    unknownResolved: load.resolved,
    unreported: load.unreported,
    snapshotMs: audited.snapshotMs,
    failures,
    ok: toothless === 0 && stale === 0 && checked.ok && audited.ok && load.unreported === 0,
  };
}

/** The smallest value that so large a part of the values does not exceed, in whole milliseconds. */
function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return Math.round(sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? 0);
}
