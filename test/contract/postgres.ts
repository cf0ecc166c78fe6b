/** One PostgreSQL for a file of tests, and a database of its own, ready for use, for each of them. */
import type pg from "pg";
import { openPool } from "../../services/adapters/postgres/connections.js";
import { genesis } from "../../services/migrate/genesis.js";
import { PostgresStore } from "../../services/adapters/postgres/store.js";
import { migrate } from "../../services/migrate/migrate.js";
import type { Row } from "../../services/ports/store.js";
import { startTestPostgres } from "../helpers/servers.js";
import { holderOf, SHARDS } from "./actors.js";
import type { StoreBench } from "./store-bench.js";

export class TestDatabases {
  readonly stop: () => Promise<void>;
  private readonly url: string;
  private readonly admin: pg.Pool;
  private made = 0;

  private constructor(url: string, admin: pg.Pool, stop: () => Promise<void>) {
    this.url = url;
    this.admin = admin;
    this.stop = stop;
  }

  static async start(): Promise<TestDatabases> {
    // No test here lets the server crash, so nothing depends on the disk.
    const server = await startTestPostgres({ durable: false });
    const { url } = server;
    await migrate(url);
    await genesis(url, { ledgerShards: SHARDS });
    const admin = openPool(url.replace(/\/[^/]*$/, "/postgres"), "test");
    return new TestDatabases(url, admin, async () => {
      await admin.end();
      await server.stop();
    });
  }

  /** An exchange without markets; of `template0` a database with nothing in it; or like another that is closed. */
  async make(template = "palisade"): Promise<TestDatabase> {
    this.made += 1;
    const name = `test_${this.made}`;
    await this.admin.query(`CREATE DATABASE ${name} TEMPLATE ${template}`);
    return new TestDatabase(name, this.url.replace(/\/[^/]*$/, `/${name}`));
  }
}

export class TestDatabase {
  readonly name: string;
  readonly url: string;
  readonly pool: pg.Pool;

  constructor(name: string, url: string) {
    this.name = name;
    this.url = url;
    this.pool = openPool(url, "test");
  }

  close(): Promise<void> {
    return this.pool.end();
  }

  async query<R extends Row = Row>(text: string, values: unknown[] = []): Promise<R[]> {
    return (await this.pool.query<R>(text, values)).rows;
  }

  rows(table: string): Promise<Row[]> {
    return this.query(`SELECT * FROM ${table} t ORDER BY t::text`);
  }

  /** Every row of every table. */
  async contents(): Promise<Record<string, readonly Row[]>> {
    const tables = await this.query<{ name: string }>(
      "SELECT tablename::text AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1",
    );
    const contents: Record<string, readonly Row[]> = {};
    for (const { name } of tables) contents[name] = await this.rows(name);
    return contents;
  }

  async addMarket(name: string): Promise<number> {
    const [row] = await this.query<{ actor: number }>(
      `INSERT INTO actors (actor, name, kind) VALUES (nextval('market_ids'), $1, 'market')
       RETURNING actor`,
      [name],
    );
    return row!.actor;
  }
}

/** A store and its rival on a database of their own. */
export async function openStoreBench(databases: TestDatabases): Promise<StoreBench> {
  const database = await databases.make();
  const store = new PostgresStore(database.url, holderOf("node-1").incarnation);
  const rival = new PostgresStore(database.url, holderOf("node-2").incarnation);
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
