/** Two nodes whose way to PostgreSQL is a wire, a slot that sends until it is heard, and a listener that forgets nothing. */
import { expect } from "vitest";
import { decodeEventFrame } from "../../actors/kernel/event-frame.js";
import { encodeFrame, stampToken } from "../../actors/kernel/frame.js";
import { ledgerName, shardOfAccount, sourceOfSlot } from "../../actors/kernel/ids.js";
import type { Instrument } from "../../actors/kernel/instrument.js";
import { OrderStatus, OrderType, Side, TimeInForce } from "../../actors/kernel/order.js";
import { decodeBlocks, type JournalBlock } from "../../actors/ledger/account-events.js";
import { encodeLedgerCommand, NO_OTHER_TERMS } from "../../actors/ledger/messages.js";
import { connectNats, NatsBus, NatsLog } from "../../services/adapters/nats/index.js";
import { audit } from "../../services/audit/audit.js";
import { SystemClock } from "../../services/common/clock.js";
import { ALL_LEDGER_EVENTS } from "../../services/ports/subjects.js";
import { TcpProxy } from "../../chaos/stage/tcp-proxy.js";
import { type RunningNode, TestCluster } from "../helpers/cluster.js";
import { type ServerHandle, startTestServers } from "../helpers/servers.js";

const SHARDS = 2;
const BUYER = 1;
const SELLER = 2;
const ANCHOR = 1;
const SLOT = 2;
const SLOT_TOKEN = 1;
const PRICE = 100;
const QUANTITY = 10;
const MONEY = 10_000_000;
const LIMIT_MS = 30_000;
const TRY_AGAIN_MS = 20;
const BETWEEN_ORDERS_MS = 2;

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Tries until it works; after a while its error is the caller's. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  const endsAt = performance.now() + LIMIT_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (performance.now() > endsAt) throw error;
      await sleep(TRY_AGAIN_MS);
    }
  }
}

interface Parts {
  readonly cluster: TestCluster;
  readonly postgres: ServerHandle;
  readonly wire: TcpProxy;
  readonly nodes: readonly RunningNode[];
  readonly instrument: Instrument;
  readonly log: NatsLog;
  readonly bus: NatsBus;
  readonly close: () => Promise<void>;
}

export class PostgresStage {
  readonly postgres: ServerHandle;
  readonly wire: TcpProxy;
  private readonly parts: Parts;
  private readonly said: JournalBlock[] = [];
  private readonly sent = new Map<string, number>();
  private placed = 0;

  private constructor(parts: Parts) {
    this.parts = parts;
    this.postgres = parts.postgres;
    this.wire = parts.wire;
    parts.bus.subscribe(ALL_LEDGER_EVENTS, (data) => {
      this.said.push(...decodeBlocks(decodeEventFrame(data).events));
    });
  }

  static async open(): Promise<PostgresStage> {
    const servers = await startTestServers();
    const wire = await TcpProxy.start(servers.urls.postgres);
    servers.urls.postgres = wire.url;
    const cluster = await TestCluster.start(SHARDS, servers);
    // A connection that is cut while nobody uses it is replaced by the next.
    const nodes = [await cluster.startNode("node-1"), await cluster.startNode("node-2")];
    const instrument = await cluster.list("2330.TW");
    const { baseAsset, quoteAsset } = instrument;
    for (const [account, asset] of [
      [BUYER, quoteAsset],
      [SELLER, baseAsset],
    ] as const) {
      const money = { account, deadline: 0, asset, amount: MONEY, key: "first" };
      await cluster.client({ kind: "open", account, deadline: 0 }, { kind: "deposit", ...money });
    }
    await cluster.until("SELECT count(*) FROM balances", 2);
    const connection = await connectNats(servers.urls.nats, `slot-${SLOT}`);
    const log = await NatsLog.open(connection, new SystemClock());
    const bus = new NatsBus(connection);
    const close = () => connection.close();
    const { postgres } = servers;
    return new PostgresStage({ cluster, postgres, wire, nodes, instrument, log, bus, close });
  }

  async close(): Promise<void> {
    const { nodes, close, cluster, wire } = this.parts;
    for (const node of nodes) await node.stop();
    await close();
    await cluster.stop();
    await wire.stop();
  }

  /** Places so many pairs of orders, one after the other, each of which trade with each other. */
  async placePairs(pairs: number): Promise<void> {
    for (let n = 0; n < pairs; n++) {
      await this.place(SELLER, Side.Sell);
      await this.place(BUYER, Side.Buy);
    }
  }

  private async place(account: number, side: Side): Promise<void> {
    this.placed += 1;
    const payload = encodeLedgerCommand({
      kind: "place",
      account,
      deadline: 0,
      clientOrderId: `order-${this.placed}`,
      instrument: this.parts.instrument.id,
      side,
      type: OrderType.Limit,
      timeInForce: TimeInForce.GoodTillCancel,
      price: PRICE,
      quantity: QUANTITY,
      ...NO_OTHER_TERMS,
    });
    const name = ledgerName(shardOfAccount(account, SHARDS));
    const number = (this.sent.get(name) ?? 0) + 1;
    this.sent.set(name, number);
    const frame = encodeFrame(sourceOfSlot(SLOT), number, [payload]);
    stampToken(frame, SLOT_TOKEN);
    await patiently(() => this.parts.log.publish(name, ANCHOR, frame));
    await sleep(BETWEEN_ORDERS_MS);
  }

  /** Waits until so many orders have been filled. */
  async untilFilled(orders: number): Promise<void> {
    const text = "SELECT count(*) FROM orders WHERE status = $1";
    await patiently(async () => {
      const { rows } = await this.parts.cluster.pool.query<{ count: string }>(text, [
        OrderStatus.Filled,
      ]);
      expect(Number(rows[0]!.count)).toBeGreaterThanOrEqual(orders);
    });
  }

  /** Every order was taken once and filled, everything that was said is stored as it was said, and the audit holds. */
  async expectNothingLost(): Promise<void> {
    const { pool } = this.parts.cluster;
    await this.untilFilled(this.placed);
    const orders = await pool.query("SELECT client_order_id FROM orders");
    expect(orders.rows.map((row) => row.client_order_id).toSorted(byText)).toEqual(
      Array.from({ length: this.placed }, (_, at) => `order-${at + 1}`).toSorted(byText),
    );
    expect(this.said.length).toBeGreaterThan(0);
    const journal = await pool.query("SELECT account, first_sequence, events FROM journal");
    const stored = new Map(
      journal.rows.map((row) => [
        `${row.account}/${row.first_sequence}`,
        row.events.toString("hex"),
      ]),
    );
    for (const { account, first, bytes } of this.said) {
      expect(stored.get(`${account}/${first}`)).toBe(Buffer.from(bytes).toString("hex"));
    }
    const report = await audit(this.wire.url);
    expect(report).toMatchObject({
      ok: true,
      conserved: true,
      journalGaps: 0,
      firstViolation: null,
    });
  }

  /** How often actors were claimed, all together. */
  async claims(): Promise<number> {
    const { rows } = await this.parts.cluster.pool.query(
      "SELECT sum(token)::integer AS sum FROM actors",
    );
    return rows[0].sum;
  }
}

function byText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
