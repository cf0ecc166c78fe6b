/** How good a node's way to a server is: for how long nothing has been answered, or everything has. */
import type { Clock } from "../ports/clock.js";

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
  private goodSinceMs: number;
  private isUnderWay = false;

  constructor(clock: Clock, roundTrip: () => Promise<unknown>) {
    this.clock = clock;
    this.roundTrip = roundTrip;
    this.goodSinceMs = clock.now();
  }

  /** For how long an answer has been waited for, in milliseconds; 0: for none. */
  get badForMs(): number {
    return this.badSinceMs === null ? 0 : this.clock.now() - this.badSinceMs;
  }

  /** For how long no answer has taken longer than a limit, in milliseconds. */
  goodForMs(limitMs: number): number {
    return this.badForMs > limitMs ? 0 : this.clock.now() - this.goodSinceMs;
  }

  /** Asks again, unless the last question still waits for its answer. `limitMs` is how long a good answer may take. */
  probe(limitMs: number): void {
    if (this.isUnderWay) return;
    this.isUnderWay = true;
    this.badSinceMs ??= this.clock.now();
    this.roundTrip().then(
      () => {
        this.isUnderWay = false;
        if (this.badForMs > limitMs) this.goodSinceMs = this.clock.now();
        this.badSinceMs = null;
      },
      () => {
        this.isUnderWay = false;
      },
    );
  }
}
