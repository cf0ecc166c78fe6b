/**
 * Says where a leader stands: soon after each change, with the marks that have moved, and now and then that it is there.
 * The leaders of a process do it in step: what they say goes out in one write, and wakes whoever hears it once.
 */
import { encodeAnnouncement, type Lag } from "../../actors/kernel/event-frame.js";
import type { Link } from "../../actors/kernel/links.js";
import { type Clock, every } from "../ports/clock.js";
import type { Bus } from "../ports/log.js";
import { announceSubject } from "../ports/subjects.js";
import { ANNOUNCE_EVERY_MS, ANNOUNCE_IDLE_EVERY_MS } from "./limits.js";

export interface Standing {
  readonly actor: number;
  readonly name: string;
  readonly node: string;
  readonly token: number;
  readonly batch: number;
  readonly eventBatch: number;
  readonly anchor: number;
  readonly lags: readonly Lag[];
}

interface Mark {
  readonly source: number;
  readonly token: number;
  readonly number: number;
}

const IDLE_LOOKS = ANNOUNCE_IDLE_EVERY_MS / ANNOUNCE_EVERY_MS;

export class Announcer {
  private readonly bus: Bus;
  private readonly clock: Clock;
  private readonly standing: () => Standing | null;
  private readonly marks = new Map<number, Mark>();
  private end: () => void = () => undefined;
  private said: Standing | null = null;
  /** Looks since something was said. */
  private looks = 0;

  /** Where the leader stands; null while it may not say that it leads. */
  constructor(bus: Bus, clock: Clock, standing: () => Standing | null) {
    this.bus = bus;
    this.clock = clock;
    this.standing = standing;
  }

  start(): void {
    this.announce();
    this.end = every(this.clock, ANNOUNCE_EVERY_MS, () => this.look());
  }

  /** How far a peer was heard, to be said with the next announcement; who was only sent to has no mark. */
  mark({ peer, token, received }: Link): void {
    if (received > 0) this.marks.set(peer, { source: peer, token, number: received });
  }

  stop(): void {
    this.end();
  }

  /** Says it now. */
  announce(): void {
    const standing = this.standing();
    if (standing) this.say(standing);
  }

  private look(): void {
    const standing = this.standing();
    this.looks += 1;
    if (!standing) this.said = null;
    else if (this.looks >= IDLE_LOOKS || this.isNews(standing)) this.say(standing);
  }

  /** Whoever hears it misses a lost event by its batch, so a new one is told at once; and that a receiver is late as long as it is. */
  private isNews({ batch, lags }: Standing): boolean {
    const { said } = this;
    if (!said || batch !== said.batch || this.marks.size > 0) return true;
    return lags.length > 0 || said.lags.length > 0;
  }

  private say(standing: Standing): void {
    const marks = [...this.marks.values()];
    this.marks.clear();
    this.said = standing;
    this.looks = 0;
    this.bus.publish(announceSubject(standing.name), encodeAnnouncement({ ...standing, marks }));
  }
}
