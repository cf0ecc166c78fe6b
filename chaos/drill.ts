/**
 * Drills: faults on purpose, at an exchange that trades, and proof that nothing was lost. Each round strikes, measures
 * what clients or the batch log see of it, and makes everything whole again. At the end separate programs judge: a
 * checker from the clients' own logs, and the audit.
 */
import { loadavg } from "node:os";
import { join } from "node:path";
import { audit } from "../services/audit/audit.js";
import type { Drill, Round, Stage, Surroundings } from "./drills/drill.js";
import { FREEZE_LEADER } from "./drills/freeze-leader.js";
import { KILL_LEADER } from "./drills/kill-leader.js";
import { Metronome } from "./drills/metronome.js";
import { MOVE_LEADER } from "./drills/move-leader.js";
import { ROLLBACK_NATS, WIPE_NATS } from "./drills/nats-loss.js";
import { Probe } from "./drills/probe.js";
import { ROLLING_RESTART } from "./drills/rolling-restart.js";
import { LoadProcess } from "./load/process.js";
import { untilQuiet } from "./quiet.js";
import { type DrillReport, report } from "./report.js";
import { runChecker } from "./run-checker.js";
import { Scene } from "./scene.js";

export const DRILLS: readonly Drill[] = [
  KILL_LEADER,
  FREEZE_LEADER,
  MOVE_LEADER,
  ROLLING_RESTART,
  WIPE_NATS,
  ROLLBACK_NATS,
];

export interface DrillOptions extends Partial<Surroundings> {
  readonly rounds?: number;
  readonly seed?: number;
  /** True keeps the logs although everything is as it should be. */
  readonly keep?: boolean;
  /** Takes lines of progress. */
  readonly log?: (line: string) => void;
}

const SURROUNDINGS: Surroundings = { nodes: 3, ledgerShards: 4, symbols: 6, ordersPerSecond: 200 };
const ROUNDS = 20;
const SEED = 1;

const LOAD_ACCOUNTS = 100;
const FIRST_LOAD_ACCOUNT = 1_000;
const QUIET_LIMIT_MS = 60_000;

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
  const surroundings = { ...SURROUNDINGS, ...drill.surroundings, ...options };
  const { log = () => {}, rounds = ROUNDS, seed = SEED, keep = false } = options;
  const loadBefore = loadavg()[0]!;
  const scene = await Scene.start({ ...surroundings, log });
  let load: LoadProcess | undefined;
  let probe: Probe | undefined;
  let metronome: Metronome | undefined;
  try {
    load = startLoad(scene, surroundings.ordersPerSecond, seed);
    probe = await Probe.open(scene);
    metronome = await Metronome.open(scene);
    await load.ready();
    load.go();
    const struck = await strikeRounds(drill, { scene, probe, metronome }, rounds, log);
    load.stop();
    const result = await load.result();
    await Promise.all([probe.close(), metronome.close()]);
    log("waiting until everything is taken, then judging");
    await untilQuiet(scene, QUIET_LIMIT_MS);
    const checked = await runChecker(scene.logs, scene.exchange.urls.postgres);
    const audited = await audit(scene.exchange.urls.postgres);
    const found = report({ name, loadBefore }, struck, result, checked, audited);
    if (keep || !found.ok) log(`the logs are kept in ${scene.keepLogs()}`);
    return found;
  } catch (error) {
    log(`the logs are kept in ${scene.keepLogs()}`);
    throw error;
  } finally {
    load?.kill();
    probe?.leave();
    metronome?.leave();
    await scene.stop();
  }
}

function startLoad(scene: Scene, ordersPerSecond: number, seed: number): LoadProcess {
  return new LoadProcess({
    grpc: scene.exchange.grpc,
    name: "load1",
    seed,
    firstAccount: FIRST_LOAD_ACCOUNT,
    accounts: LOAD_ACCOUNTS,
    symbols: scene.symbols,
    ordersPerSecond,
    logFile: join(scene.logs, "load1.jsonl"),
  });
}

async function strikeRounds(
  drill: Drill,
  stage: Stage,
  count: number,
  log: (line: string) => void,
): Promise<Round[]> {
  const rounds: Round[] = [];
  for (let number = 1; number <= count; number++) {
    const round = await drill.round(stage, number);
    rounds.push(round);
    log(`round ${number} of ${count}: ${[round.summary, ...round.failures].join("; ")}`);
  }
  return rounds;
}
