/**
 * Who of the other nodes is to be taken for dead before its lease has run out: whose process has ended (`neighbour.ts`), who
 * is silent on two ways, and who has lost its way to a server to which ours is good. A wrong suspicion costs a handover,
 * never a wrong row (R12).
 */
import type { Logger } from "pino";
import { MalformedError } from "../../actors/kernel/bytes.js";
import type { HostObserver } from "../host/observer.js";
import { CLAIM_REASONS } from "../host/reasons.js";
import type { Bus, Log } from "../ports/log.js";
import { type Clock, every } from "../ports/clock.js";
import type { Peers } from "../ports/peers.js";
import type { Store } from "../ports/store.js";
import { ALL_HEARTBEATS, heartbeatSubject } from "../ports/subjects.js";
import { decodeHeartbeat, encodeHeartbeat, type Heartbeat } from "./heartbeat.js";
import type { NodeInfo } from "./info.js";
import {
  HEARTBEAT_EVERY_MS,
  HELD_UP_FORGOTTEN,
  JUDGES_AFTER_MS,
  JUDGES_WITHIN_MS,
  MISSED_AFTER_MS,
  PATIENCE_TIMES,
  PROBE_EVERY_MS,
  SUSPECT_AFTER_MS,
  SUSPECT_AFTER_MS_MAX,
  TICK_LATE_MS,
} from "./limits.js";
import { BusWay } from "./bus-way.js";
import { Neighbour } from "./neighbour.js";
import { Reach, type ServersAway } from "./reach.js";

export interface NeighboursDependencies {
  readonly node: string;
  readonly incarnation: string;
  readonly peers: Peers;
  readonly bus: Bus;
  readonly log: Pick<Log, "answers">;
  readonly store: Pick<Store, "now">;
  readonly clock: Clock;
  readonly logger: Pick<Logger, "warn">;
  readonly observer: Pick<HostObserver, "refused">;
  /** The actors of this node whose commits hang, or that it cannot lead. */
  readonly stuck: () => readonly number[];
  /** Does a commit of this node hang? */
  readonly isHanging: () => boolean;
  /** Called when somebody has come under suspicion or is out of it. */
  readonly onChange: () => void;
}

/** A neighbour, and why it is taken for dead. */
interface Known {
  readonly neighbour: Neighbour;
  suspicion: string | null;
}

export class Neighbours {
  private readonly deps: NeighboursDependencies;
  private readonly log: BusWay;
  private readonly store: Reach;
  private readonly known = new Map<string, Known>();
  private readonly cleanups: (() => void)[];
  private tickedAtMs: number;
  private saidAtMs = -Infinity;
  /** By how much its own heartbeats have been late of late. */
  private heldUpMs = 0;

  constructor(deps: NeighboursDependencies) {
    const { bus, log, store, clock } = deps;
    this.deps = deps;
    this.log = new BusWay({
      clock,
      roundTrip: () => bus.roundTrip(),
      streamsAnswer: () => log.answers(),
    });
    this.store = new Reach(clock, () => store.now());
    this.tickedAtMs = clock.now();
    this.cleanups = [
      bus.subscribe(ALL_HEARTBEATS, (data) => this.hearOnBus(data)),
      every(clock, HEARTBEAT_EVERY_MS, () => this.tick()),
      every(clock, PROBE_EVERY_MS, () => {
        this.log.probe();
        this.store.probe();
      }),
    ];
  }

  /** Watches those who are there, each life of them anew, and no others. */
  meet(nodes: ReadonlyMap<string, NodeInfo>): void {
    for (const [node, { neighbour }] of this.known) {
      if (nodes.get(node)?.incarnation !== neighbour.incarnation) this.forget(node, neighbour);
    }
    for (const [node, info] of nodes) {
      if (node !== this.deps.node && !this.known.has(node)) this.watch(node, info);
    }
  }

  /** Why a node is taken for dead, in words that are always the same; null: it is not. */
  suspicion(node: string): string | null {
    return this.known.get(node)?.suspicion ?? null;
  }

  /**
   * Does a commit of an actor hang there, or can it not be led there, while commits go on at this node? Then it is better off here. What
   * this node cannot lead itself says nothing of that.
   */
  isStuck(node: string, actor: number): boolean {
    const isThere = this.known.get(node)?.neighbour.last?.stuck.includes(actor) ?? false;
    return isThere && this.isBetter(this.store, this.silentAfterMs) && !this.deps.isHanging();
  }

  /** Are this node's own ways to the servers good? */
  get isWell(): boolean {
    const { nats, postgres } = this.away;
    return !nats && !postgres;
  }

  /** Which of the servers that it asks itself have not answered for too long. */
  get away(): Pick<ServersAway, "nats" | "postgres"> {
    return {
      nats: this.log.badForMs > SUSPECT_AFTER_MS,
      postgres: this.store.badForMs > SUSPECT_AFTER_MS,
    };
  }

  /**
   * Has this node's way been good for as long as another's has been bad? When all come back, one does so first. But three seconds
   * are long enough for all: else one bad moment of everybody else would leave what a cut node leads with it for ever.
   */
  private isBetter(own: Pick<Reach, "goodForMs">, badForMs: number): boolean {
    const longEnoughMs = Math.min(badForMs, JUDGES_AFTER_MS);
    // Of two who wait for the same server both have waited for long by then.
    const limitMs = badForMs >= JUDGES_AFTER_MS ? SUSPECT_AFTER_MS : JUDGES_WITHIN_MS;
    return badForMs >= this.silentAfterMs && own.goodForMs(limitMs) > longEnoughMs;
  }

  close(): void {
    for (const cleanup of this.cleanups) cleanup();
    for (const [node, { neighbour }] of this.known) this.forget(node, neighbour);
  }

  private watch(node: string, info: NodeInfo): void {
    const { peers, clock, logger } = this.deps;
    const hear = (data: Uint8Array) => this.hear(data);
    const deps = { peers, clock, logger, hear, onEnded: () => this.judge() };
    this.known.set(node, { neighbour: new Neighbour(deps, node, info), suspicion: null });
  }

  private forget(node: string, neighbour: Neighbour): void {
    neighbour.stop();
    this.known.delete(node);
  }

  /** Takes a word over the bus, where one's own come back, too. */
  private hearOnBus(data: Uint8Array): void {
    const heartbeat = this.decode(data);
    if (heartbeat?.incarnation === this.deps.incarnation) this.log.echo();
    else if (heartbeat) this.take(heartbeat)?.hearOnBus();
  }

  /** Takes a word over a connection. Gives whose it is; null: nobody's whom this node knows. */
  private hear(data: Uint8Array): Neighbour | null {
    const heartbeat = this.decode(data);
    return heartbeat && this.take(heartbeat);
  }

  private take(heartbeat: Heartbeat): Neighbour | null {
    const neighbour = this.known.get(heartbeat.node)?.neighbour;
    if (neighbour?.incarnation !== heartbeat.incarnation) return null;
    neighbour.hear(heartbeat);
    return neighbour;
  }

  private decode(data: Uint8Array): Heartbeat | null {
    try {
      return decodeHeartbeat(data);
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      this.deps.observer.refused("heartbeat");
      return null;
    }
  }

  /** To be called in the midst of work: who has much to do in one turn of the event loop is busy, and not silent. */
  beat(): void {
    if (this.deps.clock.now() - this.saidAtMs >= HEARTBEAT_EVERY_MS) this.say();
  }

  private tick(): void {
    const nowMs = this.deps.clock.now();
    const lateMs = nowMs - this.tickedAtMs - HEARTBEAT_EVERY_MS;
    // Who was held up itself has not listened, and may judge nobody by what it did not hear.
    if (lateMs > TICK_LATE_MS) {
      for (const { neighbour } of this.known.values()) neighbour.excuse();
    }
    this.tickedAtMs = nowMs;
    this.heldUpMs = Math.max(lateMs, this.heldUpMs * (1 - HELD_UP_FORGOTTEN));
    this.log.look(this.voters());
    this.say();
    this.judge();
  }

  private say(): void {
    const { node, incarnation, clock, peers, bus, stuck } = this.deps;
    this.saidAtMs = clock.now();
    const heartbeat = encodeHeartbeat({
      node,
      incarnation,
      stuck: stuck(),
      logBadForMs: this.log.badForMs,
      isApart: this.log.isApart,
      storeBadForMs: this.store.badForMs,
    });
    peers.say(heartbeat);
    this.log.said();
    bus.publish(heartbeatSubject(node), heartbeat);
  }

  /** How long somebody may say nothing, or have no answer of a server. */
  private get silentAfterMs(): number {
    return Math.min(SUSPECT_AFTER_MS + PATIENCE_TIMES * this.heldUpMs, SUSPECT_AFTER_MS_MAX);
  }

  /** Those that are heard over a connection, and say that their server answers them. */
  private voters(): Neighbour[] {
    const nowMs = this.deps.clock.now();
    const neighbours = [...this.known.values()].map(({ neighbour }) => neighbour);
    return neighbours.filter(
      ({ isWired, heardAtMs, last }) =>
        isWired &&
        nowMs - heardAtMs <= MISSED_AFTER_MS &&
        (last!.isApart || last!.logBadForMs <= MISSED_AFTER_MS),
    );
  }

  private judge(): void {
    let hasChanged = false;
    for (const known of this.known.values()) {
      const suspicion = this.suspicionOf(known.neighbour);
      hasChanged ||= suspicion !== known.suspicion;
      known.suspicion = suspicion;
    }
    if (hasChanged) this.deps.onChange();
  }

  private suspicionOf(neighbour: Neighbour): string | null {
    const { hasEnded, isWired, heardAtMs, last } = neighbour;
    if (hasEnded) return CLAIM_REASONS.ended;
    // Of whom this node hears on the bus alone it hears nothing while that is away, be he ever so well.
    const silenceMs = isWired ? this.deps.clock.now() - heardAtMs : this.log.silenceMs(heardAtMs);
    if (silenceMs > this.silentAfterMs) return CLAIM_REASONS.silent;
    if (last && this.isBetter(this.store, last.storeBadForMs)) return CLAIM_REASONS.lostStore;
    if (last && this.isBetter(this.log, last.logBadForMs)) return CLAIM_REASONS.lostLog;
    // Its own server answers it, and so may a leader of JetStream that is none any more.
    if (isWired && this.log.isSureToMiss(neighbour)) return CLAIM_REASONS.lostLog;
    return null;
  }
}
