/** A successor's question to PostgreSQL: what its predecessor's last batch has left to it. */
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { setTimeout as sleep } from "node:timers/promises";
import { applicationName, LOCK_TIMEOUT_MS } from "../../services/adapters/postgres/connections.js";
import { handedText } from "../../services/adapters/postgres/handed.js";
import { PostgresStore } from "../../services/adapters/postgres/store.js";
import type { HandedQuestion } from "../../services/ports/store.js";
import { holderOf } from "./actors.js";
import { type TestDatabase, TestDatabases } from "./postgres.js";
import { replicated } from "./replicated.js";

const PATIENCE = { timeout: 5_000 };

let databases: TestDatabases;

beforeAll(async () => {
  databases = await TestDatabases.start();
});

afterAll(() => databases?.stop());

describe("a successor that asks what it was left, in the middle of its predecessor's last commit", () => {
  const ACTOR = 1;
  const HEIR = holderOf("node-2").incarnation;
  let database: TestDatabase;
  let store: PostgresStore;
  let predecessor: pg.Client;

  beforeEach(async () => {
    database = await databases.make();
    store = new PostgresStore(database.url, HEIR);
    expect(await store.raise(ACTOR, 0, holderOf("node-1"), 0)).not.toBeNull();
    predecessor = new pg.Client({ connectionString: database.url });
    await predecessor.connect();
    await predecessor.query("BEGIN");
    const text = "UPDATE actors SET token = 2, holder_incarnation = $2, batch = 7 WHERE actor = $1";
    await predecessor.query(text, [ACTOR, HEIR]);
  });

  afterEach(async () => {
    await predecessor.end();
    await store.close();
    await database.close();
  });

  const question = (waitMsMax: number): HandedQuestion => {
    return { actor: ACTOR, fromToken: 1, incarnation: HEIR, afterBatch: 0, waitMsMax };
  };
  const ask = () => store.handed(question(PATIENCE.timeout));

  /** How many wait for a row. */
  async function waiting(): Promise<number> {
    const isIt = "wait_event_type = 'Lock' AND query LIKE '%FOR SHARE%'";
    return (await database.query(`SELECT FROM pg_stat_activity WHERE ${isIt}`)).length;
  }

  it.each([
    ["COMMIT", { record: { token: 2, batch: 7 }, standing: { batch: 7 } }],
    ["ROLLBACK", null],
  ])("is answered at its %s", async (end, answer) => {
    const asked = ask();
    await vi.waitFor(async () => expect(await waiting()).toBe(1), PATIENCE);
    await predecessor.query(end);
    if (answer) expect(await asked).toMatchObject(answer);
    else expect(await asked).toBeNull();
  });

  it("gives up when that takes too long, and goes on with the same connection", async () => {
    const [before] = await database.query(
      "SELECT max(backend_start) AS last FROM pg_stat_activity",
    );
    const tooLate = sleep(LOCK_TIMEOUT_MS / 2, "too late");
    expect(await Promise.race([store.handed(question(50)), tooLate])).toBeNull();
    await predecessor.query("COMMIT");
    expect(await ask()).toMatchObject({ record: { batch: 7 } });
    const text = "SELECT FROM pg_stat_activity WHERE backend_start > $1 AND application_name = $2";
    expect(await database.query(text, [before!["last"], applicationName(HEIR)])).toEqual([]);
  });

  it("holds nothing while its answer is not read", async () => {
    await predecessor.query("COMMIT");
    await database.query(
      `INSERT INTO outbox (actor, destination, first, last, frame)
       SELECT $1, 2, n, n, decode(repeat('00', 4000000), 'hex') FROM generate_series(1, 4) n`,
      [ACTOR],
    );
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    const { stream } = (client as unknown as { connection: pg.Connection }).connection;
    const answer = client.query(handedText(question(PATIENCE.timeout)));
    stream.pause();
    const isStuck = "wait_event = 'ClientWrite' AND query LIKE '%FOR SHARE%'";
    await vi.waitFor(async () => {
      const stuck = await database.query(`SELECT FROM pg_stat_activity WHERE ${isStuck}`);
      expect(stuck).toHaveLength(1);
    }, PATIENCE);
    await predecessor.query("SET lock_timeout = 100");
    await predecessor.query("UPDATE actors SET batch = 8 WHERE actor = $1", [ACTOR]);
    stream.resume();
    await answer;
    await client.end();
  });

  it("is not answered before a synchronous standby has what it is told", async () => {
    await predecessor.query("COMMIT");
    let asked: ReturnType<typeof ask>;
    let isAnswered = false;
    await replicated(database, async (waiting) => {
      asked = ask();
      void asked.then(() => (isAnswered = true));
      const backends = "SELECT pid FROM pg_stat_activity WHERE application_name = $1";
      await vi.waitFor(async () => {
        const own = await database.query(backends, [applicationName(HEIR)]);
        const blocked = await waiting();
        expect(own.some(({ pid }) => blocked.includes(pid))).toBe(true);
      }, PATIENCE);
      expect(isAnswered).toBe(false);
    });
    expect(await asked!).toMatchObject({ record: { token: 2, batch: 7 } });
  });
});
