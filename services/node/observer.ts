/** A node's hosts, measured: the metrics of `services/common/metrics.ts`. */
import type { Actor } from "../../actors/kernel/actor.js";
import type { ActorKind } from "../../actors/kernel/ids.js";
import { decodeSymbol, kindOfName } from "../../actors/kernel/ids.js";
import { LedgerShard } from "../../actors/ledger/ledger-shard.js";
import { WARNING_KINDS, WARNING_NAMES } from "../../actors/ledger/warnings.js";
import { Market } from "../../actors/market/market.js";
import * as metrics from "../common/metrics.js";
import type { HostState } from "../host/host-machine.js";
import {
  type CommittedBatch,
  type HostObserver,
  REFUSED_WORDS,
  type Takeover,
} from "../host/observer.js";
import { CLAIM_REASONS } from "../host/reasons.js";
import type { Node } from "./node.js";
import type { ServersAway } from "./reach.js";

const MICROSECONDS_PER_MS = 1_000;
const MS_PER_SECOND = 1_000;

/** That nobody leads an actor can be told only where all say that they do not. */
const ALWAYS_TOLD: readonly HostState[] = ["leading", "stopped"];

const ALL_THERE: ServersAway = { nats: false, etcd: false, postgres: false };

/** Counted by actor, and there as 0 for each that has a host here. */
const OF_EACH_ACTOR = [
  metrics.malformedFrames,
  metrics.fencedCommits,
  metrics.inboxesAnchored,
  metrics.divergedStandbys,
];

/** An actor that is led here. An actor that was recovered counts from zero. */
interface Led {
  readonly actor: Actor;
  /** The actor's own counters as of its last commit, and what of them the process's have. */
  counted: readonly number[];
  told: readonly number[];
}

export class MetricsObserver implements HostObserver {
  private readonly led = new Map<string, Led>();
  /** Why actors are being claimed. */
  private readonly claims = new Map<string, string>();

  /** Prometheus sees no rise in a series that begins with its first event: what it looks for is there before, as 0. */
  constructor() {
    for (const what of REFUSED_WORDS) metrics.refusedWords.inc({ what }, 0);
    for (const reason of Object.values(CLAIM_REASONS)) metrics.takeovers.inc({ reason }, 0);
    for (const way of ["warm", "cold"]) metrics.recoverySeconds.zero({ way });
    for (const kind of ["ledger", "market"]) metrics.commitSeconds.zero({ kind });
    setAway(ALL_THERE);
  }

  applied(kind: ActorKind, commands: number, elapsedMs: number): void {
    if (kind !== "market" || commands === 0) return;
    metrics.matchingLatency.observe((elapsedMs * MICROSECONDS_PER_MS) / commands);
  }

  committed(actorName: string, actor: Actor, batch: CommittedBatch): void {
    const kind = kindOfName(actorName);
    metrics.batchSize.observe({ kind }, batch.commands);
    metrics.commitSeconds.observe({ kind }, batch.commitMs / MS_PER_SECOND);
    let led = this.led.get(actorName);
    if (led?.actor !== actor) {
      led = { actor, counted: [], told: [] };
      this.led.set(actorName, led);
    }
    led.counted = countersOf(actor);
  }

  malformedFrame(actorName: string): void {
    metrics.malformedFrames.inc({ actor: actorName });
  }

  refused(what: (typeof REFUSED_WORDS)[number]): void {
    metrics.refusedWords.inc({ what });
  }

  fenced(actorName: string): void {
    metrics.fencedCommits.inc({ actor: actorName });
  }

  took(_: string, { claimMs, recoveryMs, isWarm, gapMs }: Takeover): void {
    metrics.claimSeconds.observe(claimMs / MS_PER_SECOND);
    const way = isWarm ? "warm" : "cold";
    metrics.recoverySeconds.observe({ way }, recoveryMs / MS_PER_SECOND);
    if (Number.isFinite(gapMs)) metrics.takeoverGapSeconds.observe(gapMs / MS_PER_SECOND);
  }

  anchored(actorName: string): void {
    metrics.inboxesAnchored.inc({ actor: actorName });
  }

  diverged(actorName: string): void {
    metrics.divergedStandbys.inc({ actor: actorName });
  }

  became(actorName: string, state: HostState, reason: string): void {
    this.countTakeover(actorName, state, reason);
    // Who gives it away commits once more.
    if (state !== "leading" && state !== "draining") this.forget(actorName);
  }

  /** Not before the token is raised: of several who claim at once, others go away with nothing. */
  private countTakeover(actorName: string, state: HostState, reason: string): void {
    const claimed = this.claims.get(actorName);
    this.claims.delete(actorName);
    if (state === "claiming") this.claims.set(actorName, reason);
    else if (state === "recovering" && claimed !== undefined) {
      metrics.takeovers.inc({ reason: claimed });
    }
  }

  /** Which servers answer, how each host of the node stands now, and what waits of what it leads and stands by for. */
  measure(node: Pick<Node, "states" | "backlogs" | "standbys" | "away">): void {
    setAway(node.away());
    metrics.hostState.reset();
    for (const [actor, now] of Object.entries(node.states())) {
      for (const counter of OF_EACH_ACTOR) counter.inc({ actor }, 0);
      for (const state of new Set([...ALWAYS_TOLD, now])) {
        metrics.hostState.set({ actor, state }, state === now ? 1 : 0);
      }
    }
    for (const gauge of [metrics.inboxLag, metrics.outboxAge]) gauge.reset();
    for (const [actor, { inboxFrames, outboxAgeMs }] of Object.entries(node.backlogs())) {
      metrics.inboxLag.set({ actor }, inboxFrames);
      metrics.outboxAge.set({ actor }, outboxAgeMs / MS_PER_SECOND);
    }
    for (const [actorName, led] of this.led) tell(actorName, led);
    for (const gauge of [metrics.standbyLag, metrics.standbyWarm]) gauge.reset();
    for (const [actor, { behind, isWarm }] of Object.entries(node.standbys())) {
      metrics.standbyLag.set({ actor }, behind);
      metrics.standbyWarm.set({ actor }, isWarm ? 1 : 0);
    }
  }

  /** What is measured of an actor's book belongs to whoever leads it. */
  private forget(actorName: string): void {
    const led = this.led.get(actorName);
    if (led) tell(actorName, led);
    this.led.delete(actorName);
    if (kindOfName(actorName) !== "market") return;
    const symbol = symbolOf(actorName);
    for (const side of ["bid", "ask"]) metrics.orderBookDepth.remove({ symbol, side });
  }
}

function setAway(away: ServersAway): void {
  for (const [server, isAway] of Object.entries(away)) {
    metrics.serverAway.set({ server }, isAway ? 1 : 0);
  }
}

function countersOf(actor: Actor): readonly number[] {
  if (actor instanceof Market) return [actor.tradesExecuted, actor.tradeVolume];
  if (!(actor instanceof LedgerShard)) return [];
  const warnings = WARNING_KINDS.map((kind) => actor.warnings(kind));
  return [actor.ordersProcessed, actor.ordersCancelled, ...warnings];
}

/** Adds what is new of an actor's counters to the process's: a scrape does so, for a commit should cost little. */
function tell(actorName: string, led: Led): void {
  const { actor, counted, told } = led;
  const [first, second, ...others] = counted.map((value, at) => value - (told[at] ?? 0));
  led.told = counted;
  if (actor instanceof Market) {
    const symbol = symbolOf(actorName);
    const { bids, asks } = actor.depth();
    metrics.orderBookDepth.set({ symbol, side: "bid" }, bids);
    metrics.orderBookDepth.set({ symbol, side: "ask" }, asks);
    metrics.tradesExecuted.inc({ symbol }, first);
    metrics.tradeVolume.inc({ symbol }, second);
  } else if (actor instanceof LedgerShard) {
    metrics.ordersProcessed.inc(first);
    metrics.ordersCancelled.inc(second);
    for (const [at, kind] of WARNING_KINDS.entries()) {
      metrics.accountWarnings.inc({ kind: WARNING_NAMES[kind] }, others[at]);
    }
  }
}

function symbolOf(marketName: string): string {
  return decodeSymbol(marketName.slice("market.".length));
}
