import { afterAll, beforeAll } from "vitest";
import { PostgresStore } from "../../services/adapters/postgres/store.js";
import { TestDatabases } from "./postgres.js";
import type { StoreBench } from "./store-bench.js";
import { describeCommits } from "./store-commit-contract.js";

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
