/**
 * A database that is of an earlier moment than what was said of it, as a restored backup is, or a standby that was not
 * synchronous, becomes an exchange again: what was claimed before is void, so that nobody commits who has led in the time that
 * is lost; and no inbox is the one that was read, for what is in them was numbered by sources that know nothing of it now.
 */
import type pg from "pg";
import { inTransaction, withLockedDatabase } from "./migrate.js";

export interface Reincarnation {
  readonly incarnation: number;
  /** How many actors there are. */
  readonly actors: number;
}

/** Somebody of the exchange is connected to the database. */
export class ExchangeRunsError extends Error {
  override readonly name = "ExchangeRunsError";
  readonly code = "EXCHANGE_RUNS";
}

/** Rejects with `ExchangeRunsError` while a process of the exchange is connected, and has changed nothing then. */
export function reincarnate(postgresUrl: string): Promise<Reincarnation> {
  return withLockedDatabase(postgresUrl, (client) =>
    inTransaction(client, async () => {
      await expectNobody(client);
      const { rows } = await client.query<{ incarnation: string }>(
        "UPDATE exchange SET incarnation = incarnation + 1 RETURNING incarnation",
      );
      const incarnation = Number(rows[0]!.incarnation);
      // A stream that was made at no time is no stream: each leader begins an inbox anew, and sources send again.
      const { rowCount } = await client.query(
        "UPDATE actors SET incarnation = $1, stream_created = ''",
        [incarnation],
      );
      return { incarnation, actors: rowCount ?? 0 };
    }),
  );
}

/**
 * The connections of processes bear the project's name, and so do those of commands that read as processes do, like `explain`:
 * they have to be over first. Those that look at instances or hold the lock, as this one's do, are passed over.
 */
async function expectNobody(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT DISTINCT application_name AS name FROM pg_stat_activity
     WHERE datname = current_database() AND application_name LIKE 'palisade:%' AND pid <> pg_backend_pid()
       AND application_name NOT IN ('palisade:instances', 'palisade:migrate')
     ORDER BY name`,
  );
  if (rows.length === 0) return;
  throw new ExchangeRunsError(
    `EXCHANGE_RUNS: connected to this database are ${rows.map(({ name }) => name).join(", ")}; ` +
      "stop all nodes, gateways and feeds, then say it again",
  );
}
