/**
 * An exchange and its clients, at which drills strike one after the other. After each of them the clients rest, everything
 * that is on its way arrives, and separate programs judge: a checker from the clients' own logs, and the audit.
 */
import { loadavg } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { audit } from "../services/audit/audit.js";
import {
  CannotStrikeError,
  type Drill,
  NotHealthyError,
  type Round,
  type Stage,
  type Surroundings,
} from "./drills/drill.js";
import { type DrawnPlan, metricsFolder, tablesFolder, writeEvidence } from "./evidence/folder.js";
import { firstLeaders, leaderChanges } from "./evidence/leader-changes.js";
import { type Observed, recordOf } from "./evidence/record.js";
import { serverVersions, writeMetrics } from "./evidence/servers.js";
import { LoadProcess } from "./load/process.js";
import { untilQuiet } from "./quiet.js";
import { type DrillReport, type Found, type LoadCounts, report } from "./report.js";
import { runChecker } from "./run-checker.js";
import { Scene } from "./scene.js";
import { noteBooks } from "./stage/books.js";
import { Canary } from "./stage/canary.js";
import { whatAils } from "./stage/health.js";
import { DEBUGGER_ENV } from "./stage/inspector.js";
import { Metronome } from "./stage/metronome.js";
import { Probe } from "./stage/probe.js";
import { untilBroken } from "./stage/standing-rules.js";
import { Timeline } from "./stage/timeline.js";

const LOAD_ACCOUNTS = 100;
const FIRST_LOAD_ACCOUNT = 1_000;
const QUIET_LIMIT_MS = 60_000;
const NOTE_BOOKS_EVERY_MS = 2_000;
/** Rounds of drills that draw what they do take longer: so many are planned at most. */
const ROUND_MS_MIN = 5_000;

/** How often a drill strikes: so many times, or again and again for so long. */
export interface Amount {
  readonly rounds: number;
  readonly forMs?: number;
  /** Is no other round needed after this one? */
  readonly isEnough?: (round: Round) => boolean;
  /** Called as soon as something is broken that holds at any moment. */
  readonly onBroken?: (rule: string) => void;
}

export interface SessionOptions extends Surroundings {
  readonly seed: number;
  /** The file that nodes run; absent: the built program. */
  readonly nodeProgram?: string;
  readonly log: (line: string) => void;
}

export class Session {
  readonly stage: Stage;
  private readonly surroundings: Surroundings;
  private readonly load: LoadProcess;
  private readonly canary: Canary;
  private readonly closing = new AbortController();
  /** What the load had sent and been told before the next drill. */
  private before: Omit<LoadCounts, "unreported"> = {
    submitted: 0,
    fills: 0,
    resolved: 0,
  };

  private constructor(stage: Stage, surroundings: Surroundings, load: LoadProcess, canary: Canary) {
    this.stage = stage;
    this.surroundings = surroundings;
    this.load = load;
    this.canary = canary;
  }

  /** Starts everything; what fails stops what had started. */
  static async open(options: SessionOptions): Promise<Session> {
    const { log, seed, ordersPerSecond } = options;
    const scene = await Scene.start({ ...options, env: DEBUGGER_ENV });
    const load = startLoad(scene, ordersPerSecond, seed);
    const timeline = new Timeline();
    const clients: { leave(): void }[] = [];
    const opened = <Client extends { leave(): void }>(client: Client): Client => {
      clients.push(client);
      return client;
    };
    try {
      const probe = opened(await Probe.open(scene));
      const metronome = opened(await Metronome.open(scene));
      const canary = opened(await Canary.open(scene, timeline));
      await load.ready();
      const stage = { scene, probe, metronome, timeline, seed, log };
      return new Session(stage, surroundingsOf(options), load, canary);
    } catch (error) {
      log(`the logs are kept in ${scene.keepLogs()}`);
      load.kill();
      for (const client of clients) client.leave();
      await scene.stop();
      throw error;
    }
  }

  /**
   * Strikes, and has it judged. `folder`: where the evidence is written. An exchange that does not come back, or to rest, is
   * judged all the same. Rejects when it is not healthy before, or cannot be judged.
   */
  async run(drill: Drill, amount: Amount, folder?: string): Promise<DrillReport> {
    const { scene, log } = this.stage;
    const loadBefore = loadavg()[0]!;
    const ails = await whatAils(scene.exchange);
    if (ails.length > 0) throw new NotHealthyError(drill.name, ails);
    const watched = new AbortController();
    const rule = untilBroken(scene, AbortSignal.any([watched.signal, this.closing.signal]));
    void rule.then((found) => found !== null && amount.onBroken?.(found));
    const { rounds, broken, ...seen } = await this.observe(drill, amount);
    const first = await this.resting(broken);
    log("waiting until everything is taken, then judging");
    const ailsStill = await whatAils(scene.exchange);
    await this.noted(broken, untilQuiet(scene, QUIET_LIMIT_MS));
    // Once more: what has arrived meanwhile was told to them, too.
    const result = (await this.resting(broken)) ?? first;
    watched.abort();
    const brokenRule = await rule;
    if (brokenRule !== null) broken.push(brokenRule);
    const { postgres } = scene.exchange.urls;
    const checked = await runChecker(scene.logs, postgres, "plain", {
      ...(folder !== undefined && { extract: tablesFolder(folder) }),
      signal: this.closing.signal,
    });
    const audited = await audit(postgres);
    const load = this.sinceLast(result ?? { ...this.before, unreported: 0 });
    const found = {
      drill: plain(drill),
      loadBefore,
      ails: ailsStill,
      broken,
      rounds,
      load,
      checked,
      audited,
    };
    if (folder !== undefined) await this.keep(folder, found, seen);
    return report(found);
  }

  /** Saves the logs of processes and clients from `close`; gives the folder they are in. */
  keepLogs(): string {
    return this.stage.scene.keepLogs();
  }

  /** Stops everything, whatever was done to it. */
  async close(): Promise<void> {
    const { scene, probe, metronome } = this.stage;
    this.closing.abort();
    this.load.kill();
    for (const client of [probe, metronome, this.canary]) client.leave();
    await scene.stop();
  }

  /** All clients wait for their answers, then for silence; what the load has sent and was told, or null. */
  private async resting(broken: string[]): Promise<LoadCounts | null> {
    const { probe, metronome } = this.stage;
    this.load.rest();
    const result = await this.noted(broken, this.load.result());
    const clients = [probe, metronome, this.canary];
    await Promise.all(clients.map((client) => this.noted(broken, client.rest())));
    return result;
  }

  /** Strikes, and writes down what is to be seen of it meanwhile. */
  private async observe(drill: Drill, amount: Amount): Promise<Seen> {
    const { exchange } = this.stage.scene;
    const { timeline } = this.stage;
    const leaders = await exchange.leaders();
    timeline.begin();
    this.canary.start();
    this.load.go();
    const noting = this.noteBooksNowAndThen();
    const rounds: Round[] = [];
    const broken: string[] = [];
    const plan = this.planOf(drill, amount);
    await this.noted(broken, this.strike(drill, amount, rounds));
    this.canary.stop();
    noting.abort();
    const lengthMs = timeline.elapsedMs;
    const { startedAt, events } = timeline;
    const first = firstLeaders(leaders);
    return { rounds, broken, plan, startedAt, lengthMs, timeline: events, firstLeaders: first };
  }

  /** What a drill strikes is not empty, and what it does lasts: so the books are noted before, meanwhile and afterwards. */
  private noteBooksNowAndThen(): AbortController {
    const noting = new AbortController();
    const signal = AbortSignal.any([noting.signal, this.closing.signal]);
    const note = async (): Promise<void> => {
      while (!signal.aborted) {
        await sleep(NOTE_BOOKS_EVERY_MS, undefined, { signal }).catch(() => undefined);
        // Postgres may be away.
        if (!signal.aborted) await noteBooks(this.stage.scene).catch(() => undefined);
      }
    };
    void note();
    return noting;
  }

  /** Everything that it was judged by, for whoever wants to judge it again. */
  private async keep(
    folder: string,
    found: Found,
    seen: Omit<Seen, "rounds" | "broken">,
  ): Promise<void> {
    const { scene, seed } = this.stage;
    const { startedAt, lengthMs, timeline, firstLeaders: first, plan } = seen;
    const actors = first.map(({ actor }) => actor);
    const changes = leaderChanges(scene.exchange.dataDir, actors, startedAt, lengthMs);
    const observed = {
      timeline,
      firstLeaders: first,
      leaderChanges: changes,
      beats: this.canary.beats,
    };
    const { surroundings } = this;
    const { logs } = scene;
    const servers = await serverVersions(scene);
    const record = await recordOf(found, observed, {
      startedAt,
      lengthMs,
      logs,
      seed,
      surroundings,
      servers,
    });
    await writeMetrics(scene, metricsFolder(folder));
    await writeEvidence(folder, record, logs, plan);
  }

  /** What comes of some work, or null where it fails: that is written down, and keeps nobody from judging. */
  private async noted<T>(broken: string[], work: Promise<T>): Promise<T | null> {
    try {
      return await work;
    } catch (error) {
      // Who has closed it waits for nothing more.
      if (error instanceof CannotStrikeError || this.closing.signal.aborted) throw error;
      const { message } = error as Error;
      if (!broken.includes(message)) broken.push(message);
      return null;
    }
  }

  /** What it has drawn, of a drill that draws what it does: told before it begins. */
  private planOf(drill: Drill, { rounds, forMs }: Amount): Seen["plan"] {
    const { scene, seed, log } = this.stage;
    const planned = forMs === undefined ? rounds : Math.ceil(forMs / ROUND_MS_MIN);
    const waves = drill.plan?.(seed, planned, { nodes: scene.exchange.nodes.length });
    if (!waves) return null;
    const plan = { seed, plan: waves };
    log(JSON.stringify(plan));
    return plan;
  }

  /** Adds to `rounds` as they are done. */
  private async strike(
    drill: Drill,
    { rounds: count, forMs, isEnough }: Amount,
    rounds: Round[],
  ): Promise<void> {
    const { log, timeline } = this.stage;
    const startedMs = performance.now();
    const isOver = () =>
      forMs === undefined ? rounds.length >= count : performance.now() - startedMs >= forMs;
    while (!isOver()) {
      const number = rounds.length + 1;
      timeline.beginRound();
      const round = await drill.round(this.stage, number);
      timeline.add("whole");
      rounds.push(round);
      log(
        `round ${number}${forMs === undefined ? ` of ${count}` : ""}: ${[round.summary, ...round.failures, ...round.unhealed].join("; ")}`,
      );
      if (isEnough?.(round)) break;
    }
  }

  private sinceLast(result: LoadCounts): LoadCounts {
    const { submitted, fills, resolved } = this.before;
    this.before = result;
    return {
      submitted: result.submitted - submitted,
      fills: result.fills - fills,
      resolved: result.resolved - resolved,
      unreported: result.unreported,
    };
  }
}

interface Seen extends Pick<Observed, "timeline" | "firstLeaders"> {
  readonly rounds: Round[];
  /** What kept it from being done to its end. */
  readonly broken: string[];
  /** What was drawn; null: nothing. */
  readonly plan: DrawnPlan | null;
  /** In milliseconds since 1970. */
  readonly startedAt: number;
  readonly lengthMs: number;
}

/** A drill without what it does. */
function plain({ name, hypothesis, about, bound, rounds }: Drill): Found["drill"] {
  return { name, hypothesis, about, bound, ...(rounds !== undefined && { rounds }) };
}

function surroundingsOf(options: SessionOptions): Surroundings {
  const { nodes, ledgerShards, symbols, ordersPerSecond } = options;
  const { wired, smallDisk, fakeClocks, natsServers } = options;
  return {
    nodes,
    ledgerShards,
    symbols,
    ordersPerSecond,
    wired,
    smallDisk,
    fakeClocks,
    natsServers,
  };
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
