/** Of all actors, on all instances: whose rows are held by a session that others wait for. */
import pg from "pg";
import { instanceUrls } from "../adapters/instances/instances.js";
import { EXACT_INTEGERS } from "../adapters/postgres/connections.js";
import { ROW_HOLDERS, type RowHolder } from "./sql.js";

export async function rowHolders(postgresUrl: string): Promise<RowHolder[]> {
  return (await Promise.all(instanceUrls(postgresUrl).map(holdersOn))).flat();
}

async function holdersOn(connectionString: string): Promise<RowHolder[]> {
  const client = new pg.Client({ connectionString, types: EXACT_INTEGERS });
  await client.connect();
  try {
    return (await client.query<RowHolder>(ROW_HOLDERS.text)).rows;
  } finally {
    await client.end();
  }
}
