/** What is read for others is on the synchronous standby, too, if there is to be one: a crash shows what nobody was answered yet. */
import { afterAll, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { applicationName } from "../../services/adapters/postgres/connections.js";
import { PostgresReads } from "../../services/adapters/postgres/reads.js";
import { type TestDatabase, TestDatabases } from "./postgres.js";
import { replicated } from "./replicated.js";

const GATEWAY = "gateway-1";
const PATIENCE = { timeout: 5_000 };

let databases: TestDatabases;
let database: TestDatabase;

beforeAll(async () => {
  databases = await TestDatabases.start();
});

afterAll(() => databases?.stop());

beforeEach(async () => {
  database = await databases.make();
});

it("waits for a synchronous standby once, by a connection that is new, and not where there is none", async () => {
  const old = new PostgresReads(database.url, "gateway-2");
  await old.exchange();
  const young = new PostgresReads(database.url, GATEWAY);
  let asked: ReturnType<PostgresReads["exchange"]>;
  let isAnswered = false;
  await replicated(database, async (waiting) => {
    asked = young.exchange();
    void asked.then(() => (isAnswered = true));
    await vi.waitFor(async () => {
      const text = "SELECT pid FROM pg_stat_activity WHERE application_name = $1";
      const own = await database.query(text, [applicationName(GATEWAY)]);
      const blocked = await waiting();
      expect(own.some(({ pid }) => blocked.includes(pid))).toBe(true);
    }, PATIENCE);
    expect(isAnswered).toBe(false);
    // Of what it sees the standby has had everything, or its owner still waits.
    expect(await old.exchange()).toMatchObject({ shards: expect.any(Number) });
  });
  expect(await asked!).toEqual(await old.exchange());
  await Promise.all([old.close(), young.close(), database.close()]);
});
