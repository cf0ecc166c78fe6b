/** Nodes in this process on real servers, and a source that speaks as a gateway's slot does. */
import pg from "pg";
import { pino } from "pino";
import { encodeFrame, stampToken } from "../../actors/kernel/frame.js";
import { ledgerName, marketName, shardOfAccount, sourceOfSlot } from "../../actors/kernel/ids.js";
import type { Instrument } from "../../actors/kernel/instrument.js";
import { encodeLedgerCommand, type ClientCommand } from "../../actors/ledger/messages.js";
import { encodeMarketCommand } from "../../actors/market/messages.js";
import { EtcdLeaseStore } from "../../services/adapters/etcd/etcd-lease-store.js";
import { connectNats, NatsBus, NatsLog } from "../../services/adapters/nats/index.js";
import { TcpPeers } from "../../services/adapters/peers/tcp-peers.js";
import { PostgresStore } from "../../services/adapters/postgres/store.js";
import { SystemClock } from "../../services/common/clock.js";
import { CommitTurns } from "../../services/host/commit-turns.js";
import { Directory } from "../../services/host/directory.js";
import { genesis } from "../../services/migrate/genesis.js";
import { migrate } from "../../services/migrate/migrate.js";
import { Node } from "../../services/node/node.js";
import { MetricsObserver } from "../../services/node/observer.js";
import { startTestServers, type TestServers } from "./servers.js";

const PUBLISH_TRIES_MAX = 5;
const LOG_LEVEL = process.env["TEST_LOG_LEVEL"] as pino.Level | undefined;

export interface RunningNode {
  readonly node: Node;
  readonly leases: EtcdLeaseStore;
  readonly store: PostgresStore;
  /** The lines of its log that are of errors. */
  readonly errors: readonly string[];
  stop(): Promise<void>;
}

/** The actors that a node stands by for and could lead at once. */
export function warmOf(node: Node): string[] {
  const standbys = Object.entries(node.standbys());
  return standbys.filter(([, { isWarm }]) => isWarm).map(([actor]) => actor);
}

export class TestCluster {
  readonly servers: TestServers;
  readonly pool: pg.Pool;
  readonly shards: number;
  private incarnations = 0;
  private readonly numbers = new Map<string, number>();
  private readonly slotLog: NatsLog;
  private readonly closeSlot: () => Promise<void>;

  private constructor(
    servers: TestServers,
    shards: number,
    log: NatsLog,
    close: () => Promise<void>,
  ) {
    this.servers = servers;
    this.shards = shards;
    this.pool = new pg.Pool({ connectionString: servers.urls.postgres, max: 2 });
    // An idle connection that a stopping server cuts is nobody's failure.
    this.pool.on("error", () => undefined);
    this.slotLog = log;
    this.closeSlot = close;
  }

  /** On servers of its own, if it is given none. It stops them. */
  static async start(shards: number, given?: TestServers): Promise<TestCluster> {
    const servers = given ?? (await startTestServers());
    await migrate(servers.urls.postgres);
    await genesis(servers.urls.postgres, { ledgerShards: shards });
    const connection = await connectNats(servers.urls.nats, "slot-1");
    const log = await NatsLog.open(connection, new SystemClock());
    return new TestCluster(servers, shards, log, () => connection.close());
  }

  async startNode(name: string): Promise<RunningNode> {
    const { urls } = this.servers;
    const clock = new SystemClock();
    const connection = await connectNats(urls.nats, name);
    const bus = new NatsBus(connection);
    const incarnation = `${name}#${(this.incarnations += 1)}`;
    const store = new PostgresStore(urls.postgres, incarnation);
    const leases = new EtcdLeaseStore(urls.etcd, { namespace: "test", ttlSeconds: 1, clock });
    const observer = new MetricsObserver();
    const errors: string[] = [];
    const streams: pino.StreamEntry[] = [
      { level: "error", stream: { write: (line) => void errors.push(line) } },
    ];
    if (LOG_LEVEL) streams.push({ level: LOG_LEVEL, stream: process.stdout });
    const logger = pino({ level: LOG_LEVEL ?? "error" }, pino.multistream(streams));
    const directory = new Directory({ bus, store, clock, logger, observer });
    const node = new Node({
      node: name,
      incarnation,
      exchange: "test",
      peers: new TcpPeers(),
      store,
      log: await NatsLog.open(connection, clock),
      bus,
      leases,
      clock,
      directory,
      turns: new CommitTurns(clock, {}),
      logger,
      observer,
    });
    await node.start();
    const stop = async () => {
      await node.close();
      directory.close();
      await connection.close();
      await store.close();
    };
    return { node, leases, store, errors, stop };
  }

  /** Lists an instrument of the assets X and USD as an operator does; returns its id. */
  async list(symbol: string): Promise<Instrument> {
    const asset = async (name: string, decimals: number): Promise<number> => {
      const text = `INSERT INTO assets (name, decimals) VALUES ($1, $2)
        ON CONFLICT (name) DO UPDATE SET decimals = excluded.decimals RETURNING asset`;
      return (await this.pool.query<{ asset: number }>(text, [name, decimals])).rows[0]!.asset;
    };
    const baseAsset = await asset(symbol, 0);
    const quoteAsset = await asset("USD", 2);
    const { rows } = await this.pool.query<{ id: number }>(
      "SELECT nextval('market_ids')::integer AS id",
    );
    const { id } = rows[0]!;
    await this.pool.query("INSERT INTO actors (actor, name, kind) VALUES ($1, $2, 'market')", [
      id,
      marketName(symbol),
    ]);
    const instrument: Instrument = {
      id,
      symbol,
      baseAsset,
      quoteAsset,
      priceDecimals: 2,
      quantityDecimals: 0,
      tick: 1,
      lot: 1,
      notionalFactor: 1,
      referencePrice: 100,
      makerFee: 0,
      takerFee: 0,
      feeTiers: [],
    };
    await this.pool.query("INSERT INTO instruments VALUES ($1, $2, $3, $4, 2, 0, 1, 1, 1, 100)", [
      id,
      symbol,
      baseAsset,
      quoteAsset,
    ]);
    const { shards } = this;
    await this.send(marketName(symbol), [
      encodeMarketCommand({ kind: "list", instrument, shards }),
    ]);
    await this.until(`SELECT count(*) FROM shard_instruments WHERE instrument = ${id}`, shards);
    return instrument;
  }

  /** Sends commands of clients to the shard of the first one's account, as one frame. */
  async client(...commands: ClientCommand[]): Promise<void> {
    const name = ledgerName(shardOfAccount(commands[0]!.account, this.shards));
    await this.send(name, commands.map(encodeLedgerCommand));
  }

  /** Sends payloads in one frame, as slot 1, when the inbox is there. */
  async send(actorName: string, payloads: Uint8Array[]): Promise<void> {
    const first = (this.numbers.get(actorName) ?? 0) + 1;
    this.numbers.set(actorName, first + payloads.length - 1);
    await this.publish(actorName, first, payloads);
  }

  /** The same under given numbers. */
  async publish(actorName: string, first: number, payloads: Uint8Array[]): Promise<void> {
    const frame = encodeFrame(sourceOfSlot(1), first, payloads);
    stampToken(frame, 1);
    await this.publishBytes(actorName, frame);
  }

  /** Publishes until the log has answered: twice may be, lost may not. */
  async publishBytes(actorName: string, bytes: Uint8Array): Promise<void> {
    await this.until(`SELECT anchor > 0 FROM actors WHERE name = '${actorName}'`, true);
    for (let tries = 1; ; tries++) {
      try {
        return await this.slotLog.publish(actorName, await this.anchorOf(actorName), bytes);
      } catch (error) {
        if (tries === PUBLISH_TRIES_MAX) throw error;
      }
    }
  }

  /** The anchor of an actor's inbox as it is committed. */
  async anchorOf(actorName: string): Promise<number> {
    const query = "SELECT anchor FROM actors WHERE name = $1";
    const { rows } = await this.pool.query<{ anchor: string }>(query, [actorName]);
    return Number(rows[0]?.anchor ?? 0);
  }

  /** Waits until a query's one value is as expected; a failure says what it was instead. */
  async until(query: string, expected: unknown, limitMs = 15_000): Promise<void> {
    const endsAtMs = Date.now() + limitMs;
    let value: unknown;
    while (Date.now() < endsAtMs) {
      const { rows } = await this.pool.query<Record<string, unknown>>(query);
      value = rows[0] && Object.values(rows[0])[0];
      if (String(value) === String(expected)) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`${query}: ${String(value)}, expected ${String(expected)}`);
  }

  async rows<T>(query: string): Promise<T[]> {
    return (await this.pool.query(query)).rows as T[];
  }

  async stop(): Promise<void> {
    await this.pool.end();
    await this.closeSlot();
    await this.servers.stop();
  }
}
