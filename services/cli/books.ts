/** How many orders are open in a market, as Postgres has it. */
import pg from "pg";
import { instanceUrls } from "../adapters/instances/instances.js";

const CONNECTIONS_MAX = 4;
const ANSWER_MS_MAX = 5_000;
/** All markets are counted at once: the last waits for the others. */
const TURN_MS_MAX = 30_000;

export class Books {
  private readonly pools: readonly pg.Pool[];

  constructor(postgresUrl: string) {
    this.pools = instanceUrls(postgresUrl).map(
      (connectionString) =>
        new pg.Pool({
          connectionString,
          max: CONNECTIONS_MAX,
          connectionTimeoutMillis: TURN_MS_MAX,
          query_timeout: ANSWER_MS_MAX,
        }),
    );
    // The next query says it.
    for (const pool of this.pools) pool.on("error", () => undefined);
  }

  /** On whichever PostgreSQL instance it is: the others have none of it. */
  async open(symbol: string): Promise<number> {
    const answers = await Promise.all(
      this.pools.map((pool) =>
        pool.query<{ count: number }>(
          `SELECT count(*)::integer AS count FROM book b JOIN instruments i ON i.instrument = b.actor
           WHERE i.symbol = $1`,
          [symbol],
        ),
      ),
    );
    return answers.reduce((sum, { rows }) => sum + rows[0]!.count, 0);
  }

  async close(): Promise<void> {
    await Promise.all(this.pools.map((pool) => pool.end()));
  }
}
