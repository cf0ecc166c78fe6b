/** A whole exchange with instruments, a folder for the clients' logs, and a way to ask its database. */
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import type { Instrument } from "../proto/gen/exchange/v1/exchange.js";
import { ExchangeClient } from "../services/client/exchange-client.js";
import { type Exchange, startExchange } from "../services/supervisor/exchange.js";

export interface SceneOptions {
  readonly nodes: number;
  readonly ledgerShards: number;
  readonly symbols: number;
  readonly log: (line: string) => void;
}

/** Columns of type bigint are numbers: none is above 2^53. */
const BIGINT_TYPE = 20;

const REFERENCE_PRICE = 10_000;

/** A plain share: whole ones, in cents. */
function instrumentOf(symbol: string): Instrument {
  return {
    symbol,
    baseAsset: { name: symbol, decimals: 0 },
    quoteAsset: { name: "USD", decimals: 2 },
    priceDecimals: 2,
    quantityDecimals: 0,
    tick: 1,
    lot: 1,
    referencePrice: REFERENCE_PRICE,
  };
}

export class Scene {
  readonly exchange: Exchange;
  readonly client: ExchangeClient;
  readonly instruments: readonly Instrument[];
  readonly ledgerShards: number;
  /** Where the clients write what they are told. */
  readonly logs: string;
  private readonly folder: string;
  private readonly pool: pg.Pool;
  private isKept = false;

  private constructor(
    exchange: Exchange,
    client: ExchangeClient,
    options: SceneOptions,
    instruments: readonly Instrument[],
  ) {
    this.exchange = exchange;
    this.client = client;
    this.instruments = instruments;
    this.ledgerShards = options.ledgerShards;
    this.folder = mkdtempSync(join(tmpdir(), "palisade-scene-"));
    this.logs = join(this.folder, "clients");
    mkdirSync(this.logs);
    const types = new pg.TypeOverrides();
    types.setTypeParser(BIGINT_TYPE, Number);
    this.pool = new pg.Pool({ connectionString: exchange.urls.postgres, max: 2, types });
    this.pool.on("error", () => {}); // The next query says it.
  }

  /** Starts everything; what fails stops what had started. */
  static async start(options: SceneOptions): Promise<Scene> {
    const { nodes, ledgerShards, log } = options;
    const exchange = await startExchange({ nodes, ledgerShards, log });
    try {
      const client = ExchangeClient.connect(exchange.grpc, { accounts: "all" });
      await client.ready();
      const names = Array.from({ length: options.symbols }, (_, index) => `SYM${index}`);
      const instruments: Instrument[] = [];
      for (const name of names) {
        instruments.push(await client.createInstrument(instrumentOf(name)));
      }
      return new Scene(exchange, client, options, instruments);
    } catch (error) {
      await exchange.stop();
      throw error;
    }
  }

  get symbols(): string[] {
    return this.instruments.map(({ symbol }) => symbol);
  }

  async query<Row>(statement: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.pool.query(statement, values)).rows as Row[];
  }

  /** Saves the logs of processes and clients from `stop`; gives the folder they are in. */
  keepLogs(): string {
    this.isKept = true;
    cpSync(join(this.exchange.dataDir, "logs"), join(this.folder, "processes"), {
      recursive: true,
    });
    return this.folder;
  }

  async stop(): Promise<void> {
    this.client.close();
    await this.pool.end();
    await this.exchange.stop();
    if (!this.isKept) rmSync(this.folder, { recursive: true, force: true });
  }
}
