/** The store and the reads of an exchange on two instances do what those of one do. */
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { setTimeout as sleep } from "node:timers/promises";
import { ANSWER_TIMEOUT_MS } from "../../services/adapters/postgres/connections.js";
import { TcpProxy } from "../../chaos/stage/tcp-proxy.js";
import { openReads, openStore } from "../../services/adapters/instances/open.js";
import type { Row } from "../../services/ports/store.js";
import { genesis } from "../../services/migrate/genesis.js";
import { migrate } from "../../services/migrate/migrate.js";
import { holderOf, SHARDS } from "./actors.js";
import { describeClientOrderIds } from "./client-order-ids-contract.js";
import { describeCommitsTogether } from "./store-together-contract.js";
import { type TestDatabase, TestDatabases } from "./postgres.js";
import { describeAccountReads } from "./reads-accounts-contract.js";
import { DEFINITION, type ReadsBench } from "./reads-bench.js";
import { describeMarketReads } from "./reads-markets-contract.js";
import { describeStandingReads } from "./reads-standing-contract.js";
import type { StoreBench } from "./store-bench.js";
import { describeClaims } from "./store-claims-contract.js";

const PATIENCE = { timeout: 10_000 };

let databases: TestDatabases;
let templates: readonly [string, string];

beforeAll(async () => {
  databases = await TestDatabases.start();
  const [home, second] = [await databases.make("template0"), await databases.make("template0")];
  await migrate(`${home.url},${second.url}`);
  for (const each of [home, second]) await each.close();
  templates = [home.name, second.name];
});

afterAll(() => databases?.stop());

interface Pair {
  readonly url: string;
  readonly home: TestDatabase;
  readonly second: TestDatabase;
  /** Of both, table by table. */
  readonly contents: () => Promise<Record<string, readonly Row[]>>;
  readonly close: () => Promise<void>;
}

/** Two databases, made the instances of one exchange. */
async function pair(): Promise<Pair> {
  const [home, second] = [await databases.make(templates[0]), await databases.make(templates[1])];
  const url = `${home.url},${second.url}`;
  await genesis(url, { ledgerShards: SHARDS });
  return {
    url,
    home,
    second,
    contents: async () => {
      const more = await second.contents();
      const tables = Object.entries(await home.contents());
      return Object.fromEntries(tables.map(([name, rows]) => [name, [...rows, ...more[name]!]]));
    },
    close: async () => {
      await home.close();
      await second.close();
    },
  };
}

describe("two instances", () => {
  it("have ledger shards in turn, and a market where there are fewest", async () => {
    const { url, home, second, close } = await pair();
    const reads = await openReads(url, "gateway-1");
    const symbols = ["A", "B", "C"];
    for (const symbol of symbols) await reads.createInstrument({ ...DEFINITION, symbol });
    const again = await reads.createInstrument({ ...DEFINITION, symbol: "B" });
    expect(again.symbol).toBe("B");
    const names = async (database: TestDatabase) =>
      (await database.query("SELECT name FROM actors ORDER BY actor")).map(({ name }) => name);
    expect(await names(home)).toEqual(["ledger.1", "market.A", "market.C"]);
    expect(await names(second)).toEqual(["ledger.2", "market.B"]);
    for (const table of ["assets", "instruments"]) {
      expect(await second.rows(table)).toEqual(await home.rows(table));
    }
    const heads = await reads.actorHeads();
    const markets = symbols.map((symbol) => `market.${symbol}`);
    expect(heads.map(({ name }) => name)).toEqual(["ledger.1", "ledger.2", ...markets]);
    await reads.close();
    await close();
  });

  it("make a market that was defined at home and not made where it belongs", async () => {
    const { url, second, close } = await pair();
    const reads = await openReads(url, "gateway-1");
    await reads.createInstrument({ ...DEFINITION, symbol: "A" });
    const { id } = await reads.createInstrument({ ...DEFINITION, symbol: "B" });
    await second.query("DELETE FROM actors WHERE actor = $1", [id]);
    await second.query("DELETE FROM instruments WHERE instrument = $1", [id]);
    await reads.createInstrument({ ...DEFINITION, symbol: "B" });
    expect(await second.query("SELECT actor FROM actors WHERE actor = $1", [id])).toHaveLength(1);
    expect((await reads.marketState(id)).time).toBe(0);
    await reads.close();
    await close();
  });

  it("are listed without what was made last where the home cannot say whose that is, and with it when it can", async () => {
    const { url, home, second, close } = await pair();
    const reads = await openReads(url, "gateway-1");
    for (const symbol of ["A", "B"]) await reads.createInstrument({ ...DEFINITION, symbol });
    const wire = await TcpProxy.start(home.url);
    const urls = `${wire.url},${second.url}`;
    const { store } = await openStore(urls, "node-1#1");
    const heads = await openReads(urls, "node-1");
    const names = async () => [
      (await store.actors(0)).map(({ name }) => name),
      (await heads.actorHeads()).map(({ name }) => name),
    ];
    const known = ["ledger.1", "ledger.2", "market.A", "market.B"];
    expect(await names()).toEqual([known, known]);
    for (const symbol of ["C", "D"]) await reads.createInstrument({ ...DEFINITION, symbol });
    wire.freeze();
    // Nobody waits for as long as a question to the home would take.
    const tooLate = sleep(ANSWER_TIMEOUT_MS, "too late");
    expect(await Promise.race([names(), tooLate])).toEqual([known, known]);
    wire.thaw();
    const all = [...known, "market.C", "market.D"];
    await vi.waitFor(async () => expect(await names()).toEqual([all, all]), PATIENCE);
    for (const each of [store, heads, reads]) await each.close();
    await wire.stop();
    await close();
  });

  it("are refused in another order, without one, and with one of another exchange", async () => {
    const one = await pair();
    const other = await pair();
    const opened = (...of: TestDatabase[]) =>
      openStore(of.map(({ url }) => url).join(","), "node-1#1");
    const foreign = { code: "INSTANCE_FOREIGN" };
    await expect(opened(one.second, one.home)).rejects.toMatchObject(foreign);
    await expect(opened(one.home, one.home)).rejects.toMatchObject(foreign);
    await expect(opened(one.home, other.second)).rejects.toMatchObject(foreign);
    await expect(opened(one.home)).rejects.toMatchObject({ code: "INSTANCES_DIFFER" });
    const again = genesis(`${one.home.url},${other.second.url}`, { ledgerShards: SHARDS });
    await expect(again).rejects.toMatchObject(foreign);
    await expect(genesis(one.home.url, { ledgerShards: SHARDS })).rejects.toMatchObject({
      code: "INSTANCES_FEWER",
    });
    await one.close();
    await other.close();
  });

  it("may become three: what is there stays, and new markets go to the new one", async () => {
    const { url, home, second, close } = await pair();
    let reads = await openReads(url, "gateway-1");
    for (const symbol of ["A", "B"]) await reads.createInstrument({ ...DEFINITION, symbol });
    await reads.close();
    const third = await databases.make("template0");
    const urls = `${url},${third.url}`;
    const before = [await home.rows("actors"), await second.rows("actors")];
    await migrate(urls);
    for (const _ of ["once", "again"]) await genesis(urls, { ledgerShards: SHARDS });
    expect([await home.rows("actors"), await second.rows("actors")]).toEqual(before);
    reads = await openReads(urls, "gateway-1");
    await reads.createInstrument({ ...DEFINITION, symbol: "C" });
    expect(await third.query("SELECT name FROM actors")).toEqual([{ name: "market.C" }]);
    expect(await third.rows("instruments")).toEqual(await home.rows("instruments"));
    await reads.close();
    await third.close();
    await close();
  });
});

async function openStoreBench(): Promise<StoreBench> {
  const { url, home, second, contents, close } = await pair();
  const { store } = await openStore(url, holderOf("node-1").incarnation);
  const { store: rival } = await openStore(url, holderOf("node-2").incarnation);
  return {
    store,
    rival,
    // On the second: what trades there is held for, for some, on the first.
    addMarket: async (name) => {
      const [row] = await home.query<{ actor: number }>(
        `INSERT INTO actor_instances SELECT nextval('market_ids'), 1 RETURNING actor`,
      );
      const { actor } = row!;
      await second.query("INSERT INTO actors (actor, name, kind) VALUES ($1, $2, 'market')", [
        actor,
        name,
      ]);
      return actor;
    },
    contents,
    reincarnate: async () => {
      for (const each of [home, second]) {
        await each.query("UPDATE actors SET incarnation = incarnation + 1");
      }
    },
    close: async () => {
      await store.close();
      await rival.close();
      await close();
    },
  };
}

async function openReadsBench(): Promise<ReadsBench> {
  const { url, contents, close } = await pair();
  const { store } = await openStore(url, holderOf("node-1").incarnation);
  const reads = await openReads(url, "gateway-1");
  const rival = await openReads(url, "gateway-2");
  return {
    reads,
    rival,
    store,
    contents,
    close: async () => {
      for (const each of [store, reads, rival]) await each.close();
      await close();
    },
  };
}

describeClaims("two instances", openStoreBench);
describeCommitsTogether("two instances", openStoreBench);
describeClientOrderIds("two instances", openStoreBench);
describeAccountReads("two instances", openReadsBench);
describeStandingReads("two instances", openReadsBench);
describeMarketReads("two instances", openReadsBench);
