import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { applicationName } from "../../services/adapters/postgres/connections.js";
import { COMMIT_CONNECTIONS_MAX } from "../../services/adapters/postgres/transactions.js";
import { OTHER_CONNECTIONS_MAX, PostgresStore } from "../../services/adapters/postgres/store.js";
import { CommitUnknownError } from "../../services/ports/store.js";
import {
  Committer,
  FIRST,
  holderOf,
  pagesOf,
  recordAfter,
  restored,
  SYMBOL,
  Venue,
} from "./actors.js";
import { describeClientOrderIds } from "./client-order-ids-contract.js";
import { openStoreBench, type TestDatabase, TestDatabases } from "./postgres.js";
import { replicated } from "./replicated.js";
import { describeClaims } from "./store-claims-contract.js";
import { describeCommits } from "./store-commit-contract.js";
import { TcpProxy } from "../../chaos/stage/tcp-proxy.js";
import { describeRecovery } from "./store-recovery-contract.js";

const PATIENCE = { timeout: 5_000 };
const LOCK_NOT_AVAILABLE = "55P03";
const HISTORY_ROWS = 30_000;
/** More than what is under way between the server and its client. */
const IDLE_MS_MAX = 50;
const LONG_BOOK_ROWS = 150_000;
const CUTS = 30;

let databases: TestDatabases;

beforeAll(async () => {
  databases = await TestDatabases.start();
});

afterAll(() => databases?.stop());

const openBench = () => openStoreBench(databases);

describeCommits("Postgres", openBench);
describeClaims("Postgres", openBench);
describeRecovery("Postgres", openBench);
describeClientOrderIds("Postgres", openBench);

it("opens all that a leader may need before there is one, and writes nothing", async () => {
  const database = await databases.make();
  const store = new PostgresStore(database.url, "node-1#warm");
  try {
    const venue = await Venue.open(store, await database.addMarket(SYMBOL));
    await venue.fund(FIRST, 1_000);
    const before = await database.contents();
    await store.warmUp();
    expect(await database.contents()).toEqual(before);
    const [{ connections }] = (await database.query(
      `SELECT count(*)::integer AS connections FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'palisade:node-1#warm'`,
    )) as [{ connections: number }];
    expect(connections).toBe(COMMIT_CONNECTIONS_MAX + OTHER_CONNECTIONS_MAX);
    await store.warmUp();
  } finally {
    await store.close();
    await database.close();
  }
});

describe("a commit to Postgres whose answer does not come", () => {
  let database: TestDatabase;
  let store: PostgresStore;
  let venue: Venue;

  async function open(url: string) {
    store = new PostgresStore(url, holderOf("node-1").incarnation);
    venue = await Venue.open(store, await database.addMarket(SYMBOL));
    await venue.fund(FIRST, 1_000);
    venue.shardOf(FIRST).ask(venue.order(FIRST, "a", {}));
  }

  beforeEach(async () => {
    database = await databases.make();
  });

  afterEach(async () => {
    await store.close();
    await database.close();
  });

  it("is unknown when its connection was cut before it happened, and is not there", async () => {
    await open(database.url);
    const { record } = venue.shardOf(FIRST);
    const before = await database.contents();
    const owner = await database.pool.connect();
    await owner.query("BEGIN");
    await owner.query("SELECT FROM actors WHERE actor = $1 FOR UPDATE", [record.id]);
    const commit = expect(store.commit(venue.shardOf(FIRST).seal())).rejects.toThrow(
      CommitUnknownError,
    );
    await cutWhen("wait_event_type = 'Lock'");
    await commit;
    await owner.query("ROLLBACK");
    owner.release();
    expect(await database.contents()).toEqual(before);
    expect(await store.raise(record.id, record.token, holderOf("node-1"), 0)).toMatchObject({
      batch: record.batch,
    });
  });

  /** Cuts the store's connections as soon as one of them is in a state. */
  async function cutWhen(state: string) {
    for (;;) {
      const cut = await database.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'palisade:node-1#1' AND ${state}`,
      );
      if (cut.length > 0) return;
    }
  }

  it("is unknown when the answer was lost, and is there as a whole", async () => {
    const wire = await TcpProxy.start(database.url);
    await open(wire.url);
    const shard = venue.shardOf(FIRST);
    const { record, actor } = shard;
    const batch = shard.seal();
    wire.loseAnswer();
    await expect(store.commit(batch)).rejects.toThrow(CommitUnknownError);
    const raised = await store.raise(record.id, record.token, holderOf("node-1"), 0);
    expect(raised).toEqual({ ...recordAfter(record, batch), token: record.token + 1 });
    expect((await restored(store, record.id)).stateHash()).toBe(actor.stateHash());
    await store.close();
    await wire.stop();
    store = new PostgresStore(database.url, holderOf("node-1").incarnation);
  });

  it("has raised the token for the successor when the answer was lost, and for nobody else", async () => {
    const wire = await TcpProxy.start(database.url);
    await open(wire.url);
    const { market } = venue;
    const { record } = market;
    const successor = { ...holderOf("node-2", "handed over"), leaseRevision: 0 };
    const batch = market.seal({ successor });
    wire.loseAnswer();
    await expect(store.commit(batch)).rejects.toThrow(CommitUnknownError);
    expect(await store.raise(record.id, record.token, holderOf("node-1"), 0)).toBeNull();
    const raised = await store.raise(record.id, record.token, successor, 0);
    expect(raised).toEqual({ ...recordAfter(record, batch), token: record.token + 1 });
    await store.close();
    await wire.stop();
    store = new PostgresStore(database.url, holderOf("node-1").incarnation);
  });

  it("has happened as a whole or not at all, whenever it is cut", async () => {
    await open(database.url);
    let shard = venue.shardOf(FIRST);
    const outcomes = { stored: 0, unknown: 0 };
    for (let round = 0; round < CUTS; round++) {
      shard.ask(venue.order(FIRST, `order-${round}`, { quantity: 1 }));
      const batch = shard.seal();
      const { record } = shard;
      await store.warmUp();
      // Some are cut while they are on their way, others when they have been for a while.
      const early = round % 2 === 0 ? cutWhen("true") : null;
      const commit = store.commit(batch).then(
        () => null,
        (error: unknown) => error,
      );
      await new Promise((resolve) => setTimeout(resolve, round % 5));
      await (early ?? cutWhen("true"));
      const error = await commit;
      // Other idle connections of the pool may not have noticed yet that they were cut.
      await store.close();
      store = new PostgresStore(database.url, holderOf("node-1").incarnation);
      const stored = (await store.record(record.id))!.batch === batch.number;
      if (error === null) expect(stored).toBe(true);
      else expect(error).toBeInstanceOf(CommitUnknownError);
      outcomes[error === null ? "stored" : "unknown"] += 1;
      shard = await Committer.claim(store, record.id);
      expect(shard.actor.stateHash()).toBe(stored ? batch.hash : record.hash);
      shard.actor.checkInvariants();
    }
    // A fault that never bites would prove nothing.
    expect(outcomes.unknown).toBeGreaterThan(0);
  });
});

describe("a raise that finds its predecessor in the middle of a commit", () => {
  const ACTOR = 1;
  let database: TestDatabase;
  let store: PostgresStore;
  let predecessor: pg.Client;

  beforeEach(async () => {
    database = await databases.make();
    store = new PostgresStore(database.url, holderOf("node-2").incarnation);
    expect(await store.raise(ACTOR, 0, holderOf("node-1"), 0)).not.toBeNull();
  });

  afterEach(async () => {
    await predecessor.end();
    await store.close();
    await database.close();
  });

  /** Changes the actor's row on a connection of this life of a node, and gives the connection's backend. */
  async function changeRow(incarnation: string): Promise<number> {
    const name = applicationName(incarnation);
    predecessor = new pg.Client({ connectionString: database.url, application_name: name });
    predecessor.on("error", () => undefined);
    await predecessor.connect();
    await predecessor.query("BEGIN");
    await predecessor.query("UPDATE actors SET batch = 7 WHERE actor = $1", [ACTOR]);
    const { rows } = await predecessor.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
    return rows[0]!.pid;
  }

  const isThere = async (backend: number) =>
    (await database.query("SELECT FROM pg_stat_activity WHERE pid = $1", [backend])).length === 1;

  const raise = () => store.raise(ACTOR, 1, holderOf("node-2"), 0);

  it("ends the one that is asleep; what it had not committed is not there", async () => {
    const backend = await changeRow(holderOf("node-1").incarnation);
    expect(await raise()).toMatchObject({ token: 2, batch: 0 });
    expect(await isThere(backend)).toBe(false);
    const [row] = await database.query(
      "SELECT holder, holder_incarnation FROM actors WHERE actor = $1",
      [ACTOR],
    );
    expect(row).toEqual({ holder: "node-2", holder_incarnation: "node-2#1" });
  });

  it("does so for one claimant of many", async () => {
    const rival = new PostgresStore(database.url, holderOf("node-3").incarnation);
    await changeRow(holderOf("node-1").incarnation);
    const rivals = () => rival.raise(ACTOR, 1, holderOf("node-3"), 0);
    const [mine, theirs, again, theirsAgain] = await Promise.all([
      raise(),
      rivals(),
      raise(),
      rivals(),
    ]);
    // Whoever has won is told so as often as it asks.
    const winners = mine || again ? [mine, again] : [theirs, theirsAgain];
    const losers = mine || again ? [theirs, theirsAgain] : [mine, again];
    expect(losers).toEqual([null, null]);
    expect(winners.filter((claim) => claim?.token === 2).length).toBeGreaterThan(0);
    await rival.close();
  });

  it.each([holderOf("node-1").node, "node-1#2", "node-2#1", "psql"])(
    "leaves %s alone, and gives up after a while",
    async (incarnation) => {
      const backend = await changeRow(incarnation);
      await expect(raise()).rejects.toMatchObject({ code: LOCK_NOT_AVAILABLE });
      expect(await isThere(backend)).toBe(true);
      await predecessor.query("COMMIT");
      expect(await raise()).toMatchObject({ token: 2, batch: 7 });
    },
  );

  it("leaves one alone that has committed and waits for a synchronous standby", async () => {
    const backend = await changeRow(holderOf("node-1").incarnation);
    await replicated(database, async (waiting) => {
      predecessor.query("COMMIT").catch(() => undefined);
      await expect(raise()).rejects.toMatchObject({ code: LOCK_NOT_AVAILABLE });
      expect(await waiting()).toContain(backend);
    });
    const isRaised = async () => expect(await raise()).toMatchObject({ token: 2, batch: 7 });
    await vi.waitFor(isRaised, PATIENCE);
  });
});

describe("what Postgres does for a recovery", () => {
  it("reads each row about once, however many pages there are", async () => {
    const database = await databases.make();
    const store = new PostgresStore(database.url, holderOf("node-1").incarnation);
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
      `INSERT INTO book SELECT $1, n, 1, 1 + n % 2, n * 7919 % 1000, 1, n, 1 FROM generate_series(1, $2) n`,
      [market.id, HISTORY_ROWS],
    );
    await store.close();

    const fresh = new PostgresStore(database.url, holderOf("node-2").incarnation);
    const before = await readsOf(database);
    expect((await pagesOf(fresh, shard.id)).get("orders")!.length).toBeGreaterThan(5);
    expect((await pagesOf(fresh, market.id)).get("book")!.length).toBeGreaterThan(5);
    await fresh.close();
    // A connection tells what it has read when it ends, at the latest.
    await vi.waitFor(async () => {
      const after = await readsOf(database);
      const reads = (table: string) => after.get(table)! - before.get(table)!;
      expect(reads("book")).toBe(HISTORY_ROWS);
      // Once to find where the finished orders begin that are kept, once to read what is kept.
      expect(reads("orders")).toBeLessThanOrEqual(2 * HISTORY_ROWS);
      expect(reads("orders")).toBeGreaterThan(0);
    }, PATIENCE);
    await database.close();
  });

  it("ends with an error when it is cut off in the middle, and the next one is whole", async () => {
    const database = await databases.make();
    const wire = await TcpProxy.start(database.url);
    const store = new PostgresStore(wire.url, holderOf("node-1").incarnation);
    const market = await database.addMarket(SYMBOL);
    await database.query(
      "INSERT INTO book SELECT $1, n, 1, 1, 1, 1, n, 1 FROM generate_series(1, $2) n",
      [market, LONG_BOOK_ROWS],
    );
    await database.query(
      "INSERT INTO order_terms SELECT actor, order_id, account, 1, 1, 0, 0, 0, 0, 0, 0 FROM book",
    );
    const seen: string[] = [];
    const cutOff = (table: string) => {
      seen.push(table);
      wire.switchTo(database.url);
    };
    await expect(store.load(market, () => undefined, cutOff)).rejects.toThrow(/terminated/);
    expect(seen).toContain("order_terms");
    // A book's pages come when all of it is there.
    expect(seen).not.toContain("book");
    expect((await pagesOf(store, market)).get("book")!.flat()).toHaveLength(LONG_BOOK_ROWS);
    await store.close();
    await wire.stop();
    await database.close();
  });

  it("holds no transaction while a book is taken in, however long that takes", async () => {
    const database = await databases.make();
    const market = await database.addMarket(SYMBOL);
    await database.query("INSERT INTO book VALUES ($1, 1, 1, 1, 1, 1, 1, 1)", [market]);
    await database.query(
      `DO $$ BEGIN EXECUTE format(
         'ALTER DATABASE %I SET idle_in_transaction_session_timeout = ${IDLE_MS_MAX}', current_database());
       END $$`,
    );
    const store = new PostgresStore(database.url, holderOf("node-1").incarnation);
    const seen: string[] = [];
    const dawdle = (table: string) => {
      seen.push(table);
      const end = performance.now() + 3 * IDLE_MS_MAX;
      while (performance.now() < end);
    };
    await expect(store.load(market, () => undefined, dawdle)).resolves.not.toBeNull();
    expect(seen).toEqual(["book"]);
    await store.close();
    await database.close();
  });

  /** How many rows were read of each table so far. */
  async function readsOf(database: TestDatabase): Promise<Map<string, number>> {
    const rows = await database.query<{ name: string; count: number }>(
      `SELECT relname::text AS name, coalesce(idx_tup_fetch, 0) + seq_tup_read AS count
       FROM pg_stat_user_tables`,
    );
    return new Map(rows.map((row) => [row.name, row.count]));
  }
});
