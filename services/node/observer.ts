/** A node's hosts, measured: the metrics of `services/common/metrics.ts`. */
import type { Actor } from "../../actors/kernel/actor.js";
import type { ActorKind } from "../../actors/kernel/ids.js";
import { decodeSymbol, kindOfName } from "../../actors/kernel/ids.js";
import { LedgerShard } from "../../actors/ledger/ledger-shard.js";
import { WARNING_KINDS, WARNING_NAMES } from "../../actors/ledger/warnings.js";
import { Market } from "../../actors/market/market.js";
import * as metrics from "../common/metrics.js";
import type { HostState } from "../host/host-machine.js";
import type { CommittedBatch, HostObserver, Takeover } from "../host/observer.js";
import type { Node } from "./node.js";

const MICROSECONDS_PER_MS = 1_000;
const MS_PER_SECOND = 1_000;

/** That nobody leads an actor can be told only where all say that they do not. */
const ALWAYS_TOLD: readonly HostState[] = ["leading", "stopped"];

/** The last values of an actor's own counters, to add what is new to the process's. */
interface Seen {
  actor: Actor;
  values: Record<string, number>;
}

export class MetricsObserver implements HostObserver {
  private readonly seen = new Map<string, Seen>();

  applied(kind: ActorKind, commands: number, elapsedMs: number): void {
    if (kind !== "market" || commands === 0) return;
    metrics.matchingLatency.observe((elapsedMs * MICROSECONDS_PER_MS) / commands);
  }

  committed(actorName: string, actor: Actor, batch: CommittedBatch): void {
    const kind = kindOfName(actorName);
    metrics.batchSize.observe({ kind }, batch.commands);
    metrics.commitSeconds.observe({ kind }, batch.commitMs / MS_PER_SECOND);
    if (actor instanceof Market) this.market(actorName, actor);
    if (actor instanceof LedgerShard) this.ledger(actorName, actor);
  }

  malformedFrame(actorName: string): void {
    metrics.malformedFrames.inc({ actor: actorName });
  }

  refused(what: "announcement" | "mark" | "request"): void {
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
    if (state === "claiming") metrics.takeovers.inc({ reason });
    if (state !== "leading") this.forget(actorName);
  }

  /** How each host of the node stands now, and what waits of what it leads and stands by for. */
  measure(node: Pick<Node, "states" | "backlogs" | "standbys">): void {
    metrics.hostState.reset();
    for (const [actor, now] of Object.entries(node.states())) {
      for (const state of new Set([...ALWAYS_TOLD, now])) {
        metrics.hostState.set({ actor, state }, state === now ? 1 : 0);
      }
    }
    for (const gauge of [metrics.inboxLag, metrics.outboxAge]) gauge.reset();
    for (const [actor, { inboxFrames, outboxAgeMs }] of Object.entries(node.backlogs())) {
      metrics.inboxLag.set({ actor }, inboxFrames);
      metrics.outboxAge.set({ actor }, outboxAgeMs / MS_PER_SECOND);
    }
    for (const gauge of [metrics.standbyLag, metrics.standbyWarm]) gauge.reset();
    for (const [actor, { behind, isWarm }] of Object.entries(node.standbys())) {
      metrics.standbyLag.set({ actor }, behind);
      metrics.standbyWarm.set({ actor }, isWarm ? 1 : 0);
    }
  }

  /** What is measured of an actor's book belongs to whoever leads it. */
  private forget(actorName: string): void {
    if (kindOfName(actorName) !== "market") return;
    const symbol = symbolOf(actorName);
    for (const side of ["bid", "ask"]) metrics.orderBookDepth.remove({ symbol, side });
  }

  private market(actorName: string, market: Market): void {
    const symbol = symbolOf(actorName);
    const { bids, asks } = market.depth();
    metrics.orderBookDepth.set({ symbol, side: "bid" }, bids);
    metrics.orderBookDepth.set({ symbol, side: "ask" }, asks);
    const { trades, volume } = this.growth(actorName, market, {
      trades: market.tradesExecuted,
      volume: market.tradeVolume,
    });
    metrics.tradesExecuted.inc({ symbol }, trades);
    metrics.tradeVolume.inc({ symbol }, volume);
  }

  private ledger(actorName: string, shard: LedgerShard): void {
    const warnings = Object.fromEntries(
      WARNING_KINDS.map((kind) => [WARNING_NAMES[kind], shard.warnings(kind)]),
    );
    const grown = this.growth<string>(actorName, shard, {
      processed: shard.ordersProcessed,
      cancelled: shard.ordersCancelled,
      ...warnings,
    });
    metrics.ordersProcessed.inc(grown["processed"]);
    metrics.ordersCancelled.inc(grown["cancelled"]);
    for (const kind of Object.keys(warnings)) metrics.accountWarnings.inc({ kind }, grown[kind]);
  }

  /** How much each counter has grown since the last batch. An actor that was recovered counts from zero. */
  private growth<K extends string>(
    actorName: string,
    actor: Actor,
    values: Record<K, number>,
  ): Record<K, number> {
    const seen = this.seen.get(actorName);
    const before: Record<string, number> = seen?.actor === actor ? seen.values : {};
    this.seen.set(actorName, { actor, values });
    const grown = { ...values };
    for (const key of Object.keys(values) as K[]) grown[key] = values[key] - (before[key] ?? 0);
    return grown;
  }
}

function symbolOf(marketName: string): string {
  return decodeSymbol(marketName.slice("market.".length));
}
