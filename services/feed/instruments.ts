/** The instruments there are, read again when somebody asks for one that is not known yet. */
import type { Instrument } from "../../actors/kernel/instrument.js";
import { type Clock, sleep } from "../ports/clock.js";
import type { Reads } from "../ports/reads.js";
import { INSTRUMENTS_READ_EVERY_MS } from "./limits.js";

export class Instruments {
  private readonly reads: Pick<Reads, "instruments">;
  private readonly clock: Clock;
  private readonly bySymbol = new Map<string, Instrument>();
  private reading: Promise<void> | null = null;
  private readAtMs = Number.NEGATIVE_INFINITY;

  constructor(reads: Pick<Reads, "instruments">, clock: Clock) {
    this.reads = reads;
    this.clock = clock;
  }

  get(symbol: string): Instrument | undefined {
    return this.bySymbol.get(symbol);
  }

  /** Undefined where there is none at this moment. Rejects when Postgres cannot be read. */
  async find(symbol: string): Promise<Instrument | undefined> {
    if (!this.bySymbol.has(symbol)) await this.refresh();
    return this.bySymbol.get(symbol);
  }

  /** One reading for all who wait, and not more often than the limit says. */
  refresh(): Promise<void> {
    this.reading ??= this.read().finally(() => {
      this.reading = null;
    });
    return this.reading;
  }

  private async read(): Promise<void> {
    const waitMs = this.readAtMs + INSTRUMENTS_READ_EVERY_MS - this.clock.now();
    if (waitMs > 0) await sleep(this.clock, waitMs);
    this.readAtMs = this.clock.now();
    for (const instrument of await this.reads.instruments()) {
      this.bySymbol.set(instrument.symbol, instrument);
    }
  }
}
