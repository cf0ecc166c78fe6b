import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Code } from "../../actors/kernel/codes.js";
import type { Instrument } from "../../actors/kernel/instrument.js";
import { OrderStatus, OrderType, Side, TimeInForce } from "../../actors/kernel/order.js";
import {
  encodeLedgerCommand,
  NO_NEW_TERMS,
  NO_OTHER_TERMS,
  type PlaceOrder,
} from "../../actors/ledger/messages.js";
import { encodeMarketCommand } from "../../actors/market/messages.js";
import { Phase } from "../../actors/market/phase.js";
import { ledgerName, marketName, shardOfAccount } from "../../actors/kernel/ids.js";
import { parseNodeInfo } from "../../services/node/info.js";
import { type RunningNode, TestCluster } from "../helpers/cluster.js";
import { until } from "./feed-clients.js";

const SHARDS = 2;
const BUYER = 1;
const SELLER = 2;
const deadline = 0;

function order(instrument: Instrument, account: number, side: Side, id: string): PlaceOrder {
  return {
    kind: "place",
    account,
    deadline,
    clientOrderId: id,
    instrument: instrument.id,
    side,
    type: OrderType.Limit,
    timeInForce: TimeInForce.GoodTillCancel,
    price: 100,
    quantity: 10,
    ...NO_OTHER_TERMS,
  };
}

/** Status by client order id. */
const codeOf = (id: string) => `SELECT code FROM orders WHERE client_order_id = '${id}'`;
const statusOf = (id: string) => `SELECT status FROM orders WHERE client_order_id = '${id}'`;

describe("hosts on real servers", () => {
  let cluster: TestCluster;
  let instrument: Instrument;
  const nodes = new Map<string, RunningNode>();

  beforeAll(async () => {
    cluster = await TestCluster.start(SHARDS);
    for (const name of ["node-1", "node-2"]) nodes.set(name, await cluster.startNode(name));
    instrument = await cluster.list("2330.TW");
    for (const [account, asset, amount] of [
      [BUYER, instrument.quoteAsset, 1_000_000],
      [SELLER, instrument.baseAsset, 1_000],
    ] as const) {
      await cluster.client(
        { kind: "open", account, deadline },
        { kind: "deposit", account, deadline, asset, amount, key: "first" },
      );
    }
    await cluster.until("SELECT count(*) FROM balances", 2);
  });

  afterAll(async () => {
    for (const node of nodes.values()) await node.stop();
    await cluster?.stop();
  });

  /** Postgres's clock, in microseconds since 1970. */
  async function now(): Promise<number> {
    const text = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now";
    return Number((await cluster.rows<{ now: string }>(text))[0]!.now);
  }

  async function trade(name: string): Promise<void> {
    await cluster.client(order(instrument, SELLER, Side.Sell, `${name}-sell`));
    await cluster.until(statusOf(`${name}-sell`), OrderStatus.New);
    await cluster.client(order(instrument, BUYER, Side.Buy, `${name}-buy`));
    await cluster.until(statusOf(`${name}-buy`), OrderStatus.Filled);
    await cluster.until(statusOf(`${name}-sell`), OrderStatus.Filled);
  }

  it("take an order from its account's inbox to the trade and back to both accounts", async () => {
    await trade("first");
    const balances = await cluster.rows<{
      account: string;
      asset: number;
      total: string;
      held: string;
    }>("SELECT account, asset, total, held FROM balances ORDER BY account, asset");
    const found = Object.fromEntries(
      balances.map(({ account, asset, total, held }) => [`${account}/${asset}`, [total, held]]),
    );
    const { baseAsset, quoteAsset } = instrument;
    expect(found).toEqual({
      [`${BUYER}/${baseAsset}`]: ["10", "0"],
      [`${BUYER}/${quoteAsset}`]: ["999000", "0"],
      [`${SELLER}/${baseAsset}`]: ["990", "0"],
      [`${SELLER}/${quoteAsset}`]: ["1000", "0"],
    });
  });

  it("take a frame once, however often it comes (R2, R4)", async () => {
    const name = ledgerName(shardOfAccount(BUYER, SHARDS));
    const [link] = await cluster.rows<{ received: string }>(
      `SELECT received FROM links JOIN actors USING (actor) WHERE name = '${name}' AND peer = -1`,
    );
    const next = Number(link!.received) + 1;
    const payloads = [encodeLedgerCommand(order(instrument, BUYER, Side.Buy, "once"))];
    await cluster.send(name, payloads);
    for (let n = 0; n < 3; n++) await cluster.publish(name, next, payloads);
    await cluster.until(statusOf("once"), OrderStatus.New);
    await cluster.client({
      kind: "amend",
      account: BUYER,
      deadline,
      request: 1,
      orderId: 0,
      clientOrderId: "once",
      leaves: 0,
      ...NO_NEW_TERMS,
    });
    await cluster.until(statusOf("once"), OrderStatus.Cancelled);
    const events = await cluster.rows<{ count: string }>(
      "SELECT count(*) FROM orders WHERE client_order_id = 'once'",
    );
    expect(events[0]!.count).toBe("1");
  });

  it("pass over what is no frame and go on", async () => {
    const name = marketName("2330.TW");
    await cluster.publishBytes(name, new Uint8Array([1, 2, 3]));
    await cluster.publishBytes(name, new Uint8Array(0));
    await cluster.publishBytes(ledgerName(1), new Uint8Array([77]));
    await trade("after-garbage");
  });

  it("do what is due at its time, in a batch without commands, and no more than that", async () => {
    const expires = (await now()) + 500_000;
    const timeInForce = TimeInForce.GoodTillDate;
    const till = { ...order(instrument, BUYER, Side.Buy, "till"), timeInForce, expires };
    await cluster.client({ ...till, price: 90 });
    await cluster.until(statusOf("till"), OrderStatus.New);
    await cluster.until(codeOf("till"), Code.EXPIRED);
    const ofMarket = `FROM batch_log JOIN actors USING (actor) WHERE name = '${marketName("2330.TW")}'`;
    const [tick] = await cluster.rows<{ batch: string; late: string }>(
      `SELECT batch_log.batch, batch_log.time - ${expires} AS late ${ofMarket}
         AND batch_log.time >= ${expires} ORDER BY batch LIMIT 1`,
    );
    expect(Number(tick!.late)).toBeLessThan(500_000);
    await cluster.until(`SELECT count(*) FROM outbox`, 0);
    const count = `SELECT count(*) ${ofMarket} AND batch_log.batch > ${tick!.batch}`;
    const [before] = await cluster.rows<{ count: string }>(count);
    await new Promise((wake) => setTimeout(wake, 1_500));
    const [after] = await cluster.rows<{ count: string }>(count);
    expect(after).toEqual(before);
  });

  it("hand everything over when a node stops, and the token rises", async () => {
    const time = (await now()) + 2_000_000;
    const day = { ...order(instrument, BUYER, Side.Buy, "day"), timeInForce: TimeInForce.Day };
    await cluster.client({ ...day, price: 90 });
    await cluster.until(statusOf("day"), OrderStatus.New);
    const schedule = [
      { time, phase: Phase.Closed },
      { time: time + 1, phase: Phase.Continuous },
    ];
    await cluster.send(marketName("2330.TW"), [
      encodeMarketCommand({ kind: "schedule", schedule }),
    ]);
    const before = await cluster.rows<{ name: string; token: string; holder: string }>(
      "SELECT name, token, holder FROM actors ORDER BY name",
    );
    await nodes.get("node-1")!.stop();
    nodes.delete("node-1");
    await trade("after-stop");
    const after = await cluster.rows<{ name: string; token: string; holder: string }>(
      "SELECT name, token, holder FROM actors ORDER BY name",
    );
    expect(new Set(after.map(({ holder }) => holder))).toEqual(new Set(["node-2"]));
    for (const [at, actor] of after.entries()) {
      const rise = Number(actor.token) - Number(before[at]!.token);
      expect(rise).toBe(before[at]!.holder === "node-1" ? 1 : 0);
    }
    // What was due of whoever led before is done by who leads now.
    await cluster.until(codeOf("day"), Code.DAY_ENDED);
    await trade("after-closing");
  });

  it("find a deposed leader at its next commit: nothing of it is stored (R1)", async () => {
    await cluster.pool.query("UPDATE actors SET token = token + 1");
    const [log] = await cluster.rows<{ count: string }>(
      "SELECT max(batch) AS count FROM batch_log",
    );
    expect(Number(log!.count)).toBeGreaterThan(0);
    await trade("after-fence");
    const lower = await cluster.rows(
      `SELECT * FROM (SELECT token, lag(token) OVER (PARTITION BY actor ORDER BY batch) AS before
       FROM batch_log) t WHERE token < before`,
    );
    expect(lower).toEqual([]);
  });

  it("go on after Postgres has cut every connection in the middle", async () => {
    for (let n = 0; n < 3; n++) {
      await cluster.client({ ...order(instrument, BUYER, Side.Buy, `cut-${n}`), price: 90 });
      await cluster.pool.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE application_name LIKE 'palisade:%'`,
      );
      await cluster.until(statusOf(`cut-${n}`), OrderStatus.New);
    }
  });

  it("go on after NATS was killed and started again on its data", async () => {
    const { nats } = cluster.servers;
    await nats.kill();
    await nats.restart();
    await trade("after-nats");
  });

  it("anchor themselves anew when the inbox is another stream: what was sent is sent again (R5)", async () => {
    const name = marketName("2330.TW");
    await cluster.pool.query(
      "UPDATE actors SET stream_created = 'another', token = token + 1 WHERE name = $1",
      [name],
    );
    // Its shard sends it to the stream that is no longer read.
    await cluster.client(order(instrument, SELLER, Side.Sell, "unheard"));
    await cluster.until(`SELECT anchor FROM actors WHERE name = '${name}'`, 2);
    await cluster.client(order(instrument, BUYER, Side.Buy, "heard"));
    await cluster.until(statusOf("unheard"), OrderStatus.Filled);
    await trade("after-new-inbox");
  });

  it("stop and say why where rows do not give their hash, or are of a newer version; the others lead on", async () => {
    const other = marketName("2317.TW");
    await cluster.list("2317.TW");
    for (const node of nodes.values()) await node.stop();
    nodes.clear();
    const changed = shardOfAccount(BUYER, SHARDS);
    const shards = [ledgerName(changed), ledgerName(SHARDS + 1 - changed)] as const;
    const market = marketName("2330.TW");
    await cluster.pool.query("UPDATE balances SET total = total + 1 WHERE account = $1", [BUYER]);
    const newer = "UPDATE actors SET state = set_byte(state, 0, get_byte(state, 0) + 1)";
    await cluster.pool.query(`${newer} WHERE name IN ($1, $2)`, [shards[1], market]);

    const node = await cluster.startNode("node-3");
    nodes.set("node-3", node);
    const those = [...shards, market].toSorted();
    await until(
      "three are stopped",
      () => Object.keys(node.node.stopped()).length === those.length,
    );
    expect(Object.keys(node.node.stopped()).toSorted()).toEqual(those);
    // The others are told, so that somebody else stands by for them.
    const told = () => parseNodeInfo(node.leases.nodes().get("node-3") ?? "").unable;
    await until("the others know it", () => told().length === those.length);
    expect(told().toSorted()).toEqual(those);
    const log = node.errors.join("");
    expect(log).toMatch(
      new RegExp(`${shards[0]}: the rows of batch \\d+ do not give the hash it was committed with`),
    );
    expect(log).toContain("MalformedError: ledger state version 2");
    expect(log).toContain("MalformedError: market state version 3");
    const batchOf = `SELECT batch FROM actors WHERE name = '${other}'`;
    const [before] = await cluster.rows<{ batch: string }>(batchOf);
    const halt = encodeMarketCommand({ kind: "phase", phase: Phase.Halted, until: 0 });
    await cluster.send(other, [halt]);
    await cluster.until(
      `SELECT batch > ${before!.batch} FROM actors WHERE name = '${other}'`,
      true,
    );
    expect(Object.keys(node.node.leading())).toEqual([other]);
    // Nothing is committed for those that have stopped.
    const committed = await cluster.rows<{ name: string }>(
      "SELECT DISTINCT name FROM actors JOIN batch_log USING (actor, token)",
    );
    expect(committed).toEqual([{ name: other }]);
  });
});
