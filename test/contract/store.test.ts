import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PostgresStore } from "../../services/adapters/postgres/store.js";
import { pagesOf, SYMBOL, Venue, FIRST } from "./actors.js";
import { type TestDatabase, TestDatabases } from "./postgres.js";
import type { StoreBench } from "./store-bench.js";
import { describeCommits } from "./store-commit-contract.js";
import { describeRecovery } from "./store-recovery-contract.js";

const HISTORY_ROWS = 30_000;

let databases: TestDatabases;

beforeAll(async () => {
  databases = await TestDatabases.start();
});

afterAll(() => databases?.stop());

async function openBench(): Promise<StoreBench> {
  const database = await databases.make();
  const store = new PostgresStore(database.url, "node-1");
  const rival = new PostgresStore(database.url, "node-2");
  return {
    store,
    rival,
    addMarket: (name) => database.addMarket(name),
    contents: () => database.contents(),
    reincarnate: async () => {
      await database.query("UPDATE actors SET incarnation = incarnation + 1");
    },
    close: async () => {
      await store.close();
      await rival.close();
      await database.close();
    },
  };
}

describeCommits("Postgres", openBench);
describeRecovery("Postgres", openBench);

describe("what Postgres does for a recovery", () => {
  it("reads each row about once, however many pages there are", async () => {
    const database = await databases.make();
    const store = new PostgresStore(database.url, "node-1");
    const venue = await Venue.open(store, await database.addMarket(SYMBOL));
    await venue.fund(FIRST, 1_000);
    const shard = venue.shardOf(FIRST).record;
    const market = venue.market.record;
    await database.query(
      `INSERT INTO orders SELECT n * 1024 + $1, $1, $2, n, 0, 1, 1, 1, 1, 1, 0, 0, CASE WHEN n % 3 = 0 THEN 1 ELSE 5 END,
         0, 1, 1, 1, 1 FROM generate_series(1, $3) n`,
      [shard.id, FIRST, HISTORY_ROWS],
    );
    await database.query(
      `INSERT INTO book SELECT $1, n, 1, 1 + n % 2, n * 7919 % 1000, 1, n FROM generate_series(1, $2) n`,
      [market.id, HISTORY_ROWS],
    );
    await store.close();

    const fresh = new PostgresStore(database.url, "node-2");
    const reads = await readsOf(database, async () => {
      expect((await pagesOf(fresh, shard)).get("orders")!.length).toBeGreaterThan(5);
      expect((await pagesOf(fresh, market)).get("book")!.length).toBeGreaterThan(5);
      // A connection tells what it has read when it ends, at the latest.
      await fresh.close();
    });
    expect(reads["book"]).toBe(HISTORY_ROWS);
    // Once to find where the finished orders begin that are kept, once to read what is kept.
    expect(reads["orders"]).toBeLessThanOrEqual(2 * HISTORY_ROWS);
    await database.close();
  });

  async function readsOf(database: TestDatabase, task: () => Promise<void>) {
    const count = async () => {
      const rows = await database.query<{ name: string; count: number }>(
        `SELECT relname::text AS name, coalesce(idx_tup_fetch, 0) + seq_tup_read AS count
         FROM pg_stat_user_tables`,
      );
      return new Map(rows.map((row) => [row.name, row.count]));
    };
    const before = await count();
    await task();
    await database.query("SELECT pg_stat_clear_snapshot()");
    const after = await count();
    return Object.fromEntries([...after].map(([name, total]) => [name, total - before.get(name)!]));
  }
});
