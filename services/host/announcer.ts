/**
 * Says where a leader stands: regularly, and soon after it has taken commands, with the marks that moved. The leaders of a
 * process do it in step: what they say goes out in one write, and wakes whoever hears it once.
 */
import { encodeAnnouncement, type Lag } from "../../actors/kernel/event-frame.js";
import { type Clock, untilStep } from "../ports/clock.js";
import type { Bus } from "../ports/log.js";
import { announceSubject } from "../ports/subjects.js";
import { ANNOUNCE_EVERY_MS, ANNOUNCE_MARKS_WITHIN_MS } from "./limits.js";

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
  private cancelRegular: () => void = () => undefined;
  private cancelSoon: (() => void) | undefined;
  private announcedAtMs = -Infinity;
  private stopped = false;

  /** Where the leader stands; null while it may not say that it leads. */
  constructor(bus: Bus, clock: Clock, standing: () => Standing | null) {
    this.bus = bus;
    this.clock = clock;
    this.standing = standing;
  }

  start(): void {
    this.announce();
    this.goOn();
  }

  /** The mark of a source, to be said soon. */
  mark(source: number, token: number, number: number): void {
    this.marks.set(source, { source, token, number });
    this.cancelSoon ??= this.clock.after(untilStep(this.clock, ANNOUNCE_MARKS_WITHIN_MS), () =>
      this.announce(),
    );
  }

  stop(): void {
    this.stopped = true;
    this.cancelRegular();
    this.cancelSoon?.();
  }

  /** Says it now. */
  announce(): void {
    this.cancelSoon?.();
    this.cancelSoon = undefined;
    this.announcedAtMs = this.clock.now();
    const standing = this.standing();
    if (this.stopped || !standing) return;
    const marks = [...this.marks.values()];
    this.marks.clear();
    this.bus.publish(announceSubject(standing.name), encodeAnnouncement({ ...standing, marks }));
  }

  private goOn(): void {
    this.cancelRegular = this.clock.after(untilStep(this.clock, ANNOUNCE_EVERY_MS), () => {
      const isSaid = this.clock.now() - this.announcedAtMs < ANNOUNCE_EVERY_MS / 2;
      if (!isSaid) this.announce();
      if (!this.stopped) this.goOn();
    });
  }
}
