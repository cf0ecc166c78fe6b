/** A whole exchange with instruments, a folder for the clients' logs, and a way to ask its database. */
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { parseWishes, type Wishes } from "../actors/placement/wishes.js";
import type { Instrument } from "../proto/gen/exchange/v1/exchange.js";
import { EtcdLeaseStore, LEASE_NAMESPACE } from "../services/adapters/etcd/etcd-lease-store.js";
import { HOME, instanceUrls } from "../services/adapters/instances/instances.js";
import { ExchangeClient } from "../services/client/exchange-client.js";
import { SystemClock } from "../services/common/clock.js";
import { untilPublished } from "../services/participants/venue.js";
import type { Leadership } from "../services/ports/lease-store.js";
import { type Exchange, startExchange } from "../services/supervisor/exchange.js";
import { Ground, type GroundOptions } from "./stage/ground.js";

export interface SceneOptions extends Partial<GroundOptions> {
  readonly nodes: number;
  readonly ledgerShards: number;
  readonly symbols: number;
  /** PostgreSQL instances; absent: one. */
  readonly postgresInstances?: number;
  /** More variables for the processes. */
  readonly env?: Readonly<Record<string, string>>;
  /** The file that nodes run; absent: the built program. */
  readonly nodeProgram?: string;
  readonly log: (line: string) => void;
}

/** Columns of type bigint are numbers: none is above 2^53. */
const BIGINT_TYPE = 20;

const REFERENCE_PRICE = 10_000;

/** Shorter than it is elsewhere, so that leases are lost. */
const LEASE_TTL_SECONDS = 1;
const INSTRUMENTS_AT_ONCE = 16;

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
    makerFee: 0,
    takerFee: 0,
    feeTiers: [],
  };
}

export class Scene {
  readonly exchange: Exchange;
  readonly client: ExchangeClient;
  readonly instruments: readonly Instrument[];
  readonly ledgerShards: number;
  /** What it stands on. */
  readonly ground: Ground;
  /** Where the clients write what they are told. */
  readonly logs: string;
  private readonly folder: string;
  /** One for each PostgreSQL instance, the home's first. */
  private readonly pools: readonly pg.Pool[];
  /** It joins nothing: it only wishes, as an operator does. */
  private readonly leases: EtcdLeaseStore;
  private readonly deferred: (() => Promise<void>)[] = [];
  private isKept = false;
  private stopping: Promise<void> | undefined;
  /** Those that start or run. */
  private static readonly begun = new Set<Promise<Scene>>();

  private constructor(
    exchange: Exchange,
    client: ExchangeClient,
    options: SceneOptions,
    instruments: readonly Instrument[],
    ground: Ground,
  ) {
    this.exchange = exchange;
    this.client = client;
    this.instruments = instruments;
    this.ledgerShards = options.ledgerShards;
    this.ground = ground;
    this.folder = mkdtempSync(join(tmpdir(), "palisade-scene-"));
    this.logs = join(this.folder, "clients");
    mkdirSync(this.logs);
    const types = new pg.TypeOverrides();
    types.setTypeParser(BIGINT_TYPE, Number);
    // Kept however long nothing is asked: there may be no other to be had.
    this.pools = instanceUrls(exchange.urls.postgres).map(
      (connectionString) => new pg.Pool({ connectionString, max: 2, types, idleTimeoutMillis: 0 }),
    );
    for (const pool of this.pools) pool.on("error", () => {}); // The next query says it.
    this.leases = new EtcdLeaseStore(exchange.urls.etcd, {
      namespace: LEASE_NAMESPACE,
      ttlSeconds: LEASE_TTL_SECONDS,
      clock: new SystemClock(),
    });
  }

  /** Starts everything; what fails stops what had started. */
  static start(options: SceneOptions): Promise<Scene> {
    const begun = Scene.begin(options);
    Scene.begun.add(begun);
    const over = () => Scene.begun.delete(begun);
    begun.then(({ deferred }) => deferred.push(async () => void over()), over);
    return begun;
  }

  /** Stops whatever this process has started, also what is about to start. */
  static async stopAll(): Promise<void> {
    for (const each of await Promise.allSettled(Scene.begun)) {
      if (each.status === "fulfilled") await each.value.stop();
    }
  }

  private static async begin(options: SceneOptions): Promise<Scene> {
    const { nodes, ledgerShards, postgresInstances, env, log, nodeProgram } = options;
    const lease = { PALISADE_LEASE_TTL_SECONDS: String(LEASE_TTL_SECONDS) };
    const ground = await Ground.lay(options, log);
    const { dataDir } = ground;
    let exchange: Exchange | undefined;
    try {
      exchange = await startExchange({
        nodes,
        ledgerShards,
        postgresInstances,
        env: (process) => ({ ...lease, ...env, ...ground.environmentOf(process) }),
        ways: (process, urls) => ground.waysOf(process, urls),
        log,
        ...(dataDir !== undefined && { dataDir }),
        ...(nodeProgram !== undefined && { nodeProgram }),
      });
      const client = ExchangeClient.connect(exchange.grpc, { accounts: "all" });
      await client.ready();
      const names = Array.from({ length: options.symbols }, (_, index) => `SYM${index}`);
      const instruments = await createInstruments(client, names);
      return new Scene(exchange, client, options, instruments, ground);
    } catch (error) {
      ground.heal();
      await exchange?.stop();
      await ground.remove();
      throw error;
    }
  }

  /** Has something done when the exchange is stopped. */
  defer(step: () => Promise<void>): void {
    this.deferred.push(step);
  }

  get symbols(): string[] {
    return this.instruments.map(({ symbol }) => symbol);
  }

  /** Asks the only PostgreSQL instance, or the home of several. */
  async query<Row>(statement: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.pools[HOME]!.query(statement, values)).rows as Row[];
  }

  /** Asks each PostgreSQL instance: gives the rows of all. */
  async queryAll<Row>(statement: string, values: unknown[] = []): Promise<Row[]> {
    const answers = await Promise.all(this.pools.map((pool) => pool.query(statement, values)));
    return answers.flatMap(({ rows }) => rows as Row[]);
  }

  /** Wishes something of the placement (see `actors/placement/wishes.ts`); null takes the wish back. */
  wish(key: string, value: string | null): Promise<void> {
    return this.leases.wish(key, value);
  }

  /** What is wished now. */
  async wishes(): Promise<Wishes> {
    await this.leases.look();
    return parseWishes(this.leases.wishes());
  }

  /** The nodes that etcd holds to be alive. */
  async nodesInEtcd(): Promise<ReadonlyMap<string, string>> {
    await this.leases.look();
    return this.leases.nodes();
  }

  /** Who leads what by etcd's word. */
  async leadersInEtcd(): Promise<ReadonlyMap<string, Leadership>> {
    await this.leases.look();
    return this.leases.leaders();
  }

  /** Is it being stopped? What fails then has failed of that. */
  get isEnding(): boolean {
    return this.stopping !== undefined;
  }

  /** Saves the logs of processes and clients from `stop`; gives the folder they are in. */
  keepLogs(): string {
    this.isKept = true;
    cpSync(join(this.exchange.dataDir, "logs"), join(this.folder, "processes"), {
      recursive: true,
    });
    return this.folder;
  }

  /** However often it is asked for, it is done once. */
  stop(): Promise<void> {
    return (this.stopping ??= this.end());
  }

  private async end(): Promise<void> {
    this.client.close();
    this.ground.heal();
    await Promise.all(this.pools.map((pool) => pool.end()));
    await this.leases.close();
    await this.exchange.stop();
    for (const step of this.deferred.reverse()) await step();
    await this.ground.remove();
    if (!this.isKept) rmSync(this.folder, { recursive: true, force: true });
  }
}

async function createInstruments(
  client: ExchangeClient,
  symbols: readonly string[],
): Promise<Instrument[]> {
  const instruments: Instrument[] = [];
  const left = [...symbols.entries()];
  const work = async () => {
    for (let next = left.shift(); next; next = left.shift()) {
      const [at, symbol] = next;
      instruments[at] = await untilPublished(() => client.createInstrument(instrumentOf(symbol)));
    }
  };
  await Promise.all(Array.from({ length: INSTRUMENTS_AT_ONCE }, work));
  return instruments;
}
