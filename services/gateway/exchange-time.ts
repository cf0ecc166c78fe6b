/** Postgres's clock, carried on by the monotonic one: what deadlines are stamped with. */
import type { Clock } from "../ports/clock.js";
import type { Reads } from "../ports/reads.js";

const MICROS_PER_MS = 1_000;

export class ExchangeTime {
  private readonly reads: Pick<Reads, "now">;
  private readonly clock: Clock;
  private offsetMicros = 0;

  constructor(reads: Pick<Reads, "now">, clock: Clock) {
    this.reads = reads;
    this.clock = clock;
  }

  /** Microseconds since 1970, estimated. */
  now(): number {
    return Math.floor(this.clock.now() * MICROS_PER_MS + this.offsetMicros);
  }

  /** Reads Postgres's clock and gives what it says. */
  async read(): Promise<number> {
    const askedAtMs = this.clock.now();
    const micros = await this.reads.now();
    const middleMs = (askedAtMs + this.clock.now()) / 2;
    this.offsetMicros = micros - middleMs * MICROS_PER_MS;
    return micros;
  }
}
