/**
 * The network between processes and servers: one link for each direction of each pair, named by its ends. A link may be
 * cut so that what is sent is lost, or held back until it heals (as TCP does, and as late requests of dead clients
 * come about); it may be slow; and a part of what it carries may be late.
 */
import { type Random, exponentialUs, randomStream } from "./random.js";
import type { Scheduler } from "./scheduler.js";
import { noteKind, type Trace } from "./trace.js";

export type Cut = "lost" | "held";

export interface LinkSpeed {
  /** Every message takes at least so long, and a random time of this mean beside. */
  readonly leastUs: number;
  readonly meanUs: number;
}

export const DEFAULT_SPEED: LinkSpeed = { leastUs: 80, meanUs: 120 };

const CUT = noteKind("cut", (isHeld) => `(what is sent is ${isHeld ? "held" : "lost"}) to`);
const HEALED = noteKind("healed", () => "to");

export class Link {
  readonly from: string;
  readonly to: string;
  speed: LinkSpeed = DEFAULT_SPEED;
  /** So much longer does everything take now. */
  slowUs = 0;
  /** This part of all messages is late, by an exponential time of this mean. */
  lateChance = 0;
  lateMeanUs = 0;
  cut: Cut | null = null;
  /** Whoever dials along it is refused, as by a wall between them. */
  refuses = false;
  /** How many messages a cut has stopped, and how many came late. */
  stopped = 0;
  delayed = 0;
  private readonly random: Random;
  private held: { readonly channel: Channel; readonly arrive: () => void }[] = [];
  /** Connections that have lost something: they break when the link heals, as TCP leaves no gaps. */
  private readonly gaps = new Set<Channel>();

  constructor(seed: number, from: string, to: string) {
    this.from = from;
    this.to = to;
    this.random = randomStream(seed, `link ${from} ${to}`);
  }

  /** How long the next message takes. */
  delayUs(): number {
    const { speed, random } = this;
    let delayUs = speed.leastUs + this.slowUs + exponentialUs(random, speed.meanUs);
    if (this.lateChance > 0 && random.chance(this.lateChance)) {
      this.delayed += 1;
      delayUs += exponentialUs(random, this.lateMeanUs);
    }
    return delayUs;
  }

  /** For channels: keeps what is sent while the link is held. */
  hold(channel: Channel, arrive: () => void): void {
    this.held.push({ channel, arrive });
  }

  /** For channels: something was lost on a connection that keeps the order. */
  lose(channel: Channel): void {
    this.gaps.add(channel);
  }

  heal(): void {
    this.cut = null;
    this.refuses = false;
    this.slowUs = 0;
    this.lateChance = 0;
    const { held } = this;
    this.held = [];
    for (const { channel, arrive } of held) channel.send(arrive);
    const gaps = [...this.gaps];
    this.gaps.clear();
    for (const channel of gaps) channel.broken();
  }
}

/** The arrival of what is lost, or held for nobody knows how long. */
const NEVER_US = Infinity;

/**
 * One direction of one connection: what is sent arrives in order, and when something is lost, nothing comes after it
 * until the connection breaks. Not ordered: each message is for itself.
 */
export class Channel {
  readonly link: Link;
  private readonly scheduler: Scheduler;
  private readonly ordered: boolean;
  private lastUs = 0;
  private hasGap = false;
  /** Called when the connection turns out to be broken. */
  onBroken: () => void = () => undefined;

  constructor(scheduler: Scheduler, link: Link, ordered: boolean) {
    this.scheduler = scheduler;
    this.link = link;
    this.ordered = ordered;
  }

  /** `arrive` is called at the other end, unless the message is lost. Gives when: infinity if it is cut off. */
  send(arrive: () => void, extraUs = 0): number {
    const { link, scheduler } = this;
    if (link.cut !== null) link.stopped += 1;
    if (link.cut === "lost") this.lose();
    if (link.cut === "lost" || this.hasGap) return NEVER_US;
    if (link.cut === "held") {
      link.hold(this, arrive);
      return NEVER_US;
    }
    let arrivalUs = scheduler.nowUs + link.delayUs() + extraUs;
    if (this.ordered) arrivalUs = this.lastUs = Math.max(this.lastUs, arrivalUs);
    scheduler.at(arrivalUs, arrive);
    return arrivalUs;
  }

  broken(): void {
    this.hasGap = false;
    this.onBroken();
  }

  private lose(): void {
    if (!this.ordered) return;
    this.hasGap = true;
    this.link.lose(this);
  }
}

export class Network {
  private readonly scheduler: Scheduler;
  private readonly trace: Trace;
  private readonly seed: number;
  private readonly links = new Map<string, Link>();
  /** The speed of links that are made from now on. */
  speed: LinkSpeed = DEFAULT_SPEED;

  constructor(scheduler: Scheduler, trace: Trace, seed: number) {
    this.scheduler = scheduler;
    this.trace = trace;
    this.seed = seed;
  }

  /** The link of one direction, by the names of processes and servers; the same for all lives of a process. */
  link(from: string, to: string): Link {
    const key = `${from} ${to}`;
    let link = this.links.get(key);
    if (!link) {
      link = new Link(this.seed, from, to);
      link.speed = this.speed;
      this.links.set(key, link);
    }
    return link;
  }

  /** A new connection's direction. */
  channel(from: string, to: string, ordered: boolean): Channel {
    return new Channel(this.scheduler, this.link(from, to), ordered);
  }

  /** Cuts one direction. */
  cutOneWay(from: string, to: string, cut: Cut): void {
    this.link(from, to).cut = cut;
    this.trace.note(this.scheduler.nowUs, CUT, from, cut === "lost" ? 0 : 1, 0, to);
  }

  cutBothWays(one: string, other: string, cut: Cut): void {
    this.cutOneWay(one, other, cut);
    this.cutOneWay(other, one, cut);
  }

  heal(from: string, to: string): void {
    this.link(from, to).heal();
    this.trace.note(this.scheduler.nowUs, HEALED, from, 0, 0, to);
  }

  healBothWays(one: string, other: string): void {
    this.heal(one, other);
    this.heal(other, one);
  }

  /** Everything is as it was at first: what was held arrives now. */
  healAll(): void {
    for (const { from, to } of this.links.values()) this.heal(from, to);
  }

  isOpen(from: string, to: string): boolean {
    return this.link(from, to).cut === null;
  }
}
