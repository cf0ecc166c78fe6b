/** Two accounts that trade one lot with each other again and again, whatever happens to the servers meanwhile. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, vi } from "vitest";
import { ledgerName, shardOfAccount } from "../../actors/kernel/ids.js";
import type { Instrument } from "../../actors/kernel/instrument.js";
import { OrderStatus, OrderType, Side, TimeInForce } from "../../actors/kernel/order.js";
import {
  type ClientCommand,
  encodeLedgerCommand,
  NO_OTHER_TERMS,
} from "../../actors/ledger/messages.js";
import { audit } from "../../services/audit/audit.js";
import type { TestCluster } from "./cluster.js";
import { ResendingSource } from "./nats-source.js";

const BUYER = 1;
const SELLER = 2;
const PRICE = 100;
const ORDER_EVERY_MS = 5;
const AMOUNT = 100_000_000;
const deadline = 0;
/** How long everything may take until it is done, once the servers are there. */
const PATIENCE = { timeout: 30_000, interval: 50 };

export class Traffic {
  private readonly cluster: TestCluster;
  private readonly source: ResendingSource;
  private readonly instrument: Instrument;
  private placed = 0;
  private running = true;
  private readonly trading: Promise<void>;

  private constructor(cluster: TestCluster, source: ResendingSource, instrument: Instrument) {
    this.cluster = cluster;
    this.source = source;
    this.instrument = instrument;
    const { baseAsset, quoteAsset } = instrument;
    for (const [account, asset] of [
      [BUYER, quoteAsset],
      [SELLER, baseAsset],
    ] as const) {
      this.send({ kind: "open", account, deadline });
      this.send({ kind: "deposit", account, deadline, asset, amount: AMOUNT, key: "first" });
    }
    this.trading = this.trade();
  }

  /** Begins, and resolves when trades are made. */
  static async start(cluster: TestCluster, instrument: Instrument): Promise<Traffic> {
    const source = await ResendingSource.start(cluster);
    const traffic = new Traffic(cluster, source, instrument);
    await traffic.untilItTrades();
    return traffic;
  }

  /** Until trades are made of orders that were sent after the call. */
  async untilItTrades(): Promise<void> {
    const { placed } = this;
    await vi.waitFor(async () => {
      const [row] = await this.cluster.rows<{ done: string }>(
        `SELECT count(*) AS done FROM orders WHERE status = ${OrderStatus.Filled}`,
      );
      expect(Number(row!.done)).toBeGreaterThan(placed);
    }, PATIENCE);
  }

  /** Stops placing, and holds everything that was sent against what is committed: each order once, and nothing else. */
  async settle(): Promise<void> {
    this.running = false;
    await this.trading;
    const { cluster, placed } = this;
    await vi.waitFor(() => expect(this.source.pending).toBe(0), PATIENCE);
    const filled = `SELECT count(*) FROM orders WHERE status = ${OrderStatus.Filled}`;
    await cluster.until(filled, placed, PATIENCE.timeout);
    await this.source.stop();
    const [row] = await cluster.rows<{ orders: string; ids: string; trades: string }>(
      `SELECT count(*) AS orders, count(DISTINCT client_order_id) AS ids,
              (SELECT count(*) FROM trades) AS trades FROM orders`,
    );
    expect(row).toEqual({ orders: `${placed}`, ids: `${placed}`, trades: `${placed / 2}` });
    const report = await audit(cluster.servers.urls.postgres);
    expect(report.firstViolation).toBeNull();
    expect(report.ok).toBe(true);
  }

  private async trade(): Promise<void> {
    while (this.running) {
      this.place(SELLER, Side.Sell);
      this.place(BUYER, Side.Buy);
      await sleep(ORDER_EVERY_MS);
    }
  }

  private place(account: number, side: Side): void {
    this.placed += 1;
    this.send({
      kind: "place",
      account,
      deadline,
      clientOrderId: `traffic-${this.placed}`,
      instrument: this.instrument.id,
      side,
      type: OrderType.Limit,
      timeInForce: TimeInForce.GoodTillCancel,
      price: PRICE,
      quantity: 1,
      ...NO_OTHER_TERMS,
    });
  }

  private send(command: ClientCommand): void {
    const shard = ledgerName(shardOfAccount(command.account, this.cluster.shards));
    this.source.send(shard, [encodeLedgerCommand(command)]);
  }
}
