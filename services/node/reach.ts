/** How good a node's way to a server is: how long ago the last round trip that was answered began. */
import type { Clock } from "../ports/clock.js";

export class Reach {
  private readonly clock: Clock;
  private readonly roundTrip: () => Promise<unknown>;
  private goodSinceMs: number;
  private isUnderWay = false;

  constructor(clock: Clock, roundTrip: () => Promise<unknown>) {
    this.clock = clock;
    this.roundTrip = roundTrip;
    this.goodSinceMs = clock.now();
  }

  get ageMs(): number {
    return this.clock.now() - this.goodSinceMs;
  }

  /** Asks again, unless the last question still waits for its answer. */
  probe(): void {
    if (this.isUnderWay) return;
    this.isUnderWay = true;
    const startedAtMs = this.clock.now();
    this.roundTrip().then(
      () => {
        this.isUnderWay = false;
        this.goodSinceMs = startedAtMs;
      },
      () => {
        this.isUnderWay = false;
      },
    );
  }
}
