/** Rows out of archive files, as tables of a session, so that SQL can say what they come to. */
import type pg from "pg";
import { FILED_TABLES } from "./filed-sql.js";
import type { FiledRow, RowKind } from "./row-file.js";

/** Rows that one statement takes. */
const ROWS_PER_STATEMENT = 2_000;

export interface Range {
  readonly rows: number;
  /** The lowest and the highest number. */
  readonly first: number;
  readonly last: number;
}

export const KEYS = { trades: "trade_id", orders: "order_id" } as const;

export class FiledRows {
  private readonly client: pg.ClientBase;

  private constructor(client: pg.ClientBase) {
    this.client = client;
  }

  static async open(client: pg.ClientBase): Promise<FiledRows> {
    await client.query(FILED_TABLES);
    return new FiledRows(client);
  }

  /** Adds rows to those that are there, and gives which they were. */
  async add(kind: RowKind, rows: AsyncIterable<FiledRow>): Promise<Range> {
    let taken: FiledRow[] = [];
    const range = { rows: 0, first: Number.MAX_SAFE_INTEGER, last: 0 };
    for await (const row of rows) {
      const key = row[KEYS[kind]] as number;
      range.rows += 1;
      range.first = Math.min(range.first, key);
      range.last = Math.max(range.last, key);
      taken.push(row);
      if (taken.length < ROWS_PER_STATEMENT) continue;
      await this.insert(kind, taken);
      taken = [];
    }
    if (taken.length > 0) await this.insert(kind, taken);
    return range;
  }

  /** All of them are there: what they come to is about to be asked. */
  analyze(): Promise<unknown> {
    return this.client.query("ANALYZE filed_trades, filed_orders");
  }

  clear(): Promise<unknown> {
    return this.client.query("TRUNCATE filed_trades, filed_orders");
  }

  private insert(kind: RowKind, rows: readonly FiledRow[]): Promise<unknown> {
    return this.client.query(
      `INSERT INTO filed_${kind} SELECT * FROM jsonb_populate_recordset(NULL::${kind}, $1::jsonb)`,
      [JSON.stringify(rows)],
    );
  }
}
