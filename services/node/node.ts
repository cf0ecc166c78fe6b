/** A node: a host for every actor, and the decision which of them should follow, lead, or be given to others. */
import type { Logger } from "pino";
import { DEFAULT_WEIGHT } from "../../actors/placement/rendezvous.js";
import { parseWishes, type Wishes } from "../../actors/placement/wishes.js";
import { longest, type QueuesOf, type QueueStates } from "../common/queues.js";
import type { HostDependencies } from "../host/dependencies.js";
import type { EarlyInbox } from "../host/early-inbox.js";
import { FollowingTurns } from "../host/following-turns.js";
import { Host } from "../host/host.js";
import type { HostState } from "../host/host-machine.js";
import type { Backlog } from "../host/observer.js";
import { CLAIM_REASONS } from "../host/reasons.js";
import type { StandbyProgress } from "../host/standby.js";
import type { Leadership } from "../ports/lease-store.js";
import { every, sleep } from "../ports/clock.js";
import type { Peers } from "../ports/peers.js";
import type { ActorSummary } from "../ports/store.js";
import { encodeNodeInfo, type NodeInfo } from "./info.js";
import {
  CALM_AFTER_MS,
  CLAIMS_AT_ONCE_MAX,
  HEARD_WITHIN_MS,
  JOIN_GRACE_MS,
  LEAVE_MS_MAX,
  PLACE_EVERY_MS,
  POLL_ACTORS_EVERY_MS,
  POLLS_PER_FULL_READING,
  SETTLED_AFTER_MS,
  SUSPECT_AFTER_MS,
  UNABLE_ACTORS_MAX,
} from "./limits.js";
import { KeyKeeper } from "./key-keeper.js";
import { Membership, type Trial } from "./membership.js";
import { handoverPauseMs, Moves } from "./moves.js";
import { Neighbours } from "./neighbours.js";
import { Placement, type View } from "./placement.js";
import type { ServersAway } from "./reach.js";

const BYTES_PER_MIB = 1_048_576;

export interface NodeDependencies
  extends Omit<HostDependencies, "earlyInboxes" | "followingTurns"> {
  readonly peers: Peers;
  /** Which exchange it serves, as the database calls it. */
  readonly exchange: string;
}

interface Claim {
  readonly host: Host;
  readonly reason: string;
  readonly seen: Leadership | undefined;
}

export class Node {
  private readonly deps: NodeDependencies & HostDependencies;
  private readonly logger: Logger;
  private readonly placement: Placement;
  private readonly membership = new Membership();
  private readonly neighbours: Neighbours;
  private readonly moves: Moves;
  private readonly hosts = new Map<string, Host>();
  private readonly earlyInboxes = new Set<EarlyInbox>();
  private readonly keys: KeyKeeper;
  private readonly cleanups: (() => void)[] = [];
  private info: NodeInfo;
  private wishes: Wishes = parseWishes(new Map());
  private membersSeen = "";
  private restlessAtMs = -Infinity;
  private joinedAtMs = Infinity;
  /** Until when others may ask a node that ends for what it leads. */
  private leavesAtMs = Infinity;
  private highestActor = 0;
  private polls = 0;
  private isPolling = false;
  private isPlacing = false;
  private isTelling = false;
  private closed = false;

  constructor(deps: NodeDependencies, { weight = DEFAULT_WEIGHT }: { weight?: number } = {}) {
    const { node, incarnation, exchange, clock } = deps;
    const followingTurns = new FollowingTurns(clock);
    this.deps = { ...deps, earlyInboxes: this.earlyInboxes, followingTurns };
    this.logger = deps.logger;
    this.info = { address: "", weight, incarnation, exchange, unable: [], isLeaving: false };
    this.placement = new Placement(node);
    this.keys = new KeyKeeper(deps);
    this.neighbours = new Neighbours({
      ...deps,
      stuck: () => this.stuck(),
      isHanging: () => [...this.hosts.values()].some((host) => host.isHanging),
      onChange: () => this.placeSoon(),
    });
    deps.turns.onWork(() => this.neighbours.beat());
    this.moves = new Moves({
      ...deps,
      placement: this.placement,
      hostOf: (name) => this.hosts.get(name),
      isLost: (host) => this.isLost(host),
      view: () => this.view(),
      pauseMs: (number) => handoverPauseMs(this.leavesAtMs - clock.now(), this.led, number),
    });
    this.cleanups.push(
      every(clock, POLL_ACTORS_EVERY_MS, () => this.poll()),
      every(clock, PLACE_EVERY_MS, () => this.place()),
    );
  }

  async start(): Promise<void> {
    const { node, store, leases, peers, clock } = this.deps;
    this.learn(await store.actors(0));
    this.info = { ...this.info, address: await peers.listen() };
    this.cleanups.push(
      leases.onChange(() => this.placeSoon()),
      leases.onLost((reason) => this.logger.warn({ reason }, "the lease is lost")),
    );
    await leases.join(node, encodeNodeInfo(this.info));
    this.joinedAtMs = clock.now();
  }

  /** What this node leads: actor name to token. */
  leading(): Record<string, number> {
    const names: Record<string, number> = {};
    for (const host of this.hosts.values()) if (host.token > 0) names[host.name] = host.token;
    return names;
  }

  /** The state of each host, by actor name. */
  states(): Record<string, HostState> {
    return Object.fromEntries([...this.hosts.values()].map(({ name, state }) => [name, state]));
  }

  /** How long its queues are now; `inboxMib`: how much the stream of an inbox may hold. */
  queues(inboxMib: number): QueueStates<QueuesOf<"node">> {
    const backlogs = Object.values(this.backlogs());
    const limit = inboxMib * BYTES_PER_MIB;
    return {
      "node-received": { ...longest(backlogs.map(({ inboxBytes }) => inboxBytes)), limit },
      "node-batch": longest(backlogs.map(({ batchCommands }) => batchCommands)),
      "node-outbox": longest(backlogs.map(({ outboxCommands }) => outboxCommands)),
      "node-told": longest(Object.values(this.standbys()).map(({ told }) => told)),
      "node-early": longest(Array.from(this.earlyInboxes, ({ bytes }) => bytes)),
      "node-peers": longest(this.deps.peers.unreadBytes()),
    };
  }

  /** What waits at what this node leads, by actor name. */
  backlogs(): Record<string, Backlog> {
    const backlogs: Record<string, Backlog> = {};
    for (const { name, backlog } of this.hosts.values()) if (backlog) backlogs[name] = backlog;
    return backlogs;
  }

  /** How far this node follows what it stands by for, by actor name. */
  standbys(): Record<string, StandbyProgress> {
    const standbys: Record<string, StandbyProgress> = {};
    for (const { name, following } of this.hosts.values()) {
      if (following) standbys[name] = following;
    }
    return standbys;
  }

  /** For how long each node has to stay before anything is moved to it, as this one has seen it come and go. */
  trials(): Record<string, Trial> {
    return this.membership.trials(this.deps.clock.now());
  }

  /** The actors that an operator must look at, and why they have stopped here. */
  stopped(): Record<string, string> {
    const reasons: Record<string, string> = {};
    for (const { name, stoppedBecause } of this.hosts.values()) {
      if (stoppedBecause !== null) reasons[name] = stoppedBecause;
    }
    return reasons;
  }

  /** Why this node cannot do its work now; empty when it can. */
  notReady(): string[] {
    const reasons = Object.keys(this.stopped()).map((name) => `${name} is stopped`);
    const lost = [...this.hosts.values()].filter((host) => this.isLost(host));
    if (lost.length > 0) {
      reasons.push(`the PostgreSQL of ${lost.map(({ name }) => name).join(", ")} does not answer`);
    }
    const { nats, postgres } = this.neighbours.away;
    if (nats) reasons.push("NATS does not answer");
    if (postgres) reasons.push("PostgreSQL does not answer");
    return reasons;
  }

  /** Which servers have not answered this node for too long; without etcd it leads on, and is ready. */
  away(): ServersAway {
    const { nats, postgres } = this.neighbours.away;
    const isPartLost = [...this.hosts.values()].some((host) => this.isLost(host));
    const etcd = this.deps.leases.waitingForAnswerMs() > SUSPECT_AFTER_MS;
    return { nats, etcd, postgres: postgres || isPartLost };
  }

  /** Tells the others, when it has changed, what cannot be led here: who is first for it else keeps them from standing by. */
  private tellUnable(): void {
    const { leases, logger } = this.deps;
    const those = [...this.hosts.values()].filter(({ state }) => state === "stopped");
    const unable = those.map(({ name }) => name).slice(0, UNABLE_ACTORS_MAX);
    if (this.isTelling || unable.join() === this.info.unable.join()) return;
    const before = this.info.unable;
    this.info = { ...this.info, unable };
    this.isTelling = true;
    leases
      .inform(encodeNodeInfo(this.info))
      .catch((error: unknown) => {
        this.info = { ...this.info, unable: before };
        logger.warn({ error: String(error) }, "the others do not know what this node cannot lead");
      })
      .finally(() => {
        this.isTelling = false;
      });
  }

  /** Gives up everything in good order: to those who come after it, if they ask in time. */
  async close(): Promise<void> {
    await this.leave();
    this.closed = true;
    for (const cleanup of this.cleanups) cleanup();
    await Promise.all([...this.hosts.values()].map((host) => host.close("the node is stopping")));
    this.moves.close();
    this.neighbours.close();
    await this.deps.leases.close();
    await this.deps.peers.close();
  }

  private isLost(host: Host): boolean {
    return this.deps.store.isLost?.(host.actor) ?? false;
  }

  /** Actors whose commits hang, that cannot be led, or whose key is here and their rows cannot be reached: perhaps another node is better off. */
  private stuck(): number[] {
    const { leases, node } = this.deps;
    const those: number[] = [];
    for (const host of this.hosts.values()) {
      const isLostHere = this.isLost(host) && leases.leaders().get(host.name)?.node === node;
      if (host.isStuck || isLostHere) those.push(host.actor);
    }
    return those;
  }

  private async leave(): Promise<void> {
    const { leases, clock } = this.deps;
    this.leavesAtMs = clock.now() + LEAVE_MS_MAX;
    this.info = { ...this.info, isLeaving: true };
    try {
      await leases.inform(encodeNodeInfo(this.info));
    } catch (error) {
      this.logger.warn({ error: String(error) }, "nobody can be told that this node leaves");
      return;
    }
    const isInTime = () => clock.now() < this.leavesAtMs;
    while (this.led > 0 && this.placement.hasHeirs(this.view()) && isInTime()) {
      await sleep(clock, PLACE_EVERY_MS);
    }
  }

  /** What it leads, also what it is about to give away. */
  private get led(): number {
    const states = Array.from(this.hosts.values(), ({ state }) => state);
    return states.filter((state) => state === "leading" || state === "draining").length;
  }

  private learn(actors: readonly ActorSummary[]): void {
    this.deps.directory.learn(actors);
    for (const { id, name } of actors) {
      this.highestActor = Math.max(this.highestActor, id);
      if (this.hosts.has(name)) continue;
      this.hosts.set(name, new Host(this.deps, id, name, () => this.placeSoon()));
      this.placeSoon();
    }
  }

  /** Looks for new actors. Numbers may become visible in another order than they were given: all are read now and then. */
  private poll(): void {
    if (this.isPolling) return;
    this.isPolling = true;
    this.polls += 1;
    const above = this.polls % POLLS_PER_FULL_READING === 0 ? 0 : this.highestActor;
    this.deps.store.actors(above).then(
      (actors) => {
        this.isPolling = false;
        if (!this.closed) this.learn(actors);
      },
      (error: unknown) => {
        this.isPolling = false;
        this.logger.warn({ error: String(error) }, "actors could not be read");
      },
    );
  }

  /** Many changes that come together are looked at once. */
  private placeSoon(): void {
    if (this.isPlacing) return;
    this.isPlacing = true;
    this.deps.clock.soon(() => {
      this.isPlacing = false;
      this.place();
    });
  }

  private place(): void {
    const { leases, clock } = this.deps;
    if (this.closed) return;
    this.tellUnable();
    this.wishes = parseWishes(leases.wishes());
    this.neighbours.meet(this.membership.infos(leases.nodes(), clock.now()));
    const view = this.view();
    const isSettled = view.nowMs - this.joinedAtMs >= JOIN_GRACE_MS;
    if (!isSettled || !view.members.has(this.deps.node)) return;
    const claims: Claim[] = [];
    const isCalm = this.isCalm(view);
    for (const host of this.hosts.values()) {
      this.placement.see(host.name, view);
      const leader = view.leaders.get(host.name)?.node;
      // While nobody leads, or this node is to, a standby stays what it is: it may be promoted.
      if (leader !== undefined && leader !== this.deps.node) {
        const shouldFollow = this.placement.shouldFollow(host.name, view);
        if (isCalm || !shouldFollow) host.follow(shouldFollow);
      }
      // Where nobody could read its rows, claiming it would only keep others waiting.
      if (host.isFree && this.isLost(host)) continue;
      if (host.isFree) this.considerFree(host, view, claims);
      else if (host.state === "leading" && host.stateAgeMs >= SETTLED_AFTER_MS) {
        const key = view.leaders.get(host.name);
        const holder = view.members.get(key?.node ?? "");
        const isThere = holder !== undefined && holder.suspicion !== CLAIM_REASONS.ended;
        if (!host.isHanding) this.keys.look(host, key, isThere);
      }
    }
    if (this.info.isLeaving) return;
    this.claimBusiestFirst(claims);
    this.moves.ask(this.hosts.values(), view);
  }

  /**
   * Has nobody come, gone or come under suspicion, and was nothing taken over here, for a while? To build new standbys
   * before would take from the takeovers what they need.
   */
  private isCalm({ members, nowMs }: View): boolean {
    const names = [...members].map(([node, { suspicion }]) => `${node} ${suspicion ?? ""}`).join();
    const hasNewLeader = [...this.hosts.values()].some(
      (host) => host.state === "leading" && host.stateAgeMs < SETTLED_AFTER_MS,
    );
    if (names !== this.membersSeen || hasNewLeader) this.restlessAtMs = nowMs;
    this.membersSeen = names;
    return nowMs - this.restlessAtMs >= CALM_AFTER_MS;
  }

  private considerFree(host: Host, view: View, claims: Claim[]): void {
    const key = view.leaders.get(host.name);
    const reason = this.placement.reasonToClaim(host.name, view);
    if (key?.node === this.deps.node) {
      const { handedAt } = key;
      if (handedAt !== null && host.isNewOffer(handedAt, key.revision)) {
        host.takeOver({ ...key, handedAt });
      } else if (host.stateAgeMs >= SETTLED_AFTER_MS && !view.isHeard(host.name)) {
        // Nobody else can have it while the key says so.
        claims.push({ host, reason: CLAIM_REASONS.own, seen: key });
      }
    } else if (reason !== null) {
      claims.push({ host, reason, seen: key });
    }
  }

  /** When many leaders are lost at once, a few at a time, and those first whose actors have had the most to do. */
  private claimBusiestFirst(claims: Claim[]): void {
    const { directory } = this.deps;
    const isRising = (host: Host) => host.isRising && !this.isLost(host);
    const rising = [...this.hosts.values()].filter(isRising).length;
    const activity = ({ host }: Claim) => directory.activity(host.actor);
    claims.sort((a, b) => activity(b) - activity(a));
    for (const { host, reason, seen } of claims.slice(
      0,
      Math.max(0, CLAIMS_AT_ONCE_MAX - rising),
    )) {
      host.claim(reason, seen);
    }
  }

  private view(): View {
    const { leases, clock, directory } = this.deps;
    const nowMs = clock.now();
    const suspicionOf = (node: string) => this.neighbours.suspicion(node);
    return {
      nowMs,
      members: this.membership.see(leases.nodes(), suspicionOf, nowMs),
      leaders: leases.leaders(),
      wishes: this.wishes,
      isHeard: (name) => directory.isHeard(this.hosts.get(name)!.actor, HEARD_WITHIN_MS),
      isStuck: (node, name) => this.neighbours.isStuck(node, this.hosts.get(name)!.actor),
      isWell: this.neighbours.isWell,
    };
  }
}
