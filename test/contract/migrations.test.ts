import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { LEDGER_SHARDS_MAX } from "../../actors/kernel/ids.js";
import { genesis } from "../../services/migrate/genesis.js";
import { type MigrationProblem, migrate } from "../../services/migrate/migrate.js";
import { PROJECT_ROOT } from "../../services/servers/project-root.js";
import { type TestDatabase, TestDatabases } from "./postgres.js";

const OWN_MIGRATIONS = join(PROJECT_ROOT, "deploy", "postgres", "migrations");
const RACES = 4;

describe("migrations", () => {
  let databases: TestDatabases;
  let database: TestDatabase;
  let directory: string;

  beforeAll(async () => {
    databases = await TestDatabases.start();
  });

  afterAll(() => databases?.stop());

  beforeEach(async () => {
    database = await databases.make("template0");
    directory = mkdtempSync(join(tmpdir(), "palisade-test-migrations-"));
  });

  afterEach(async () => {
    await database.close();
    rmSync(directory, { recursive: true });
  });

  function write(file: string, sql: string): void {
    writeFileSync(join(directory, file), sql);
  }

  /** Runs the migrations of the test's own directory and tells which were applied. */
  async function run(): Promise<string[]> {
    const lines: string[] = [];
    await migrate(database.url, { directory, log: (line) => lines.push(line) });
    return lines.map((line) => line.replace("applied migration ", ""));
  }

  async function expectProblem(
    code: MigrationProblem,
    work: () => Promise<unknown>,
    words: RegExp,
  ) {
    const before = await database.contents();
    const error = await work().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ name: "MigrationError", code });
    expect((error as Error).message).toMatch(words);
    expect(await database.contents()).toEqual(before);
  }

  it("are applied in order, each once, and again do nothing", async () => {
    write("002_second.sql", "ALTER TABLE a ADD COLUMN y integer");
    write("001_first.sql", "CREATE TABLE a (x integer); INSERT INTO a VALUES (1)");
    write("readme.md", "no migration");
    expect(await run()).toEqual(["001_first.sql", "002_second.sql"]);
    expect(await run()).toEqual([]);
    write("003_third.sql", "UPDATE a SET y = 5");
    expect(await run()).toEqual(["003_third.sql"]);
    expect(await database.rows("a")).toEqual([{ x: 1, y: 5 }]);
  });

  it("are applied once when many processes start at the same moment", async () => {
    write("001_first.sql", "CREATE TABLE a (x integer); SELECT pg_sleep(0.1)");
    write("002_second.sql", "INSERT INTO a VALUES (1)");
    const runs = await Promise.all(Array.from({ length: RACES }, run));
    expect(runs.flat().sort((a, b) => a.localeCompare(b))).toEqual([
      "001_first.sql",
      "002_second.sql",
    ]);
    expect(await database.rows("a")).toEqual([{ x: 1 }]);
  });

  it("of the project make a database that an exchange can be created in", async () => {
    await migrate(database.url);
    await genesis(database.url, { ledgerShards: 3 });
    const done = (await database.rows("schema_migrations")).map((row) => String(row["file"]));
    const inOrder = (files: string[]) => files.sort((a, b) => a.localeCompare(b));
    expect(inOrder(done)).toEqual(inOrder(readdirSync(OWN_MIGRATIONS)));
    expect(await database.query("SELECT actor, name, kind, token FROM actors ORDER BY 1")).toEqual(
      [1, 2, 3].map((actor) => ({ actor, name: `ledger.${actor}`, kind: "ledger", token: 0 })),
    );
  });

  it("of the project show all of each order that was stored before there were icebergs", async () => {
    const files = readdirSync(OWN_MIGRATIONS).sort((a, b) => a.localeCompare(b));
    const before = files.filter((file) => file < "003");
    for (const file of before) cpSync(join(OWN_MIGRATIONS, file), join(directory, file));
    await run();
    await database.query("INSERT INTO book VALUES (1025, 1, 7, 1, 100, 12, 1)");
    cpSync(OWN_MIGRATIONS, directory, { recursive: true });
    await run();
    const row = { order_id: 1, price: 100, leaves: 12, priority: 1, shown: 12 };
    expect(await database.rows("book")).toMatchObject([row]);
    expect(await database.rows("order_terms")).toEqual([]);
  });

  it("of the project keep the client order ids of orders that were stored before any was free again", async () => {
    const files = readdirSync(OWN_MIGRATIONS).sort((a, b) => a.localeCompare(b));
    const before = files.filter((file) => file < "015");
    for (const file of before) cpSync(join(OWN_MIGRATIONS, file), join(directory, file));
    await run();
    const insert = (orderId: number) =>
      database.query(`INSERT INTO orders (order_id, actor, account, client_order_id, instrument, side, type,
          time_in_force, price, quantity, filled, leaves, status, code, first_sequence, last_sequence, created, updated)
        VALUES (${orderId}, 1, 7, 'a', 1025, 1, 1, 1, 5, 9, 9, 0, 4, 0, 1, 2, 1, 1)`);
    await insert(1);
    cpSync(OWN_MIGRATIONS, directory, { recursive: true });
    await run();
    await expect(insert(2)).rejects.toThrow("orders_by_client_id");
    await database.query("UPDATE orders SET released = 1 WHERE order_id = 1");
    await insert(2);
    await expect(insert(3)).rejects.toThrow("orders_by_client_id");
  });

  it("stop when what was applied has changed since", async () => {
    cpSync(OWN_MIGRATIONS, directory, { recursive: true });
    await run();
    const file = readdirSync(directory).sort((a, b) => a.localeCompare(b))[0]!;
    write(file, "SELECT 1");
    await expectProblem("MIGRATION_CHANGED", run, new RegExp(file));
  });

  it("stop at a database of newer code", async () => {
    write("001_first.sql", "SELECT 1");
    write("002_second.sql", "SELECT 2");
    await run();
    rmSync(join(directory, "002_second.sql"));
    await expectProblem("DATABASE_NEWER", run, /002_second\.sql.*newer code/);
  });

  it("stop at a database that lacks one in between", async () => {
    write("001_first.sql", "SELECT 1");
    write("002_second.sql", "SELECT 2");
    await run();
    await database.query("DELETE FROM schema_migrations WHERE number = 1");
    await expectProblem("MIGRATION_MISSING", run, /002_second\.sql.*001_first\.sql/);
  });

  it("leave nothing of one that fails, and keep those before it", async () => {
    write("001_first.sql", "CREATE TABLE a (x integer)");
    await run();
    write("002_second.sql", "INSERT INTO a VALUES (1)");
    write("003_third.sql", "INSERT INTO a VALUES (2); INSERT INTO nowhere VALUES (3)");
    await expect(run()).rejects.toMatchObject({
      code: "MIGRATION_FAILED",
      message: expect.stringMatching(/003_third\.sql.*nowhere/),
    });
    expect(await database.rows("a")).toEqual([{ x: 1 }]);
    write("003_third.sql", "INSERT INTO a VALUES (2)");
    expect(await run()).toEqual(["003_third.sql"]);
  });

  it.each([["1_first.sql"], ["002_first.sql"], ["001-first.sql"], ["0001_first.sql"]])(
    "refuse the file name %s",
    async (file) => {
      write(file, "SELECT 1");
      await expectProblem("MIGRATION_FILE_INVALID", run, /001_name\.sql/);
    },
  );

  it("refuse two files of one number", async () => {
    write("001_first.sql", "SELECT 1");
    write("001_second.sql", "SELECT 1");
    await expectProblem("MIGRATION_FILE_INVALID", run, /002_name\.sql/);
  });

  it("create an exchange once; with another number of shards it is refused", async () => {
    await migrate(database.url);
    await Promise.all(
      Array.from({ length: RACES }, () => genesis(database.url, { ledgerShards: 2 })),
    );
    await database.query("UPDATE actors SET token = 7, batch = 9 WHERE actor = 1");
    const before = await database.contents();
    await genesis(database.url, { ledgerShards: 2 });
    expect(await database.contents()).toEqual(before);
    for (const ledgerShards of [1, 3]) {
      const again = () => genesis(database.url, { ledgerShards });
      await expectProblem("LEDGER_SHARDS_DIFFER", again, new RegExp(`with 2.* ${ledgerShards}`));
    }
  });

  it.each([0, -1, 1.5, LEDGER_SHARDS_MAX + 1, Number.NaN])(
    "create no exchange with %s ledger shards",
    async (ledgerShards) => {
      await migrate(database.url);
      const created = () => genesis(database.url, { ledgerShards });
      await expectProblem(
        "LEDGER_SHARDS_INVALID",
        created,
        new RegExp(`1 to ${LEDGER_SHARDS_MAX}`),
      );
      expect(await database.rows("exchange")).toEqual([]);
    },
  );
});
