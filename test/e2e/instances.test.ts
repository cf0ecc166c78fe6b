/** An exchange on two PostgreSQL instances, as people start it: it trades across them, through a kill and through the loss of one. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import pg from "pg";
import { OrderType, Side } from "../../proto/gen/exchange/v1/exchange.js";
import { TcpProxy } from "../../chaos/stage/tcp-proxy.js";
import { checkInstances, instanceUrls } from "../../services/adapters/instances/instances.js";
import { audit } from "../../services/audit/audit.js";
import { ExchangeClient } from "../../services/client/exchange-client.js";
import { INSTRUMENTS } from "../../services/participants/instruments.js";
import { Participants } from "../../services/participants/participants.js";
import { type Exchange, startExchange } from "../../services/supervisor/exchange.js";
import { eventually } from "./start-cli.js";

const ORDERS_PER_SECOND = 60;
const FILLS_MIN = 40;
const LISTED = INSTRUMENTS.slice(0, 2);
/** Of the first that is listed, in its units. */
const LOT = 1_000;
const LOW_PRICE = 50_000;
const HIGH_PRICE = 66_000;

describe("an exchange on two PostgreSQL instances", () => {
  let exchange: Exchange;
  let client: ExchangeClient;
  let participants: Participants;
  const wires = new Map<string, TcpProxy>();
  const said: string[] = [];

  beforeAll(async () => {
    exchange = await startExchange({
      ledgerShards: 2,
      postgresInstances: 2,
      restartDead: true,
      ways: byWires,
      log: (line) => said.push(line),
    });
    client = ExchangeClient.connect(exchange.grpc, { accounts: "all" });
    await client.ready();
    // One after the other: the first market is at home, the next on the second.
    const instruments = [];
    for (const each of LISTED) instruments.push(await client.createInstrument(each));
    participants = await Participants.open({
      grpc: exchange.grpc,
      instruments,
      ordersPerSecond: ORDERS_PER_SECOND,
      seed: 1,
    });
    participants.start();
  });

  afterAll(async () => {
    participants?.close();
    client?.close();
    await exchange?.stop();
    for (const wire of wires.values()) await wire.stop();
  });

  /** Each node's way to the second instance can be cut by itself. */
  async function byWires(process: string, urls: Exchange["urls"]): Promise<Exchange["urls"]> {
    if (!process.startsWith("node")) return urls;
    const [home, second] = instanceUrls(urls.postgres);
    const wire = await TcpProxy.start(second!);
    wires.set(process, wire);
    return { ...urls, postgres: [home, wire.url].join(",") };
  }

  /** Waits until so much more has traded. */
  function traded(fills: number): Promise<true> {
    const before = participants.trades;
    return eventually("trades", async () => participants.trades - before >= fills || undefined);
  }

  async function rows(instance: number, query: string): Promise<Record<string, unknown>[]> {
    const url = instanceUrls(exchange.urls.postgres)[instance]!;
    const sql = new pg.Client({ connectionString: url });
    await sql.connect();
    try {
      return (await sql.query<Record<string, unknown>>(query)).rows;
    } finally {
      await sql.end();
    }
  }

  async function expectProved(): Promise<void> {
    const report = await audit(exchange.urls.postgres);
    expect(report.firstViolation).toBeNull();
    expect(report).toMatchObject({ ok: true, conserved: true, journalGaps: 0 });
    expect(report.rows.settled_sides).toBeGreaterThan(FILLS_MIN);
  }

  it("is told that there is no way back, and what works with one only", () => {
    const told = said.filter((line) => line.includes("2 PostgreSQL instances"));
    expect(told).toEqual([expect.stringMatching(/no way back.* explain, archive/)]);
  });

  it("has each actor on one of them, and settles trades between them", async () => {
    await checkInstances(instanceUrls(exchange.urls.postgres));
    await traded(FILLS_MIN);
    const actors = "SELECT kind FROM actors ORDER BY actor";
    const both = [{ kind: "ledger" }, { kind: "market" }];
    expect([await rows(0, actors), await rows(1, actors)]).toEqual([both, both]);
    const across = [await rows(0, tradesNotOf(1)), await rows(1, tradesNotOf(2))].flat();
    expect(across.length).toBeGreaterThan(0);
    await expectProved();
  });

  it("goes on when a leader of the second is killed, with nothing lost", async () => {
    const [{ name } = {}] = await rows(1, "SELECT name FROM actors WHERE kind = 'market'");
    const before = (await exchange.leaders()).get(String(name))!;
    exchange.process(before.node).kill();
    const after = await eventually("another leader", async () => {
      const found = (await exchange.leaders()).get(String(name))!;
      return found.token > before.token ? found : undefined;
    });
    expect(after.node).not.toBe(before.node);
    await traded(FILLS_MIN);
    await expectProved();
  });

  it("loses only what is on the second to others when a node has lost its way there", async () => {
    const before = await exchange.leaders();
    const second = (await rows(1, "SELECT name FROM actors")).map(({ name }) => String(name));
    const [lost] = second;
    const cutOff = before.get(lost!)!.node;
    wires.get(cutOff)!.freeze();
    const after = await eventually("others to lead what is there", async () => {
      const found = await exchange.leaders();
      return second.every((name) => found.get(name)!.node !== cutOff) ? found : undefined;
    });
    for (const [name, { token }] of before) {
      if (!second.includes(name)) expect(after.get(name)!.token, name).toBe(token);
    }
    await traded(FILLS_MIN);
    wires.get(cutOff)!.thaw();
    await expectProved();
  });

  it("moves money between accounts of both, and proves it", async () => {
    const [sender, recipient] = [await openAccount(1), await openAccount(2)];
    await client.deposit(cash(sender, "TWD", 500));
    await client.transfer({ ...cash(sender, "TWD", 200), recipient });
    await eventually("the transfer to arrive", async () => {
      const { balances } = await client.balances(recipient);
      return balances.some(({ total }) => total === 200) || undefined;
    });
    await expectProved();
  });

  it("only stops what is on the second while that does not answer", async () => {
    const [seller, buyer] = [await openAccount(1), await openAccount(1)];
    const elsewhere = await openAccount(2);
    await client.deposit(cash(seller, "TSMC", LOT));
    await client.deposit(cash(buyer, "TWD", LOT * HIGH_PRICE));
    const [second] = exchange.servers.furtherPostgres;
    await second!.stop();
    // Below and above what others ask: whoever is met, both trade.
    await place(seller, Side.SIDE_SELL, LOW_PRICE);
    await place(buyer, Side.SIDE_BUY, HIGH_PRICE);
    await eventually("trades at home", async () => {
      const found = await Promise.all(
        [seller, buyer].map((account) => client.getOrder({ account, clientOrderId: "cross" })),
      );
      return found.every(({ order }) => order!.filled === LOT) || undefined;
    });
    await expect(client.balances(elsewhere)).rejects.toMatchObject({
      code: "DATABASE_UNAVAILABLE",
    });
    await second!.restart();
    await eventually("the second", async () => client.balances(elsewhere).catch(() => undefined));
    await traded(FILLS_MIN);
    await expectProved();
  });

  it("is found out when a trade on one is not what was settled on the other, or a credit not what was sent", async () => {
    const [[trade], [credit]] = [
      await rows(1, tradesNotOf(2)),
      await rows(1, "SELECT * FROM credits"),
    ];
    const id = `actor = ${String(trade!["actor"])} AND trade_id = ${String(trade!["trade_id"])}`;
    await rows(1, `UPDATE trades SET quantity = quantity + 1 WHERE ${id}`);
    await rows(1, `UPDATE credits SET amount = amount + 1 WHERE key = '${String(credit!["key"])}'`);
    await rows(1, "INSERT INTO actors (actor, name, kind) VALUES (8, 'ledger.8', 'ledger')");
    const { violations } = await audit(exchange.urls.postgres);
    expect(violations).toMatchObject({ flows: 1, transfers: 1, orderFills: 2, actor_instances: 1 });
  });

  /** Of a ledger shard. */
  async function openAccount(wanted: number): Promise<number> {
    for (;;) {
      const { account, shard } = await client.openAccount();
      if (shard === wanted) return account;
    }
  }

  async function place(account: number, side: Side, price: number): Promise<void> {
    const { symbol } = LISTED[0]!;
    const order = { account, clientOrderId: "cross", symbol, side, price, quantity: LOT };
    const { code } = await client.placeOrder({ ...order, type: OrderType.ORDER_TYPE_LIMIT });
    expect(code).toBe("OK");
  }
});

/** Trades of which a side is of another shard than this. */
function tradesNotOf(shard: number): string {
  return `SELECT * FROM trades WHERE maker_order % 1024 <> ${shard} OR taker_order % 1024 <> ${shard}`;
}

function cash(account: number, asset: string, amount: number) {
  return { account, asset, amount, idempotencyKey: "once" };
}
