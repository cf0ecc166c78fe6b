/**
 * Who of the other nodes is to be taken for dead before its lease has run out: whose process has ended (its connections
 * are closed, and its address refuses another), who is silent on two ways, and who has lost its way to a server to which
 * ours is good. A wrong suspicion costs a handover, never a wrong row (R12).
 */
import { MalformedError } from "../../actors/kernel/bytes.js";
import type { Bus } from "../ports/log.js";
import { type Clock, every } from "../ports/clock.js";
import type { Peers } from "../ports/peers.js";
import type { Store } from "../ports/store.js";
import { ALL_HEARTBEATS, heartbeatSubject } from "../ports/subjects.js";
import { decodeHeartbeat, encodeHeartbeat, type Heartbeat } from "./heartbeat.js";
import type { NodeInfo } from "./info.js";
import { HEARTBEAT_EVERY_MS, PROBE_EVERY_MS, SUSPECT_AFTER_MS, TICK_LATE_MS } from "./limits.js";
import { Reach } from "./reach.js";

export interface NeighboursDependencies {
  readonly node: string;
  readonly incarnation: string;
  readonly peers: Peers;
  readonly bus: Bus;
  readonly store: Pick<Store, "now">;
  readonly clock: Clock;
  /** The actors of this node whose commits hang. */
  readonly stuck: () => readonly number[];
  /** Called when somebody has come under suspicion or is out of it. */
  readonly onChange: () => void;
}

/** The one suspicion that is beyond doubt. */
export const ENDED = "its leader's process has ended";

interface Neighbour {
  readonly incarnation: string;
  readonly stopWatching: () => void;
  heardAtMs: number;
  last: Heartbeat | null;
  isGone: boolean;
  suspicion: string | null;
}

export class Neighbours {
  private readonly deps: NeighboursDependencies;
  private readonly log: Reach;
  private readonly store: Reach;
  private readonly known = new Map<string, Neighbour>();
  private readonly cleanups: (() => void)[];
  private tickedAtMs: number;

  constructor(deps: NeighboursDependencies) {
    const { bus, store, clock } = deps;
    this.deps = deps;
    this.log = new Reach(clock, () => bus.roundTrip());
    this.store = new Reach(clock, () => store.now());
    this.tickedAtMs = clock.now();
    this.cleanups = [
      bus.subscribe(ALL_HEARTBEATS, (data) => this.hear(data)),
      every(clock, HEARTBEAT_EVERY_MS, () => this.tick()),
      every(clock, PROBE_EVERY_MS, () => {
        this.log.probe();
        this.store.probe();
      }),
    ];
  }

  /** Watches those who are there, each life of them anew, and no others. */
  meet(nodes: ReadonlyMap<string, NodeInfo>): void {
    for (const [node, neighbour] of this.known) {
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

  /** Does a commit of an actor hang there, while this node's do not? Then that actor is better off here. */
  isStuck(node: string, actor: number): boolean {
    const neighbour = this.known.get(node);
    return this.canReachStore && (neighbour?.last?.stuck.includes(actor) ?? false);
  }

  /** Are this node's own ways to the servers good? */
  get isWell(): boolean {
    return this.canReachLog && this.canReachStore;
  }

  private get canReachLog(): boolean {
    return this.log.ageMs < SUSPECT_AFTER_MS;
  }

  private get canReachStore(): boolean {
    return this.store.ageMs < SUSPECT_AFTER_MS && this.deps.stuck().length === 0;
  }

  close(): void {
    for (const cleanup of this.cleanups) cleanup();
    for (const [node, neighbour] of this.known) this.forget(node, neighbour);
  }

  private watch(node: string, { address, incarnation }: NodeInfo): void {
    const stopWatching =
      address === ""
        ? () => undefined
        : this.deps.peers.watch(address, {
            heard: (data) => this.hear(data),
            gone: () => {
              neighbour.isGone = true;
              this.judge();
            },
          });
    const heardAtMs = this.deps.clock.now();
    const neighbour: Neighbour = {
      incarnation,
      stopWatching,
      heardAtMs,
      last: null,
      isGone: false,
      suspicion: null,
    };
    this.known.set(node, neighbour);
  }

  private forget(node: string, neighbour: Neighbour): void {
    neighbour.stopWatching();
    this.known.delete(node);
  }

  private hear(data: Uint8Array): void {
    let heartbeat: Heartbeat;
    try {
      heartbeat = decodeHeartbeat(data);
    } catch (error) {
      if (error instanceof MalformedError) return;
      throw error;
    }
    const neighbour = this.known.get(heartbeat.node);
    if (neighbour?.incarnation !== heartbeat.incarnation) return;
    neighbour.heardAtMs = this.deps.clock.now();
    neighbour.last = heartbeat;
  }

  private tick(): void {
    const { node, incarnation, clock, peers, bus, stuck } = this.deps;
    const nowMs = clock.now();
    // Who was held up itself has not listened, and may judge nobody by what it did not hear.
    if (nowMs - this.tickedAtMs > HEARTBEAT_EVERY_MS + TICK_LATE_MS) {
      for (const neighbour of this.known.values()) neighbour.heardAtMs = nowMs;
    }
    this.tickedAtMs = nowMs;
    const heartbeat = encodeHeartbeat({
      node,
      incarnation,
      stuck: stuck(),
      logAgeMs: this.log.ageMs,
      storeAgeMs: this.store.ageMs,
    });
    peers.say(heartbeat);
    bus.publish(heartbeatSubject(node), heartbeat);
    this.judge();
  }

  private judge(): void {
    let hasChanged = false;
    for (const neighbour of this.known.values()) {
      const suspicion = this.suspicionOf(neighbour);
      hasChanged ||= suspicion !== neighbour.suspicion;
      neighbour.suspicion = suspicion;
    }
    if (hasChanged) this.deps.onChange();
  }

  private suspicionOf({ isGone, heardAtMs, last }: Neighbour): string | null {
    if (isGone) return ENDED;
    if (this.deps.clock.now() - heardAtMs > SUSPECT_AFTER_MS) return "its leader is silent";
    if (!last) return null;
    if (this.canReachStore && last.storeAgeMs > SUSPECT_AFTER_MS)
      return "its leader has lost the store";
    if (this.canReachLog && last.logAgeMs > SUSPECT_AFTER_MS) return "its leader has lost the log";
    return null;
  }
}
