/** What the feed's tests stand on: NATS and PostgreSQL, a market led by hand, a bridge, and clients that are closed. */
import type { NatsConnection } from "nats";
import pg from "pg";
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import { connectNats, NatsBus } from "../../services/adapters/nats/index.js";
import { PostgresReads } from "../../services/adapters/postgres/reads.js";
import { SystemClock } from "../../services/common/clock.js";
import { type BridgeOptions, FeedBridge } from "../../services/feed/bridge.js";
import { migrate } from "../../services/migrate/migrate.js";
import { startTestNats, startTestPostgres, type TestServer } from "../helpers/servers.js";
import { Listener, RawClient, until } from "./feed-clients.js";
import { HandLedMarket, SYMBOL } from "./feed-market.js";

export const BOOK_AND_TRADES = {
  action: "subscribe",
  channels: [`trade.${SYMBOL}`, `depth.${SYMBOL}`],
} as const;

export class FeedStage {
  nats!: TestServer;
  postgres!: pg.Client;
  market!: HandLedMarket;
  bridge!: FeedBridge;
  /** The market speaks over a connection of its own. */
  speaking!: NatsConnection;
  listening!: NatsConnection;
  private postgresServer!: TestServer;
  private reads!: PostgresReads;
  private readonly cleanups: (() => unknown)[] = [];

  /** Sets up before the tests of a file, anew for each what a test changes, and ends it all. */
  constructor() {
    beforeAll(() => this.start());
    beforeEach(async () => {
      this.market = await HandLedMarket.create(this.postgres, new NatsBus(this.speaking));
      this.bridge = await this.startBridge();
    });
    afterEach(async () => {
      for (const cleanup of this.cleanups.splice(0).reverse()) await cleanup();
    });
    afterAll(() => this.stop());
  }

  /** Something to be done after the test. */
  after(cleanup: () => unknown): void {
    this.cleanups.push(cleanup);
  }

  async startBridge(options: Partial<BridgeOptions> = {}): Promise<FeedBridge> {
    const bus = new NatsBus(this.listening);
    const { reads } = this;
    const logger = pino({ level: "silent" });
    const common = { bus, reads, clock: new SystemClock(), logger, port: 0 };
    const started = await FeedBridge.start({ ...common, ...options });
    this.after(() => started.close());
    await this.listening.flush(); // From now on nothing said is missed.
    return started;
  }

  async listener(depth: "batch" | "command" = "batch", of = this.bridge): Promise<Listener> {
    const listener = await Listener.subscribe(urlOf(of), SYMBOL, depth);
    this.after(() => listener.client.close());
    return listener;
  }

  async raw(options: { autoPong?: boolean } = {}, of = this.bridge): Promise<RawClient> {
    const client = await RawClient.connect(urlOf(of), options);
    this.after(() => client.socket.terminate());
    return client;
  }

  /** A few orders, some of which trade. */
  enterSome(rounds = 1): void {
    const { market } = this;
    for (let n = 0; n < rounds; n++) {
      market.buy(97 + (n % 3), 5 + n);
      market.sell(101 + (n % 2), 4 + n);
      if (n % 2 === 0) market.buy(102, 3);
    }
  }

  /** Resolves when all have the book that the database has. */
  async expectCurrent(...listeners: Listener[]): Promise<void> {
    const levels = JSON.stringify(await this.market.levels());
    for (const each of listeners) {
      await until(`a client has ${levels}`, () => JSON.stringify(each.levels(SYMBOL)) === levels);
    }
  }

  private async start(): Promise<void> {
    [this.nats, this.postgresServer] = await Promise.all([
      startTestNats(),
      startTestPostgres({ durable: false }),
    ]);
    const { url } = this.postgresServer;
    await migrate(url);
    this.postgres = new pg.Client({ connectionString: url });
    await this.postgres.connect();
    this.reads = new PostgresReads(url, "feed-test");
    this.speaking = await connectNats(this.nats.url, "market");
    this.listening = await connectNats(this.nats.url, "feed");
  }

  private async stop(): Promise<void> {
    await Promise.all([this.speaking?.close(), this.listening?.close()]);
    await this.reads?.close();
    await this.postgres?.end();
    await Promise.all([this.nats?.stop(), this.postgresServer?.stop()]);
  }
}

export function urlOf(bridge: FeedBridge): string {
  return `ws://127.0.0.1:${bridge.port}`;
}
