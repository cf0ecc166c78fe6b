/** How many orders are open in a market, as Postgres has it. */
import pg from "pg";

export class Books {
  private readonly pool: pg.Pool;

  constructor(postgresUrl: string) {
    this.pool = new pg.Pool({ connectionString: postgresUrl, max: 1 });
    // The next query says it.
    this.pool.on("error", () => undefined);
  }

  async open(symbol: string): Promise<number> {
    const { rows } = await this.pool.query<{ count: number }>(
      `SELECT count(*)::integer AS count FROM book b JOIN instruments i ON i.instrument = b.actor
       WHERE i.symbol = $1`,
      [symbol],
    );
    return rows[0]!.count;
  }

  async close(): Promise<void> {
    await this.pool.end();
  }
}
