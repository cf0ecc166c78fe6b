/** Instruments and assets by name and by number, as Postgres has them; read again when a name is missed. */
import type { Instrument } from "../../actors/kernel/instrument.js";
import type { Clock } from "../ports/clock.js";
import type { AssetRow, Reads } from "../ports/reads.js";
import { CATALOG_READ_EVERY_MS } from "./limits.js";

export class Catalog {
  private readonly reads: Pick<Reads, "assets" | "instruments">;
  private readonly clock: Clock;
  private readonly bySymbol = new Map<string, Instrument>();
  private readonly byId = new Map<number, Instrument>();
  private readonly assetsByName = new Map<string, AssetRow>();
  private readonly assetsById = new Map<number, AssetRow>();
  private readAtMs = -Infinity;
  private reading: Promise<void> | undefined;

  constructor(reads: Pick<Reads, "assets" | "instruments">, clock: Clock) {
    this.reads = reads;
    this.clock = clock;
  }

  get instruments(): Instrument[] {
    return [...this.byId.values()];
  }

  instrument(symbol: string): Instrument | undefined {
    return this.bySymbol.get(symbol);
  }

  instrumentById(id: number): Instrument | undefined {
    return this.byId.get(id);
  }

  asset(name: string): AssetRow | undefined {
    return this.assetsByName.get(name);
  }

  assetById(asset: number): AssetRow | undefined {
    return this.assetsById.get(asset);
  }

  /** Was it read so lately that what is missed does not exist? Keeps wrong names from being a load on Postgres. */
  get isFresh(): boolean {
    return this.clock.now() - this.readAtMs < CATALOG_READ_EVERY_MS;
  }

  /** Reads everything again; calls at the same time share one reading. Rejects when Postgres does. */
  refresh(): Promise<void> {
    this.reading ??= this.read().finally(() => {
      this.reading = undefined;
    });
    return this.reading;
  }

  private async read(): Promise<void> {
    const startedAtMs = this.clock.now();
    // Assets last: those of each instrument that was read are there.
    const instruments = await this.reads.instruments();
    const assets = await this.reads.assets();
    for (const instrument of instruments) {
      this.bySymbol.set(instrument.symbol, instrument);
      this.byId.set(instrument.id, instrument);
    }
    for (const row of assets) {
      this.assetsByName.set(row.name, row);
      this.assetsById.set(row.asset, row);
    }
    this.readAtMs = startedAtMs;
  }
}
