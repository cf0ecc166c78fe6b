/** A gateway in this process, in front of a node on real servers, and clients of it. */
import { pino } from "pino";
import type { Instrument } from "../../proto/gen/exchange/v1/exchange.js";
import { connectNats, NatsBus, NatsLog } from "../../services/adapters/nats/index.js";
import { PostgresReads } from "../../services/adapters/postgres/reads.js";
import { ExchangeClient } from "../../services/client/exchange-client.js";
import { SystemClock } from "../../services/common/clock.js";
import { SETTINGS } from "../../services/common/settings.js";
import { Gateway } from "../../services/gateway/gateway.js";
import { TierLimits } from "../../services/gateway/tier-limits.js";
import type { Bus } from "../../services/ports/log.js";
import { type RunningNode, TestCluster } from "../helpers/cluster.js";

const WAIT_MS = 20_000;
const LOOK_EVERY_MS = 10;
const WINDOW_BYTES = 1_048_576;

export const TSMC: Instrument = {
  symbol: "2330.TW",
  baseAsset: { name: "TSMC", decimals: 0 },
  quoteAsset: { name: "TWD", decimals: 2 },
  priceDecimals: 2,
  quantityDecimals: 0,
  tick: 50,
  lot: 10,
  referencePrice: 58_000,
  makerFee: 0,
  takerFee: 0,
  feeTiers: [],
};

export interface RunningGateway {
  readonly gateway: Gateway;
  readonly address: string;
  readonly deposed: string[];
  stop(): Promise<void>;
}

export interface GatewayOptions {
  readonly slot?: number;
  readonly port?: number;
  /** As the setting has them. */
  readonly tierLimits?: string;
  /** Stands between the gateway and the bus, e.g. to lose messages. */
  readonly wrapBus?: (bus: Bus) => Bus;
  /** Stands before the log's `publish`: resolves, and the frame is lost; or rejects, and it is refused. */
  readonly losesFrame?: () => Promise<boolean>;
}

export class GatewayStage {
  readonly cluster: TestCluster;
  private node: RunningNode | undefined;
  private readonly gateways = new Set<RunningGateway>();
  private readonly clients = new Set<ExchangeClient>();

  private constructor(cluster: TestCluster, node: RunningNode) {
    this.cluster = cluster;
    this.node = node;
  }

  static async start(shards: number): Promise<GatewayStage> {
    const cluster = await TestCluster.start(shards);
    return new GatewayStage(cluster, await cluster.startNode("node-1"));
  }

  async startGateway(options: GatewayOptions = {}): Promise<RunningGateway> {
    const { slot = 7, port = 0, wrapBus = (bus: Bus) => bus } = options;
    const { losesFrame = async () => false } = options;
    const tierLimits = new TierLimits(options.tierLimits ?? SETTINGS.tierLimits.fallback);
    const { urls } = this.cluster.servers;
    const name = `gateway-${slot}`;
    const clock = new SystemClock();
    const connection = await connectNats(urls.nats, name);
    const reads = new PostgresReads(urls.postgres, name);
    const deposed: string[] = [];
    const gateway = await Gateway.start(
      {
        reads,
        log: losing(await NatsLog.open(connection, clock), losesFrame),
        bus: wrapBus(new NatsBus(connection)),
        clock,
        logger: pino({ level: process.env["TEST_LOG_LEVEL"] ?? "silent" }),
      },
      { slot, name, grpcPort: port, tierLimits, onDeposed: (reason) => deposed.push(reason) },
    );
    await until(() => gateway.notReady().length === 0);
    const stop = async () => {
      if (!this.gateways.delete(running)) return;
      await gateway.close();
      await connection.close();
      await reads.close();
    };
    const address = `127.0.0.1:${gateway.port}`;
    const running = { gateway, address, deposed, stop };
    this.gateways.add(running);
    return running;
  }

  client(
    { address }: RunningGateway,
    accounts: readonly number[] | "all",
    isReadOnly = false,
  ): ExchangeClient {
    const client = ExchangeClient.connect(address, { accounts, isReadOnly });
    this.clients.add(client);
    return client;
  }

  /** A client with a connection of its own; clients whose settings are the same share theirs. */
  apart({ address }: RunningGateway, accounts: readonly number[] | "all"): ExchangeClient {
    const windowBytes = WINDOW_BYTES + this.clients.size;
    const client = ExchangeClient.connect(address, { accounts, windowBytes });
    this.clients.add(client);
    return client;
  }

  /** Ends the one node there is: nobody leads any actor then. */
  async stopNode(): Promise<void> {
    const { node } = this;
    this.node = undefined;
    await node?.stop();
  }

  /** Opens an account and gives it money and shares. */
  async fund(client: ExchangeClient, account: number): Promise<void> {
    await client.openAccount(account);
    const idempotencyKey = "first";
    await client.deposit({ account, asset: "TWD", amount: 1_000_000_000, idempotencyKey });
    await client.deposit({ account, asset: "TSMC", amount: 100_000, idempotencyKey: "shares" });
  }

  async stop(): Promise<void> {
    for (const client of this.clients) client.close();
    for (const gateway of this.gateways) await gateway.stop();
    await this.stopNode();
    await this.cluster.stop();
  }
}

/** The log, but for frames that are lost on the way to it. */
function losing(log: NatsLog, losesFrame: () => Promise<boolean>): NatsLog {
  const publish: NatsLog["publish"] = async (...frame) => {
    if (!(await losesFrame())) await log.publish(...frame);
  };
  return new Proxy(log, {
    get: (target, name) =>
      name === "publish" ? publish : (Reflect.get(target, name, target) as unknown),
  });
}

/** Waits for something to become true; fails when it does not within a generous limit. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAt = performance.now() + WAIT_MS;
  while (!(await condition())) {
    if (performance.now() > giveUpAt) throw new Error(`it did not come: ${condition.toString()}`);
    await new Promise((wake) => setTimeout(wake, LOOK_EVERY_MS));
  }
}
