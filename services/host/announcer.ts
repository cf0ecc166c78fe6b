/**
 * Says where a leader stands: regularly, with the marks that have moved. The leaders of a process do it in step: what they
 * say goes out in one write, and wakes whoever hears it once.
 */
import { encodeAnnouncement, type Lag } from "../../actors/kernel/event-frame.js";
import { type Clock, every } from "../ports/clock.js";
import type { Bus } from "../ports/log.js";
import { announceSubject } from "../ports/subjects.js";
import { ANNOUNCE_EVERY_MS } from "./limits.js";

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

export class Announcer {
  private readonly bus: Bus;
  private readonly clock: Clock;
  private readonly standing: () => Standing | null;
  private readonly marks = new Map<number, Mark>();
  private end: () => void = () => undefined;

  /** Where the leader stands; null while it may not say that it leads. */
  constructor(bus: Bus, clock: Clock, standing: () => Standing | null) {
    this.bus = bus;
    this.clock = clock;
    this.standing = standing;
  }

  start(): void {
    this.announce();
    this.end = every(this.clock, ANNOUNCE_EVERY_MS, () => this.announce());
  }

  /** The mark of a source, to be said with the next announcement. */
  mark(source: number, token: number, number: number): void {
    this.marks.set(source, { source, token, number });
  }

  stop(): void {
    this.end();
  }

  /** Says it now. */
  announce(): void {
    const standing = this.standing();
    if (!standing) return;
    const marks = [...this.marks.values()];
    this.marks.clear();
    this.bus.publish(announceSubject(standing.name), encodeAnnouncement({ ...standing, marks }));
  }
}
