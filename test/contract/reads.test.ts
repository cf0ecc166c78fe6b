import { afterAll, beforeAll, expect, it } from "vitest";
import { PostgresReads } from "../../services/adapters/postgres/reads.js";
import { PostgresStore } from "../../services/adapters/postgres/store.js";
import { TestDatabases } from "./postgres.js";
import { DEFINITION, describeReads } from "./reads-contract.js";

let databases: TestDatabases;

beforeAll(async () => {
  databases = await TestDatabases.start();
});

afterAll(() => databases?.stop());

describeReads("Postgres", async () => {
  const database = await databases.make();
  const store = new PostgresStore(database.url, "node-1");
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
});

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
