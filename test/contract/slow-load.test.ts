/** Rows that a busy node takes in slowly, on a real PostgreSQL: it is not cut off for sleeping in its transaction. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { PostgresStore } from "../../services/adapters/postgres/store.js";
import { holderOf } from "./actors.js";
import { TestDatabases } from "./postgres.js";

const SHARD = 1;
const BUSY_MS = 500;
let databases: TestDatabases;

beforeAll(async () => {
  databases = await TestDatabases.start();
});

afterAll(() => databases?.stop());

/** Nothing else has the event loop meanwhile. */
function beBusy(): void {
  const untilMs = performance.now() + BUSY_MS;
  while (performance.now() < untilMs);
}

it("loads an actor though it takes longer than a transaction may sleep", async () => {
  const database = await databases.make();
  await database.query(
    `ALTER DATABASE ${database.name} SET idle_in_transaction_session_timeout = '100ms'`,
  );
  const store = new PostgresStore(database.url, holderOf("node-1").incarnation);
  try {
    const loaded = await store.load(SHARD, beBusy, () => undefined);
    expect(loaded?.record).toMatchObject({ id: SHARD });
  } finally {
    await store.close();
    await database.close();
  }
});
