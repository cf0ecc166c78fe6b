/**
 * Planned moves: the node that should lead an actor, and is ready, asks its leader; the leader hands it over. One at a
 * time each, so that a node that joins or leaves never stops much at once.
 */
import type { Logger } from "pino";
import { MalformedError } from "../../actors/kernel/bytes.js";
import type { Directory } from "../host/directory.js";
import type { Host } from "../host/host.js";
import type { HostObserver } from "../host/observer.js";
import { decodeRelease } from "../host/release.js";
import type { Bus } from "../ports/log.js";
import { type Clock, sleep } from "../ports/clock.js";
import { handoverSubject, releaseSubject } from "../ports/subjects.js";
import { decodeHandoverRequest, encodeHandoverRequest } from "./heartbeat.js";
import {
  ASK_AGAIN_AFTER_MS,
  FIRST_HANDOVERS,
  FIRST_HANDOVERS_PAUSE_MS,
  HANDOVER_PAUSE_MS,
  LEAVE_MS_MAX,
  SUCCESSOR_LOOK_EVERY_MS,
  SUCCESSOR_MS_MAX,
  URGENT_ASKS_MAX,
  WARM_UP_MS_MAX,
} from "./limits.js";
import type { Placement, View } from "./placement.js";

export interface MovesDependencies {
  readonly node: string;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly observer: Pick<HostObserver, "refused">;
  readonly directory: Directory;
  readonly placement: Placement;
  readonly hostOf: (actorName: string) => Host | undefined;
  /** Are its rows out of reach? */
  readonly isLost: (host: Host) => boolean;
  readonly view: () => View;
  /** How long to wait after the handover that is number so and so to a process. */
  readonly pauseMs: (number: number) => number;
}

interface Asked {
  readonly host: Host;
  readonly atMs: number;
}

/** How often an actor was asked for in vain, and when last. */
interface Vain {
  readonly times: number;
  readonly atMs: number;
}

const NEVER: Vain = { times: 0, atMs: -Infinity };

/** An actor that may be asked for now. */
interface Wish {
  readonly host: Host;
  readonly isUrgent: boolean;
  readonly askedAtMs: number;
}

/** Who does not want to give an actor says nothing: others that are as urgent are asked for before it is their turn again. */
function isBefore(one: Wish, other: Wish): boolean {
  if (one.isUrgent !== other.isUrgent) return one.isUrgent;
  return one.askedAtMs < other.askedAtMs;
}

export class Moves {
  private readonly deps: MovesDependencies;
  private readonly cleanups: readonly (() => void)[];
  private readonly wantedSinceMs = new Map<Host, number>();
  private asked: Asked | null = null;
  private readonly vain = new Map<Host, Vain>();
  /** Who has asked for what. */
  private readonly requests = new Map<Host, string>();
  /** To which life of each node how many were handed over. */
  private readonly given = new Map<string, { readonly incarnation: string; times: number }>();
  private isGiving = false;

  constructor(deps: MovesDependencies) {
    this.deps = deps;
    this.cleanups = [
      deps.bus.subscribe(handoverSubject(">"), (data, subject) =>
        this.receiveRequest(data, subject),
      ),
      deps.bus.subscribe(releaseSubject(">"), (data, subject) =>
        this.receiveRelease(data, subject),
      ),
    ];
  }

  close(): void {
    for (const cleanup of this.cleanups) cleanup();
  }

  /** Asks for the next actor that this node should have; to be called at every look. */
  ask(hosts: Iterable<Host>, view: View): void {
    const { asked } = this;
    const { placement, isLost } = this.deps;
    const isWaiting = asked?.host.isFree && view.nowMs - asked.atMs < ASK_AGAIN_AFTER_MS;
    let next: Wish | null = null;
    for (const host of hosts) {
      if (!host.isFree || isLost(host) || !placement.shouldAsk(host.name, view)) {
        this.wantedSinceMs.delete(host);
        this.vain.delete(host);
        continue;
      }
      const sinceMs = this.wantedSinceMs.get(host) ?? view.nowMs;
      this.wantedSinceMs.set(host, sinceMs);
      if (isWaiting || !this.isReady(host, sinceMs, view)) continue;
      const wish = this.wishFor(host, view);
      if (!next || isBefore(wish, next)) next = wish;
    }
    if (next) this.askFor(next.host, view.nowMs);
  }

  private isReady(host: Host, sinceMs: number, view: View): boolean {
    if (host.isWarm || view.wishes.withoutStandby.has(host.name)) return true;
    return view.nowMs - sinceMs >= WARM_UP_MS_MAX;
  }

  private wishFor(host: Host, view: View): Wish {
    const { times, atMs } = this.vain.get(host) ?? NEVER;
    const isUrgent = times < URGENT_ASKS_MAX && this.deps.placement.isUrgent(host.name, view);
    return { host, isUrgent, askedAtMs: atMs };
  }

  private askFor(host: Host, nowMs: number): void {
    this.asked = { host, atMs: nowMs };
    const { times } = this.vain.get(host) ?? NEVER;
    this.vain.set(host, { times: times + 1, atMs: nowMs });
    const { node, bus } = this.deps;
    bus.publish(handoverSubject(host.name), encodeHandoverRequest({ actor: host.actor, node }));
  }

  private receiveRequest(data: Uint8Array, subject: string): void {
    const host = this.deps.hostOf(subject.slice(handoverSubject("").length));
    const request = decodedOrNull(data, decodeHandoverRequest);
    if (!request) this.deps.observer.refused("handover");
    if (host && host.actor === request?.actor) this.give(host, request.node);
  }

  private receiveRelease(data: Uint8Array, subject: string): void {
    const host = this.deps.hostOf(subject.slice(releaseSubject("").length));
    const release = decodedOrNull(data, decodeRelease);
    if (!release) this.deps.observer.refused("release");
    if (host && host.actor === release?.actor) host.releases.note(release.token);
  }

  /** Judged when it is its turn. */
  private give(host: Host, to: string): void {
    this.requests.set(host, to);
    this.giveNext();
  }

  /** In the order in which they came; but first what has to go, or to come where it was asked for, as an operator waits for it. */
  private giveNext(): void {
    if (this.isGiving || this.requests.size === 0) return;
    const { placement, node, clock, pauseMs } = this.deps;
    const view = this.deps.view();
    const requests = [...this.requests];
    const isUrgent = ([host, to]: [Host, string]) => placement.mustGive(host.name, to, view);
    const [host, to] = requests.find(isUrgent) ?? requests[0]!;
    this.requests.delete(host);
    const isLed = host.state === "leading" && to !== node;
    if (!isLed || !placement.mayGive(host.name, to, view)) return this.giveNext();
    const { incarnation } = view.members.get(to)!.info;
    this.isGiving = true;
    void this.hand(host, to, incarnation)
      .then(() => sleep(clock, pauseMs(this.count(to, incarnation))))
      .then(() => {
        this.isGiving = false;
        this.giveNext();
      });
  }

  /** Counts a handover to this life of the node, and gives its number. */
  private count(to: string, incarnation: string): number {
    let given = this.given.get(to);
    if (given?.incarnation !== incarnation) {
      given = { incarnation, times: 0 };
      this.given.set(to, given);
    }
    given.times += 1;
    return given.times;
  }

  /** Hands over, and waits until the successor leads: many that rise at once stand still the longer. */
  private async hand(host: Host, to: string, incarnation: string): Promise<void> {
    const { directory, clock, logger } = this.deps;
    const { token } = host;
    try {
      await host.handOver(to, incarnation);
    } catch (error) {
      logger.error({ actor: host.name, to, error: String(error) }, "a handover failed");
    }
    const untilMs = clock.now() + SUCCESSOR_MS_MAX;
    while (host.isFree && clock.now() < untilMs) {
      if ((directory.find(host.actor)?.token ?? 0) > token) return;
      await sleep(clock, SUCCESSOR_LOOK_EVERY_MS);
    }
  }
}

/**
 * A successor is given the next actor when it has got over the last one, which was number so and so to its process. A node that ends, in so
 * many milliseconds, has half of its time for these pauses, and the other half for handing over what it still leads.
 */
export function handoverPauseMs(leftMs: number, led: number, number: number): number {
  const pausesMs = Math.max(0, leftMs - LEAVE_MS_MAX / 2);
  const wantedMs = number <= FIRST_HANDOVERS ? FIRST_HANDOVERS_PAUSE_MS : HANDOVER_PAUSE_MS;
  return Math.min(wantedMs, pausesMs / Math.max(led, 1));
}

/** Anybody can say anything on the bus. */
function decodedOrNull<T>(data: Uint8Array, decode: (data: Uint8Array) => T): T | null {
  try {
    return decode(data);
  } catch (error) {
    if (error instanceof MalformedError) return null;
    throw error;
  }
}
