/** Nodes on real servers: planned moves, standbys, and an etcd that is away, wiped or set back under those who lead. */
import { cpSync, rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Instrument } from "../../actors/kernel/instrument.js";
import { OrderStatus, OrderType, Side, TimeInForce } from "../../actors/kernel/order.js";
import { drainKey, moveKey, OFF, ON, standbyKey } from "../../actors/placement/wishes.js";
import { NO_OTHER_TERMS } from "../../actors/ledger/messages.js";
import { scrape } from "../../services/common/metrics.js";
import { MetricsObserver } from "../../services/node/observer.js";
import { type RunningNode, TestCluster, warmOf } from "../helpers/cluster.js";

const SHARDS = 2;
const ACCOUNT = 1;
const SYMBOLS = ["AAA", "BBB", "CCC", "DDD"];
const PATIENCE = { timeout: 20_000, interval: 20 };
/** More than any lease and any delay of the placement. */
const LONG_MS = 3_500;
const deadline = 0;

describe("failover on real servers", () => {
  let cluster: TestCluster;
  const instruments: Instrument[] = [];
  const nodes = new Map<string, RunningNode>();
  let orders = 0;

  beforeAll(async () => {
    cluster = await TestCluster.start(SHARDS);
    for (const name of ["node-1", "node-2"]) nodes.set(name, await cluster.startNode(name));
    for (const symbol of SYMBOLS) instruments.push(await cluster.list(symbol));
    const { quoteAsset } = instruments[0]!;
    await cluster.client(
      { kind: "open", account: ACCOUNT, deadline },
      { kind: "deposit", account: ACCOUNT, deadline, asset: quoteAsset, amount: 10 ** 9, key: "a" },
    );
    await cluster.until("SELECT count(*) FROM balances", 1);
  });

  afterAll(async () => {
    for (const node of nodes.values()) await node.stop();
    await cluster?.stop();
  });

  const wish = (key: string, value: string | null) => nodes.get("node-1")!.leases.wish(key, value);

  /** Who leads what, by the actors' rows, under which token. */
  async function leaders(): Promise<
    Map<string, { readonly holder: string; readonly token: number }>
  > {
    const rows = await cluster.rows<{ name: string; holder: string; token: string }>(
      "SELECT name, holder, token FROM actors ORDER BY actor",
    );
    return new Map(rows.map(({ name, holder, token }) => [name, { holder, token: Number(token) }]));
  }

  /** How etcd was before the third node joined. */
  const copyOfEtcd = () => `${cluster.servers.etcd.dataFolder!}-copy`;

  /** Every market rests an order, so every market and the account's shard are at work. */
  async function trade(): Promise<void> {
    for (const instrument of instruments) {
      orders += 1;
      const clientOrderId = `order-${orders}`;
      await cluster.client({
        kind: "place",
        account: ACCOUNT,
        deadline,
        clientOrderId,
        instrument: instrument.id,
        side: Side.Buy,
        type: OrderType.Limit,
        timeInForce: TimeInForce.GoodTillCancel,
        price: 90,
        quantity: 1,
        ...NO_OTHER_TERMS,
      });
      await cluster.until(
        `SELECT status FROM orders WHERE client_order_id = '${clientOrderId}'`,
        OrderStatus.New,
      );
    }
    await cluster.until("SELECT count(*) FROM book", orders);
  }

  async function untilAllLed(by: (name: string) => boolean): Promise<void> {
    await vi.waitFor(async () => {
      const led = [...nodes].flatMap(([name, { node }]) =>
        Object.keys(node.leading()).map((actor) => [actor, name] as const),
      );
      const known = await leaders();
      expect(led.map(([actor]) => actor).toSorted()).toEqual([...known.keys()].toSorted());
      for (const [actor, name] of led) {
        expect(by(name)).toBe(true);
        expect(known.get(actor)!.holder).toBe(name);
      }
    }, PATIENCE);
  }

  /** Everything that one leads the other stands by for. */
  async function untilWarm(): Promise<void> {
    await vi.waitFor(() => {
      for (const [name, { node }] of nodes) {
        const others = [...nodes].filter(([other]) => other !== name);
        const standbys = others.flatMap(([, other]) => warmOf(other.node));
        for (const actor of Object.keys(node.leading())) expect(standbys).toContain(actor);
      }
    }, PATIENCE);
  }

  it("a standby follows every leader, and leads on from where it stands when it is asked to", async () => {
    await trade();
    await untilWarm();
    const before = await leaders();
    for (const actor of before.keys()) await wish(moveKey(actor), "node-2");
    await untilAllLed((name) => name === "node-2");
    for (const [actor, { token }] of await leaders()) {
      const was = before.get(actor)!;
      expect(token - was.token).toBe(was.holder === "node-2" ? 0 : 1);
    }
    await trade();
    await expectNoted([...before.keys()].filter((actor) => before.get(actor)!.holder !== "node-2"));
    for (const actor of before.keys()) await wish(moveKey(actor), null);
  });

  /** Each claim is told: in its row, and by what the node measures. */
  async function expectNoted(moved: readonly string[]): Promise<void> {
    const rows = await cluster.rows<{ name: string; node: string; reason: string }>(
      "SELECT name, node, reason FROM claims c JOIN actors a USING (actor, token) ORDER BY actor",
    );
    const noted = rows.filter(({ name }) => moved.includes(name));
    expect(noted).toEqual(moved.map((name) => ({ name, node: "node-2", reason: "handed over" })));
    const text = await scrape();
    const measured = (metric: string) =>
      Number(new RegExp(`^${metric} (\\d+)$`, "m").exec(text)?.[1]);
    expect(measured('exchange_recovery_seconds_count{way="warm"}')).toBeGreaterThanOrEqual(
      moved.length,
    );
    expect(measured("exchange_takeover_gap_seconds_count")).toBeGreaterThanOrEqual(moved.length);
    expect(measured("exchange_claim_seconds_count")).toBeGreaterThan(moved.length);
    expect(moved.length).toBeGreaterThan(0);
    new MetricsObserver().measure(nodes.get("node-2")!.node);
    const told = await scrape();
    for (const actor of moved) {
      expect(told).toContain(`exchange_host_state{actor="${actor}",state="leading"} 1\n`);
      expect(told).toMatch(new RegExp(`^exchange_outbox_age_seconds\\{actor="${actor}"\\} `, "m"));
    }
    new MetricsObserver().measure(nodes.get("node-1")!.node);
    expect(await scrape()).toContain(
      `exchange_host_state{actor="${moved[0]!}",state="leading"} 0\n`,
    );
  }

  it("a drained node is emptied, and gets its share back when it is no longer drained", async () => {
    await wish(drainKey("node-2"), ON);
    await untilAllLed((name) => name === "node-1");
    await trade();
    await wish(drainKey("node-2"), null);
    await vi.waitFor(
      () => expect(Object.keys(nodes.get("node-2")!.node.leading())).not.toEqual([]),
      PATIENCE,
    );
    await trade();
  });

  it("a market without a standby moves all the same", async () => {
    const actor = "market.AAA";
    await wish(standbyKey(actor), OFF);
    await vi.waitFor(() => {
      for (const { node } of nodes.values()) expect(warmOf(node)).not.toContain(actor);
    }, PATIENCE);
    const { holder, token } = (await leaders()).get(actor)!;
    const other = holder === "node-1" ? "node-2" : "node-1";
    await wish(moveKey(actor), other);
    await vi.waitFor(async () => {
      expect((await leaders()).get(actor)).toEqual({ holder: other, token: token + 1 });
    }, PATIENCE);
    await trade();
    await wish(standbyKey(actor), null);
    await wish(moveKey(actor), null);
  });

  it("a node that joins gets its share of what the others lead", async () => {
    const { etcd } = cluster.servers;
    await etcd.stop();
    cpSync(etcd.dataFolder!, copyOfEtcd(), { recursive: true });
    await etcd.restart();
    nodes.set("node-3", await cluster.startNode("node-3"));
    await vi.waitFor(
      () => expect(Object.keys(nodes.get("node-3")!.node.leading())).not.toEqual([]),
      PATIENCE,
    );
    await trade();
    await untilAllLed(() => true);
  });

  describe("whoever leads goes on", () => {
    /** Nothing moves while something happens to etcd; afterwards every key is its leader's again. */
    async function unmoved(happening: () => Promise<void>): Promise<void> {
      await settled();
      const before = await leaders();
      await happening();
      await trade();
      await sleep(LONG_MS);
      await trade();
      expect(await leaders()).toEqual(before);
      await vi.waitFor(() => {
        const keys = nodes.get("node-1")!.leases.leaders();
        for (const [actor, { holder }] of before) expect(keys.get(actor)?.node).toBe(holder);
      }, PATIENCE);
      expect(await leaders()).toEqual(before);
    }

    /** Resolves when nothing has moved for longer than the placement waits. */
    async function settled(): Promise<void> {
      for (let before = ""; ; ) {
        const now = JSON.stringify([...(await leaders())]);
        if (now === before) return;
        before = now;
        await sleep(LONG_MS);
      }
    }

    it("while etcd does not answer", async () => {
      const { etcd } = cluster.servers;
      await unmoved(async () => {
        await etcd.signal("SIGSTOP");
        await trade();
        await sleep(LONG_MS);
        await trade();
        await etcd.signal("SIGCONT");
      });
    });

    it("when etcd has lost everything", async () => {
      const { etcd } = cluster.servers;
      await unmoved(async () => {
        await etcd.kill();
        rmSync(etcd.dataFolder!, { recursive: true });
        await etcd.restart();
      });
    });

    it("when etcd was set back to an older revision, at which others led", async () => {
      const { etcd } = cluster.servers;
      await unmoved(async () => {
        expect(Object.keys(nodes.get("node-3")!.node.leading())).not.toEqual([]);
        await etcd.kill();
        rmSync(etcd.dataFolder!, { recursive: true });
        cpSync(copyOfEtcd(), etcd.dataFolder!, { recursive: true });
        await etcd.restart();
      });
    });
  });
});
