import { afterAll, beforeAll, expect, it } from "vitest";
import { PostgresReads } from "../../services/adapters/postgres/reads.js";
import { PostgresStore } from "../../services/adapters/postgres/store.js";
import { holderOf } from "./actors.js";
import { TestDatabases } from "./postgres.js";
import { describeAccountReads } from "./reads-accounts-contract.js";
import { describeStandingReads } from "./reads-standing-contract.js";
import { DEFINITION, type ReadsBench } from "./reads-bench.js";
import { describeMarketReads } from "./reads-markets-contract.js";

let databases: TestDatabases;

beforeAll(async () => {
  databases = await TestDatabases.start();
});

afterAll(() => databases?.stop());

async function openBench(): Promise<ReadsBench> {
  const database = await databases.make();
  const store = new PostgresStore(database.url, holderOf("node-1").incarnation);
  const reads = new PostgresReads(database.url, "gateway-1");
  const rival = new PostgresReads(database.url, "gateway-2");
  return {
    reads,
    rival,
    store,
    contents: () => database.contents(),
    close: async () => {
      for (const each of [store, reads, rival, database]) await each.close();
    },
  };
}

describeAccountReads("Postgres", openBench);
describeStandingReads("Postgres", openBench);
describeMarketReads("Postgres", openBench);

it("gives a new market the exchange's incarnation", async () => {
  const database = await databases.make();
  const reads = new PostgresReads(database.url, "gateway-1");
  await database.query("UPDATE exchange SET incarnation = 4");
  const { id } = await reads.createInstrument(DEFINITION);
  expect(await database.query("SELECT incarnation FROM actors WHERE actor = $1", [id])).toEqual([
    { incarnation: 4 },
  ]);
  await reads.close();
  await database.close();
});
