/** How good a node's way to a server is: for how long nothing has been answered, or everything has. */
import type { Clock } from "../ports/clock.js";
import { JUDGES_WITHIN_MS, SUSPECT_AFTER_MS } from "./limits.js";

/** What an answer may take: of who judges others at once, or of who judges those that have been bad for long. */
export type JudgesLimit = typeof JUDGES_WITHIN_MS | typeof SUSPECT_AFTER_MS;

/** Which servers give a node no answer. */
export interface ServersAway {
  readonly nats: boolean;
  readonly etcd: boolean;
  readonly postgres: boolean;
}

export class Reach {
  private readonly clock: Clock;
  private readonly roundTrip: () => Promise<unknown>;
  /** Since when a question waits for its answer, or questions fail; null: the last one was answered. */
  private badSinceMs: number | null = null;
  /** When an answer came last that had taken longer than who judges others may have to wait, and than who is judged may. */
  private slowAtMs: number;
  private lateAtMs: number;
  private isUnderWay = false;

  constructor(clock: Clock, roundTrip: () => Promise<unknown>) {
    this.clock = clock;
    this.roundTrip = roundTrip;
    this.slowAtMs = clock.now();
    this.lateAtMs = this.slowAtMs;
  }

  /** For how long an answer has been waited for, in milliseconds; 0: for none. */
  get badForMs(): number {
    return this.badSinceMs === null ? 0 : this.clock.now() - this.badSinceMs;
  }

  /** For how long no answer has taken longer than one of the two limits, in milliseconds. */
  goodForMs(limitMs: JudgesLimit): number {
    if (this.badForMs > limitMs) return 0;
    return this.clock.now() - (limitMs === JUDGES_WITHIN_MS ? this.slowAtMs : this.lateAtMs);
  }

  /** Asks again, unless the last question still waits for its answer. */
  probe(): void {
    if (this.isUnderWay) return;
    this.isUnderWay = true;
    this.badSinceMs ??= this.clock.now();
    this.roundTrip().then(
      () => {
        this.isUnderWay = false;
        const nowMs = this.clock.now();
        if (this.badForMs > JUDGES_WITHIN_MS) this.slowAtMs = nowMs;
        if (this.badForMs > SUSPECT_AFTER_MS) this.lateAtMs = nowMs;
        this.badSinceMs = null;
      },
      () => {
        this.isUnderWay = false;
      },
    );
  }
}
