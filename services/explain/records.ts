/** What Postgres keeps, for whoever explains it. */
import type pg from "pg";
import { openPool } from "../adapters/postgres/connections.js";
import { PostgresReads } from "../adapters/postgres/reads.js";

const NAME = "explain";

export interface Records {
  readonly pool: pg.Pool;
  readonly reads: PostgresReads;
}

export async function withRecords<T>(
  postgresUrl: string,
  work: (records: Records) => Promise<T>,
): Promise<T> {
  const records = {
    pool: openPool(postgresUrl, NAME),
    reads: new PostgresReads(postgresUrl, NAME),
  };
  try {
    return await work(records);
  } finally {
    await Promise.all([records.pool.end(), records.reads.close()]);
  }
}
