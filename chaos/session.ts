/**
 * An exchange and its clients, at which drills strike one after the other. After each of them the clients rest, everything
 * that is on its way arrives, and separate programs judge: a checker from the clients' own logs, and the audit.
 */
import { loadavg } from "node:os";
import { join } from "node:path";
import { audit } from "../services/audit/audit.js";
import type { Drill, Round, Stage, Surroundings } from "./drills/drill.js";
import { LoadProcess, type LoadResult } from "./load/process.js";
import { untilQuiet } from "./quiet.js";
import { type DrillReport, report } from "./report.js";
import { runChecker } from "./run-checker.js";
import { Scene } from "./scene.js";
import { whatAils } from "./stage/health.js";
import { DEBUGGER_ENV } from "./stage/inspector.js";
import { Metronome } from "./stage/metronome.js";
import { Probe } from "./stage/probe.js";

const LOAD_ACCOUNTS = 100;
const FIRST_LOAD_ACCOUNT = 1_000;
const QUIET_LIMIT_MS = 60_000;

/** How often a drill strikes: so many times, or again and again for so long. */
export interface Amount {
  readonly rounds: number;
  readonly forMs?: number;
}

export interface SessionOptions extends Surroundings {
  readonly seed: number;
  readonly log: (line: string) => void;
}

export class Session {
  readonly stage: Stage;
  private readonly load: LoadProcess;
  /** What the load had sent and been told before the next drill. */
  private before: Pick<LoadResult, "submitted" | "fills" | "resolved"> = {
    submitted: 0,
    fills: 0,
    resolved: 0,
  };

  private constructor(stage: Stage, load: LoadProcess) {
    this.stage = stage;
    this.load = load;
  }

  /** Starts everything; what fails stops what had started. */
  static async open(options: SessionOptions): Promise<Session> {
    const { log, seed, ordersPerSecond } = options;
    const scene = await Scene.start({ ...options, env: DEBUGGER_ENV });
    const load = startLoad(scene, ordersPerSecond, seed);
    let probe: Probe | undefined;
    let metronome: Metronome | undefined;
    try {
      probe = await Probe.open(scene);
      metronome = await Metronome.open(scene);
      await load.ready();
      return new Session({ scene, probe, metronome, seed, log }, load);
    } catch (error) {
      log(`the logs are kept in ${scene.keepLogs()}`);
      load.kill();
      probe?.leave();
      metronome?.leave();
      await scene.stop();
      throw error;
    }
  }

  /** Strikes, and has it judged. Rejects when the exchange is not healthy before, or does not come back. */
  async run(drill: Drill, amount: Amount): Promise<DrillReport> {
    const { scene, probe, metronome, log } = this.stage;
    const loadBefore = loadavg()[0]!;
    const ails = await whatAils(scene.exchange);
    if (ails.length > 0) {
      throw new Error(
        `EXCHANGE_NOT_HEALTHY: ${drill.name} strikes only what is whole: ${ails.join("; ")}`,
      );
    }
    this.load.go();
    const rounds = await this.strike(drill, amount);
    this.load.rest();
    const result = await this.load.result();
    await Promise.all([probe.rest(), metronome.rest()]);
    log("waiting until everything is taken, then judging");
    const ailsStill = await whatAils(scene.exchange);
    await untilQuiet(scene, QUIET_LIMIT_MS);
    // Once more: what has arrived meanwhile was told to them, too.
    this.load.rest();
    await Promise.all([this.load.result(), probe.rest(), metronome.rest()]);
    const checked = await runChecker(scene.logs, scene.exchange.urls.postgres);
    const audited = await audit(scene.exchange.urls.postgres);
    const load = this.sinceLast(result);
    return report({ drill, loadBefore, ails: ailsStill, rounds, load, checked, audited });
  }

  /** Saves the logs of processes and clients from `close`; gives the folder they are in. */
  keepLogs(): string {
    return this.stage.scene.keepLogs();
  }

  /** Stops everything, whatever was done to it. */
  async close(): Promise<void> {
    const { scene, probe, metronome } = this.stage;
    this.load.kill();
    probe.leave();
    metronome.leave();
    await scene.stop();
  }

  private async strike(drill: Drill, { rounds: count, forMs }: Amount): Promise<Round[]> {
    const { log } = this.stage;
    const rounds: Round[] = [];
    const startedMs = performance.now();
    const isOver = () =>
      forMs === undefined ? rounds.length >= count : performance.now() - startedMs >= forMs;
    while (!isOver()) {
      const number = rounds.length + 1;
      const round = await drill.round(this.stage, number);
      rounds.push(round);
      log(
        `round ${number}${forMs === undefined ? ` of ${count}` : ""}: ${[round.summary, ...round.failures].join("; ")}`,
      );
    }
    return rounds;
  }

  private sinceLast(result: LoadResult): LoadResult {
    const { submitted, fills, resolved } = this.before;
    this.before = result;
    return {
      ...result,
      submitted: result.submitted - submitted,
      fills: result.fills - fills,
      resolved: result.resolved - resolved,
    };
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
