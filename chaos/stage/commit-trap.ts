/** Catches a node in the middle of a commit: the row that its next commit begins with is locked, until that commit waits for it. */
import pg from "pg";
import { APPLICATION_PREFIX } from "../../services/adapters/postgres/connections.js";
import type { Scene } from "../scene.js";
import { isSoWithin } from "./patience.js";

const CAUGHT_WITHIN_MS = 10_000;

/** Does something while a commit of an actor's waits, which goes on afterwards. Resolves to whether one came in time. */
export async function inMidCommit(
  { exchange }: Scene,
  node: string,
  actor: string,
  work: () => void,
): Promise<boolean> {
  const client = new pg.Client({ connectionString: exchange.urls.postgres });
  await client.connect();
  try {
    await client.query("BEGIN");
    await client.query("SELECT FROM actors WHERE name = $1 FOR UPDATE", [actor]);
    const waits = async () => {
      const { rowCount } = await client.query(
        "SELECT FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid)) AND starts_with(application_name, $1)",
        [`${APPLICATION_PREFIX}${node}#`],
      );
      return (rowCount ?? 0) > 0;
    };
    const isCaught = await isSoWithin(CAUGHT_WITHIN_MS, waits);
    if (isCaught) work();
    return isCaught;
  } finally {
    await client.end();
  }
}
