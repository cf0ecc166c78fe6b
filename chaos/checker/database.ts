/** What the database holds, read with nothing but SQL, as of one moment. */
import pg from "pg";
import { type Source, type TableName, type Tables, TABLES } from "./tables.js";

const PAGE_ROWS = 5_000;

/** Columns of type bigint are numbers: none is above 2^53. */
const BIGINT_TYPE = 20;

export class Database implements Source {
  private readonly client: pg.Client;

  private constructor(client: pg.Client) {
    this.client = client;
  }

  /** Rejects when it cannot be read, or does not hold all that there was. */
  static async connect(url: string): Promise<Database> {
    const types = new pg.TypeOverrides();
    types.setTypeParser(BIGINT_TYPE, Number);
    const client = new pg.Client({
      connectionString: url,
      application_name: "palisade-checker",
      types,
    });
    await client.connect();
    try {
      // A checker that has little of the processor may let the exchange's own limit pass between two pages.
      await client.query("SET idle_in_transaction_session_timeout = 0");
      await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
      const { rowCount } = await client.query(
        "SELECT actor FROM archives UNION ALL SELECT actor FROM row_archives LIMIT 1",
      );
      if (rowCount === 0) return new Database(client);
      throw new Error(
        "ARCHIVED: some of what there was is in archive files; a check needs all of it",
      );
    } catch (error) {
      await client.end();
      throw error;
    }
  }

  close(): Promise<void> {
    return this.client.end();
  }

  async *pages<Name extends TableName>(table: Name): AsyncIterable<readonly Tables[Name][]> {
    const { columns, by } = TABLES[table];
    await this.client.query(
      `DECLARE page NO SCROLL CURSOR FOR SELECT ${columns} FROM ${table} ORDER BY ${by}`,
    );
    for (;;) {
      const { rows } = await this.client.query(`FETCH ${PAGE_ROWS} FROM page`);
      if (rows.length === 0) break;
      yield rows as Tables[Name][];
    }
    await this.client.query("CLOSE page");
  }
}
