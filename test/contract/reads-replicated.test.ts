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

const settling = (waiting: () => Promise<unknown[]>) =>
  vi.waitFor(async () => {
    const text = "SELECT pid FROM pg_stat_activity WHERE application_name = $1";
    const own = (await database.query(text, [applicationName(GATEWAY)])).map(({ pid }) => pid);
    const blocked = await waiting();
    const those = own.filter((pid) => blocked.includes(pid));
    expect(those).not.toEqual([]);
    return those;
  }, PATIENCE);

it("waits for a synchronous standby where a process has no connection yet, and not where there is none", async () => {
  const old = new PostgresReads(database.url, "gateway-2");
  await old.exchange();
  const young = new PostgresReads(database.url, GATEWAY);
  let asked: ReturnType<PostgresReads["exchange"]>;
  let isAnswered = false;
  await replicated(database, async (waiting) => {
    asked = young.exchange();
    void asked.then(() => (isAnswered = true));
    await settling(waiting);
    expect(isAnswered).toBe(false);
    // Of what it sees the standby has had everything, or its owner still waits; so it is with its next connections.
    const answers = await Promise.all([old.exchange(), old.now(), old.actorHeads()]);
    expect(answers[0]).toMatchObject({ shards: expect.any(Number) });
  });
  expect(await asked!).toEqual(await old.exchange());
  await Promise.all([old.close(), young.close(), database.close()]);
});

it("leaves one connection that waits for a standby that is away, however often it is asked, and goes on when it is back", async () => {
  const reads = new PostgresReads(database.url, GATEWAY);
  await replicated(database, async (waiting) => {
    const first = Promise.allSettled([reads.exchange(), reads.now(), reads.actorHeads()]);
    expect(await settling(waiting)).toHaveLength(1);
    const again = new PostgresReads(database.url, GATEWAY);
    for (let times = 0; times < 3; times++) {
      await expect(again.exchange()).rejects.toThrow("the synchronous standby does not answer");
    }
    expect(await settling(waiting)).toHaveLength(1);
    await again.close();
    expect((await first).map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
  });
  await vi.waitFor(() => reads.exchange(), PATIENCE);
  await Promise.all([reads.close(), database.close()]);
});
