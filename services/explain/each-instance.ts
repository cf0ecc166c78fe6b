/** A question to every PostgreSQL instance of an exchange: all their rows, in the order of the instances. */
import pg from "pg";
import { instanceUrls } from "../adapters/instances/instances.js";
import { ANSWER_TIMEOUT_MS, EXACT_INTEGERS } from "../adapters/postgres/connections.js";

export async function askEachInstance<R extends pg.QueryResultRow>(
  postgresUrl: string,
  text: string,
  values: readonly unknown[] = [],
): Promise<R[]> {
  const ask = (url: string): Promise<R[]> => askInstance(url, text, values);
  return (await Promise.all(instanceUrls(postgresUrl).map(ask))).flat();
}

async function askInstance<R extends pg.QueryResultRow>(
  connectionString: string,
  text: string,
  values: readonly unknown[],
): Promise<R[]> {
  const client = new pg.Client({
    connectionString,
    types: EXACT_INTEGERS,
    query_timeout: ANSWER_TIMEOUT_MS,
  });
  // Whoever asks is told by the query.
  client.on("error", () => undefined);
  await client.connect();
  try {
    return (await client.query<R>(text, [...values])).rows;
  } finally {
    await client.end();
  }
}
