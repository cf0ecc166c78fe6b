/** What PostgreSQL makes of commits that are asked for together. */
import { EventEmitter, once } from "node:events";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { TcpProxy } from "../../chaos/stage/tcp-proxy.js";
import {
  COMMITS_TOGETHER_BYTES_MAX,
  COMMITS_TOGETHER_MAX,
} from "../../services/adapters/postgres/commits.js";
import { applicationName, LOCK_TIMEOUT_MS } from "../../services/adapters/postgres/connections.js";
import { PostgresStore } from "../../services/adapters/postgres/store.js";
import { CommitUnknownError } from "../../services/ports/store.js";
import { Committer, FIRST, holderOf, SECOND, SYMBOL, Venue } from "./actors.js";
import { openStoreBench, type TestDatabase, TestDatabases } from "./postgres.js";
import { describeCommitsTogether } from "./store-together-contract.js";

/** Claimants at once: more than there are connections for them. */
const CLAIMS = 12;
const PATIENCE = { timeout: 5_000 };

/** A change of actors' rows that nothing ends. */
class HalfSent extends EventEmitter implements pg.Submittable {
  private readonly actors: readonly number[];

  constructor(actors: readonly number[]) {
    super();
    this.actors = actors;
  }

  submit(connection: pg.Connection): void {
    const text = "UPDATE actors SET batch = 7 WHERE actor = ANY ($1)";
    connection.parse({ name: "", text, types: [] }, true);
    connection.bind({ values: [`{${this.actors.join(",")}}`] }, true);
    connection.execute({ portal: "" }, true);
    connection.flush();
  }

  handleCommandComplete(): void {}

  handleError(error: Error): void {
    this.emit("error", error);
  }
}

let databases: TestDatabases;

beforeAll(async () => {
  databases = await TestDatabases.start();
});

afterAll(() => databases?.stop());

describeCommitsTogether("Postgres", () => openStoreBench(databases));

describe("commits that go to Postgres together", () => {
  let database: TestDatabase;
  let wire: TcpProxy;
  let store: PostgresStore;
  let venue: Venue;

  beforeEach(async () => {
    database = await databases.make();
    wire = await TcpProxy.start(database.url);
    store = new PostgresStore(wire.url, holderOf("node-1").incarnation);
    venue = await Venue.open(store, await database.addMarket(SYMBOL));
    await venue.fund(FIRST, 1_000);
    await venue.fund(SECOND, 1_000);
  });

  afterEach(async () => {
    wire.thaw();
    await store.close();
    await wire.stop();
    await database.close();
  });

  const together = (committers: readonly Committer[]) =>
    Promise.allSettled(committers.map((committer) => committer.commit()));

  /** The transactions that wrote the actors' rows last. */
  async function transactionsOf(committers: readonly Committer[]): Promise<Set<string>> {
    const ids = committers.map(({ record }) => record.id);
    const sql = "SELECT xmin::text FROM actors WHERE actor = ANY ($1)";
    const rows = (await database.query(sql, [ids])) as { readonly xmin: string }[];
    return new Set(rows.map(({ xmin }) => xmin));
  }

  it("are one transaction", async () => {
    for (const { status } of await together(venue.all)) expect(status).toBe("fulfilled");
    expect((await transactionsOf(venue.all)).size).toBe(1);
    for (const committer of venue.all) await committer.commit();
    expect((await transactionsOf(venue.all)).size).toBe(venue.all.length);
  });

  it("are several transactions when they are many", async () => {
    const committers: Committer[] = [];
    for (let n = 0; n < COMMITS_TOGETHER_MAX + 1; n++) {
      committers.push(await Committer.claim(store, await database.addMarket(`market.M${n}`)));
    }
    for (const { status } of await together(committers)) expect(status).toBe("fulfilled");
    expect((await transactionsOf(committers)).size).toBe(2);
  });

  it("are several transactions when they are large", async () => {
    const batches = venue.all.map((committer) => committer.seal());
    const large = batches.map((batch) => ({
      ...batch,
      commands: new Uint8Array(COMMITS_TOGETHER_BYTES_MAX / 2),
    }));
    for (const { time } of await Promise.all(large.map((batch) => store.commit(batch)))) {
      expect(time).toBeGreaterThan(0);
    }
    expect((await transactionsOf(venue.all)).size).toBe(venue.all.length);
  });

  it("do not wait for the one whose row somebody else holds, which goes on by itself", async () => {
    const [held, ...others] = venue.all as [Committer, Committer, Committer];
    const hold = async () => {
      const owner = await database.pool.connect();
      await owner.query("BEGIN");
      await owner.query("SELECT FROM actors WHERE actor = $1 FOR UPDATE", [held.record.id]);
      return async () => {
        await owner.query("ROLLBACK");
        owner.release();
      };
    };
    let letGo = await hold();
    let isOver = false;
    const askedMs = performance.now();
    const late = held.commit().finally(() => (isOver = true));
    for (const { status } of await together(others)) expect(status).toBe("fulfilled");
    expect(isOver).toBe(false);
    expect(performance.now() - askedMs).toBeLessThan(LOCK_TIMEOUT_MS);
    await letGo();
    await late;
    // It waits for so long, and no longer.
    letGo = await hold();
    const [outcome] = await together([held]);
    await letGo();
    expect(outcome).toMatchObject({ reason: expect.any(CommitUnknownError) });
  });

  it("are all unknown when no answer comes, and are there together", async () => {
    const batchesBefore = venue.all.map(({ record }) => record.batch);
    wire.freeze("answers");
    for (const outcome of await together(venue.all)) {
      expect(outcome).toMatchObject({ reason: expect.any(CommitUnknownError) });
    }
    wire.thaw();
    for (const [at, { record }] of venue.all.entries()) {
      const stored = (await store.record(record.id))!;
      expect(stored.batch).toBe(batchesBefore[at]! + 1);
    }
  }, 15_000);

  it("are ended by whoever claims their actors when their node fell asleep in the midst of sending them", async () => {
    const committers = [...venue.all];
    while (committers.length < CLAIMS) {
      const market = await database.addMarket(`market.M${committers.length}`);
      committers.push(await Committer.claim(store, market));
    }
    const ids = committers.map(({ record }) => record.id);
    const client = new pg.Client({
      connectionString: database.url,
      application_name: applicationName(holderOf("node-1").incarnation),
    });
    const lost = once(client, "error");
    await client.connect();
    client.query(new HalfSent(ids)).on("error", () => undefined);
    const areHeld = async () => {
      const sql = "SELECT FROM actors WHERE actor = ANY ($1) FOR UPDATE SKIP LOCKED";
      expect(await database.query(sql, [ids])).toEqual([]);
    };
    await vi.waitFor(areHeld, PATIENCE);
    const rival = new PostgresStore(database.url, holderOf("node-2").incarnation);
    const claims = committers.map(({ record: { id, token } }) =>
      rival.raise(id, token, holderOf("node-2"), 0),
    );
    for (const [at, claim] of claims.entries()) {
      const { token, batch } = committers[at]!.record;
      expect(await claim).toMatchObject({ token: token + 1, batch });
    }
    await lost;
    await rival.close();
  });

  it("are all unknown when they are cut in the midst of them, and none is there", async () => {
    // Their statements are known to the connection: half of what is sent then has the first of them in it as a whole.
    for (const committer of venue.all) await committer.commit();
    const before = venue.all.map(({ record }) => record);
    const cut = wire.cutRequest("commit_market");
    for (const outcome of await together(venue.all)) {
      expect(outcome).toMatchObject({ reason: expect.any(CommitUnknownError) });
    }
    await cut;
    for (const record of before) expect(await store.record(record.id)).toEqual(record);
  });
});
