/**
 * One run: an exchange boots, trades while things go wrong, and is then left in peace. It has a deadline to answer everybody,
 * deliver everything and come to rest. What takes effect is judged when it does, and at the end what only the end can show.
 */
import { shardOfAccount } from "../../actors/kernel/ids.js";
import { Checks } from "./checks/checks.js";
import { Verdict, type Violation } from "./checks/verdict.js";
import { Client } from "./clients/client.js";
import { Operator } from "./clients/operator.js";
import { Reader } from "./clients/reader.js";
import { Subscriber } from "./clients/subscriber.js";
import { Cluster } from "./cluster/cluster.js";
import { ASSETS, LEDGER_SHARDS, SYMBOLS } from "./cluster/names.js";
import { makeServers } from "./cluster/ports.js";
import { Tally } from "./cluster/tally.js";
import { type Begun, type FaultKind, type Kind, KINDS } from "./faults/kinds.js";
import type { Plan } from "./faults/plan.js";
import { type Mutation, MUTATIONS } from "./mutations/mutations.js";
import type { MutationName } from "./mutations/names.js";
import { Rest } from "./rest.js";
import { World } from "./world/world.js";

export interface RunResult {
  readonly seed: number;
  readonly violation: Violation | null;
  /** Of everything that took effect. */
  readonly hash: string;
  readonly commands: number;
  /** Kinds of faults that have bitten. */
  readonly bitten: readonly FaultKind[];
  readonly simulatedMs: number;
  /** When it ended, since its plan began. */
  readonly endedMs: number;
  /** From the end of the faults until everything was at rest, in milliseconds of virtual time. */
  readonly healedMs: number;
  readonly events: number;
  /** The log of the run, where it was asked for. */
  readonly lines: readonly string[] | null;
}

export interface RunOptions {
  readonly without?: MutationName;
  readonly withText?: boolean;
  /** The same run has been judged already, and only its hash is asked for. */
  readonly isSecond?: boolean;
}

const US_PER_MS = 1_000;
const BOOT_MS_MAX = 30_000;
/** So long has the exchange to be well after the last fault has ended. */
const HEAL_MS_MAX = 15_000;
/** How often it is looked how long queues are. */
const QUEUES_EVERY_US = 25_000;
const ACCOUNTS_PER_SHARD = 5;
const FIRST_ACCOUNT = 101;

export async function run(plan: Plan, options: RunOptions = {}): Promise<RunResult> {
  const stage = new Stage(plan, options);
  const failed = (error: unknown): void => {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    stage.checks.verdict.violate("live", `a process failed: ${message}`);
  };
  // In a real process either would be its end, and its supervisor's to see.
  process.on("unhandledRejection", failed);
  try {
    await stage.play();
  } catch (error) {
    failed(error);
  }
  // Rejections that nobody has handled are told when the real event loop has its turn.
  await new Promise((resolve) => setImmediate(resolve));
  process.off("unhandledRejection", failed);
  return stage.result();
}

class Stage {
  readonly checks: Checks;
  private readonly plan: Plan;
  private readonly world: World;
  private readonly cluster: Cluster;
  private readonly clients: Client[] = [];
  private readonly subscribers: Subscriber[] = [];
  private readonly reader: Reader;
  /** Null: there are nodes of the version before, which knows neither phases nor rules. */
  private readonly operator: Operator | null;
  private readonly faults: { readonly kind: FaultKind; readonly begun: Begun; isOver: boolean }[] =
    [];
  private healedMs = 0;
  /** When the exchange had booted and the plan began: its faults, the verdict and the log have one time. */
  private originUs = 0;

  constructor(plan: Plan, { without, withText = false, isSecond = false }: RunOptions) {
    const world = new World(plan.seed, { withText });
    const servers = makeServers(world, LEDGER_SHARDS);
    const mutation: Mutation = without ? MUTATIONS[without] : { about: "" };
    mutation.prepare?.(servers);
    this.plan = plan;
    this.world = world;
    const verdict = new Verdict(() => world.scheduler.nowUs);
    const tally = new Tally(verdict);
    this.checks = new Checks(servers.postgres, verdict, { tally, judges: !isSecond });
    world.witness = this.checks;
    this.cluster = new Cluster(world, servers, this.checks, tally, mutation.decorate);
    for (const { kind } of plan.faults) kindOf(kind).prepare?.(this.cluster);
    this.addClients();
    const accounts = accountsOf(ACCOUNTS_PER_SHARD);
    const people = { world, verdict, doors: () => this.cluster.doors(), accounts };
    this.reader = new Reader({ ...people, checks: this.checks });
    const isOlder = plan.faults.some(({ kind }) => kind === "rolling-upgrade");
    this.operator = isOlder ? null : new Operator({ ...people, symbols: SYMBOLS });
  }

  async play(): Promise<void> {
    await this.boot();
    const startUs = this.world.scheduler.nowUs;
    this.originUs = startUs;
    for (const client of this.clients) client.start();
    this.reader.start();
    this.operator?.start();
    for (const fault of this.plan.faults) {
      this.world.scheduler.at(startUs + fault.atMs * US_PER_MS, () => {
        if (!this.checks.verdict.violation) this.begin(fault);
      });
    }
    const faultsEndMs = Math.max(0, ...this.plan.faults.map(({ atMs, forMs }) => atMs + forMs));
    const endMs = Math.max(this.plan.faultsMs, faultsEndMs) + 1;
    await this.runUntil(startUs + endMs * US_PER_MS, () => false);
    await this.heal();
  }

  result(): RunResult {
    const { world, checks } = this;
    const { violation } = checks.verdict;
    const { originUs } = this;
    return {
      seed: this.plan.seed,
      violation: violation && { ...violation, atMs: this.sincePlanMs(violation.atMs) },
      hash: world.trace.hash,
      commands: this.clients.reduce((sum, { sent }) => sum + sent, 0),
      bitten: this.faults.filter(({ begun }) => begun.hasBitten()).map(({ kind }) => kind),
      simulatedMs: world.scheduler.nowUs / US_PER_MS,
      endedMs: this.sincePlanMs(world.scheduler.nowUs / US_PER_MS),
      healedMs: this.healedMs,
      events: world.scheduler.executed,
      lines: world.trace.timedLines(originUs),
    };
  }

  /** Whole microseconds, as the scheduler has them. */
  private sincePlanMs(ms: number): number {
    return (Math.round(ms * US_PER_MS) - this.originUs) / US_PER_MS;
  }

  private async boot(): Promise<void> {
    this.cluster.start();
    let isReady = false;
    const opened = this.cluster
      .list()
      .then(() => Promise.all(this.clients.map((client) => client.open())))
      .then(() => {
        isReady = true;
      });
    await this.runUntil(BOOT_MS_MAX * US_PER_MS, () => isReady);
    if (!isReady) return this.checks.verdict.violate("live", "the exchange did not boot");
    await opened;
    this.lookAtQueues();
    for (const subscriber of this.subscribers) subscriber.start();
  }

  private lookAtQueues(): void {
    const { cluster, checks, world } = this;
    for (const [process, lengths] of cluster.queues()) checks.queues(process, lengths);
    world.scheduler.after(QUEUES_EVERY_US, () => this.lookAtQueues());
  }

  private begin(fault: Plan["faults"][number]): void {
    const { scheduler, trace } = this.world;
    trace.say(scheduler.nowUs, () => `FAULT ${JSON.stringify(fault)}`);
    const begun = kindOf(fault.kind).begin(this.cluster, fault);
    const entry = { kind: fault.kind, begun, isOver: false };
    this.faults.push(entry);
    scheduler.after(fault.forMs * US_PER_MS, () => {
      trace.say(scheduler.nowUs, () => `END OF ${fault.kind}`);
      this.end(entry);
    });
  }

  private end(entry: { readonly begun: Begun; isOver: boolean }): void {
    if (entry.isOver) return;
    entry.isOver = true;
    entry.begun.end();
  }

  /** All faults are over: everybody gets what he needs, and has until the deadline to be well. */
  private async heal(): Promise<void> {
    const { cluster, world, checks } = this;
    if (checks.verdict.violation) return;
    world.trace.say(world.scheduler.nowUs, () => "HEALING");
    for (const entry of this.faults) this.end(entry);
    cluster.healAll();
    for (const client of this.clients) client.finish();
    this.reader.finish();
    this.operator?.finish();
    for (const subscriber of this.subscribers) subscriber.stay();
    const startUs = world.scheduler.nowUs;
    const rest = new Rest(cluster, {
      clients: this.clients,
      subscribers: this.subscribers,
      operator: this.operator,
    });
    await this.runUntil(startUs + HEAL_MS_MAX * US_PER_MS, () => rest.isReached());
    this.healedMs = (world.scheduler.nowUs - startUs) / US_PER_MS;
    checks.verdict.expect(
      rest.isReached(),
      "live",
      () => `not well ${HEAL_MS_MAX} ms after all faults: ${rest.lacking().join("; ")}`,
    );
    checks.judgeEnd();
  }

  private runUntil(untilUs: number, isDone: () => boolean): Promise<void> {
    const { verdict } = this.checks;
    return this.world.scheduler.run(untilUs, () => verdict.violation !== null || isDone());
  }

  private addClients(): void {
    const { world, checks, cluster, plan } = this;
    const doors = () => cluster.doors();
    const shared = { world, verdict: checks.verdict, answers: checks.answers, doors };
    const accounts = accountsOf(ACCOUNTS_PER_SHARD);
    const names = { symbols: SYMBOLS, assets: ASSETS, accounts };
    const commands = Math.ceil(plan.commands / accounts.length);
    const thinkUs = (plan.faultsMs * US_PER_MS) / commands;
    for (const account of accounts) {
      const client = new Client({ ...shared, ...names }, { account, commands, thinkUs });
      this.clients.push(client);
      this.subscribers.push(new Subscriber(shared, account, (event) => client.hear(event)));
    }
  }
}

const kindOf = (kind: FaultKind): Kind => KINDS[kind];

/** So many accounts of each shard. */
function accountsOf(perShard: number): number[] {
  const accounts: number[] = [];
  const counts = new Map<number, number>();
  for (let account = FIRST_ACCOUNT; accounts.length < perShard * LEDGER_SHARDS; account++) {
    const shard = shardOfAccount(account, LEDGER_SHARDS);
    const count = counts.get(shard) ?? 0;
    if (count >= perShard) continue;
    counts.set(shard, count + 1);
    accounts.push(account);
  }
  return accounts;
}
