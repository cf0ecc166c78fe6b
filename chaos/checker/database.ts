/** What the database holds, read with nothing but SQL. */
import pg from "pg";

const PAGE_ROWS = 5_000;

export interface OrderRow {
  readonly order_id: number;
  readonly account: number;
  readonly client_order_id: string;
  readonly quantity: number;
  readonly status: number;
  /** Microseconds since 1970. */
  readonly created: number;
  readonly updated: number;
}

export interface TradeRow {
  readonly actor: number;
  readonly trade_id: number;
  readonly sequence: number;
  readonly price: number;
  readonly quantity: number;
  readonly maker_order: number;
  readonly taker_order: number;
}

export interface JournalRow {
  readonly account: number;
  readonly first_sequence: number;
  readonly last_sequence: number;
  readonly events: Buffer;
}

/** Columns of type bigint are numbers: none is above 2^53. */
const BIGINT_TYPE = 20;

export class Database {
  private readonly client: pg.Client;

  private constructor(client: pg.Client) {
    this.client = client;
  }

  static async connect(url: string): Promise<Database> {
    const types = new pg.TypeOverrides();
    types.setTypeParser(BIGINT_TYPE, Number);
    const client = new pg.Client({
      connectionString: url,
      application_name: "palisade-checker",
      types,
    });
    await client.connect();
    return new Database(client);
  }

  close(): Promise<void> {
    return this.client.end();
  }

  async rows<Row>(statement: string): Promise<Row[]> {
    return (await this.client.query(statement)).rows as Row[];
  }

  /** One number from a statement that gives one. */
  async number(statement: string): Promise<number> {
    const [row] = await this.rows<Record<string, number>>(statement);
    return Number(Object.values(row ?? { nothing: 0 })[0]);
  }

  /** Hands over a large answer in pages. */
  async each<Row>(statement: string, take: (row: Row) => void): Promise<void> {
    await this.client.query("BEGIN READ ONLY");
    await this.client.query(`DECLARE page NO SCROLL CURSOR FOR ${statement}`);
    for (;;) {
      const { rows } = await this.client.query(`FETCH ${PAGE_ROWS} FROM page`);
      if (rows.length === 0) break;
      for (const row of rows) take(row as Row);
    }
    await this.client.query("COMMIT");
  }
}
