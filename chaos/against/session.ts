/**
 * One drill at a running exchange: what it would touch is planned and checked against its radius before anything is done.
 * Then, if the exchange is whole and the probe's account good for it, it is done.
 */
import { kindOfName, ledgerName, shardOfAccount } from "../../actors/kernel/ids.js";
import { makeReportFolder } from "../../services/cli/drill-folder.js";
import type { ClusterPlaces } from "../../services/cli/whereabouts.js";
import { formatDecimal } from "../../services/common/decimal.js";
import { boundText } from "../drills/drill.js";
import { unlessInterrupted } from "../interrupt.js";
import { aroundOf, logPlaces } from "./around.js";
import { accountObstacles, type ProbeNeeds } from "./account.js";
import { liveDrillOf } from "./drills/catalog.js";
import { type Ground, type LiveDrill, planWithin, refusalOf } from "./drills/drill.js";
import { type DryRun, outlookOf } from "./dry-run.js";
import { ailsNow, notHealthy, WAIT_MS_MAX, whatAils } from "./health.js";
import { Probe } from "./probe.js";
import { fundsFor, type ProbeTerms, probeTermsOf } from "./probe-terms.js";
import { radiusOf, type RadiusWords } from "./radius.js";
import { keepLive, type LiveOutcome } from "./record.js";
import { type LiveReport, liveReport, textOf } from "./report.js";
import { type LiveRun, Rounds } from "./rounds.js";
import { Target } from "./target.js";
import { Turn } from "./turn.js";

export interface LiveOptions extends RadiusWords {
  readonly drill: string;
  /** The gateway's, as host:port. */
  readonly against: string;
  readonly dataDir?: string;
  /** The probe's. */
  readonly account: number;
  readonly rounds: number;
  /** An order of the probe that has no end after so long ends the drill. */
  readonly abortAfterMs: number;
  /** Where its report and its evidence are written; absent: nowhere. */
  readonly folder?: string;
}

/** Says what a drill would do, and why it would be refused. Throws `CliError` where it could do nothing at all. */
async function planLive(options: LiveOptions): Promise<DryRun> {
  const session = await LiveSession.open(options);
  try {
    return await session.dryRun();
  } finally {
    await session.close();
  }
}

/** Throws `CliError` when a drill could not be done, or not within its radius. Touches nothing. */
async function checkLive(options: LiveOptions): Promise<void> {
  const session = await LiveSession.open(options);
  try {
    await session.check();
  } finally {
    await session.close();
  }
}

/** Does it. Throws `CliError` when it is refused; then nothing was struck, and what its probe has left open is in `run.undo`. */
async function runLive(options: LiveOptions, run: LiveRun): Promise<LiveReport> {
  const session = await LiveSession.open(options);
  try {
    const turn = await Turn.take(session.places.urls.etcd, options.drill);
    try {
      const { folder } = options;
      const inTurn = { ...run, signal: AbortSignal.any([run.signal, turn.signal]) };
      if (folder === undefined) return liveReport((await session.run(inTurn)).findings);
      const startedAt = new Date().toISOString();
      const before = await logPlaces(session.places);
      const outcome = await session.run(inTurn);
      const around = await aroundOf(session.places, before, folder);
      return await keepLive(folder, { startedAt, around }, outcome);
    } finally {
      await turn.leave().catch(tellTo(run));
    }
  } finally {
    await session.close().catch(tellTo(run));
  }
}

/** What was struck was struck, however badly the drill takes its leave. */
function tellTo({ log }: LiveRun) {
  return (error: unknown): void => log(`something was not closed: ${String(error)}`);
}

/** What is done at a running exchange, for whoever does it. */
export interface Sessions {
  readonly plan: (options: LiveOptions) => Promise<DryRun>;
  readonly check: (options: LiveOptions) => Promise<void>;
  readonly run: (options: LiveOptions, run: LiveRun) => Promise<LiveReport>;
}

export const SESSIONS: Sessions = { plan: planLive, check: checkLive, run: runLive };

class LiveSession {
  private readonly options: LiveOptions;
  private readonly drill: LiveDrill;
  private readonly target: Target;
  private readonly terms: ReadonlyMap<string, ProbeTerms>;

  private constructor(
    options: LiveOptions,
    target: Target,
    terms: ReadonlyMap<string, ProbeTerms>,
  ) {
    this.options = options;
    this.drill = liveDrillOf(options.drill);
    this.target = target;
    this.terms = terms;
  }

  static async open(options: LiveOptions): Promise<LiveSession> {
    liveDrillOf(options.drill);
    const target = await Target.reach(options.against, options.dataDir);
    try {
      const { symbols } = radiusOf(await target.cluster.look(), options);
      const terms = await Promise.all(
        symbols.map(async (symbol) =>
          probeTermsOf(target.instruments.get(symbol)!, await target.client.market(symbol)),
        ),
      );
      return new LiveSession(options, target, new Map(terms.map((each) => [each.symbol, each])));
    } catch (error) {
      await target.close();
      throw error;
    }
  }

  get places(): ClusterPlaces {
    return this.target.places;
  }

  close(): Promise<void> {
    return this.target.close();
  }

  /** Each round as it would be on the exchange of now: the one before it leaves nothing behind. */
  async dryRun(): Promise<DryRun> {
    const { drill, options, target } = this;
    const ground = await this.ground();
    const plans = Array.from({ length: options.rounds }, (_, at) => drill.plan(ground, at + 1));
    const refusals = plans.flatMap((plan) => refusalOf(drill, ground, plan) ?? []);
    // A drill has the turn before its probe has orders, and until it has none: whoever sees those sees that before or afterwards.
    const before = await Turn.refusal(this.places.urls.etcd);
    const obstacles = await accountObstacles(target.client, this.needs);
    const running = before ?? (await Turn.refusal(this.places.urls.etcd));
    const ails = await ailsNow(target);
    return {
      drill: drill.name,
      against: options.against,
      dryRun: true,
      hypothesis: drill.hypothesis,
      bound: boundText(drill.bound),
      account: options.account,
      rounds: plans.map(textOf),
      ordersPerSecond: drill.pace.ordersPerSecond,
      ordersOpenMax: drill.pace.ordersOpenMax,
      orders: this.needs.terms.map(({ text }) => text),
      funds: fundsFor(this.needs.terms, drill.pace.ordersOpenMax).map(
        ({ asset, units }) => `${formatDecimal(units, asset.decimals)} ${asset.name}`,
      ),
      ...outlookOf({ running, refusals, obstacles, ails }),
    };
  }

  async check(): Promise<void> {
    const { drill, options } = this;
    const ground = await this.ground();
    for (let round = 1; round <= options.rounds; round++) planWithin(drill, ground, round);
  }

  async run(run: LiveRun): Promise<LiveOutcome> {
    const { drill, options, target } = this;
    planWithin(drill, await this.ground(), 1);
    const [obstacle] = await accountObstacles(target.client, this.needs);
    if (obstacle) throw obstacle;
    const ails = await unlessInterrupted(run.signal, whatAils(target, WAIT_MS_MAX, run.log));
    if (ails.length > 0) throw await unlessInterrupted(run.signal, notHealthy(target, ails));
    const { balances } = await target.client.balances(options.account);
    if (options.folder !== undefined) makeReportFolder(options.folder);
    const probe = await Probe.open(options.against, options.account, this.terms);
    const ground = () => this.ground();
    try {
      return await new Rounds({ drill, options, target, probe, ground, run }).outcome(balances);
    } finally {
      await probe.leave();
    }
  }

  private get needs(): ProbeNeeds {
    const { account, against } = this.options;
    return { account, gateway: against, terms: [...this.terms.values()], pace: this.drill.pace };
  }

  /** How things are now. */
  private async ground(): Promise<Ground> {
    const state = await this.target.cluster.look();
    const shards = state.actors.filter(({ actor }) => kindOfName(actor) === "ledger").length;
    const shard = ledgerName(shardOfAccount(this.options.account, shards));
    return { state, radius: radiusOf(state, this.options), shard };
  }
}
