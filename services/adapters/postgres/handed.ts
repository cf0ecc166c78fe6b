/**
 * What a predecessor's last batch has left to its successor. It asks while that batch is being committed: it waits for the actor's row,
 * lets go of it, and then reads, so that nobody waits for the row while answers are on their way. All of it is one message to
 * the server, of statements that each see what is committed when they begin. Where there is a synchronous standby, it is waited for with another, for
 * as long as an answer may take.
 */
import type pg from "pg";
import type { ActorRecord, Handed, HandedQuestion, LoggedBatch } from "../../ports/store.js";
import { correspondenceOf, type CorrespondenceRow } from "./correspondence.js";
import { withConnection } from "./connections.js";
import { isRowHeld } from "./errors.js";
import { BATCHES, CORRESPONDENCE, RECORD_COLUMNS } from "./store-sql.js";

/** Whoever has followed has nearly all of them. */
export const HANDED_BATCHES_MAX = 50;

interface HandedRow extends ActorRecord {
  readonly holder: string;
  readonly isReplicated: boolean;
}

/** Null: the token was not raised for this life, or who commits takes longer than is to be waited for. */
export function readHanded(pool: pg.Pool, question: HandedQuestion): Promise<Handed | null> {
  return withConnection(pool, async (client) => {
    const tables = await ask(client, question);
    if (!tables) return null;
    const [head, peers, batches] = tables;
    const row = head![0] as HandedRow | undefined;
    if (row?.token !== question.fromToken + 1 || row.holder !== question.incarnation) return null;
    const { holder, isReplicated, ...record } = row;
    if (isReplicated) {
      const { rowCount } = await client.query(SETTLE, [record.id, record.token, holder]);
      if (rowCount !== 1) return null;
    }
    const standing = correspondenceOf(peers as CorrespondenceRow[]);
    return { record, standing, batches: batches as LoggedBatch[] };
  });
}

/** The rows of the last three statements; null: the row was held for too long. */
async function ask(client: pg.PoolClient, question: HandedQuestion): Promise<unknown[][] | null> {
  try {
    const results = await client.query(handedText(question));
    return (results as unknown as pg.QueryResult[]).slice(-3).map(({ rows }) => rows);
  } catch (error) {
    if (!isRowHeld(error)) throw error;
    await client.query("ROLLBACK");
    return null;
  }
}

/**
 * It is made anew each time, as the driver gives each prepared statement a round trip of its own. Where the token is not raised, only the
 * first reading is made.
 */
export function handedText({ actor, fromToken, afterBatch, waitMsMax }: HandedQuestion): string {
  const lockTimeoutMs = Math.max(1, Math.ceil(waitMsMax));
  const isRaised = `EXISTS (SELECT FROM actors WHERE actor = ${actor} AND token > ${fromToken})`;
  const peers = filled(CORRESPONDENCE.text, [actor]);
  const batches = filled(BATCHES.text, [actor, afterBatch, HANDED_BATCHES_MAX]);
  return `BEGIN; SET LOCAL lock_timeout = ${lockTimeoutMs}; SELECT FROM actors WHERE actor = ${actor} FOR SHARE; ROLLBACK;
SELECT ${RECORD_COLUMNS}, holder_incarnation AS holder, current_setting('synchronous_standby_names') <> '' AS "isReplicated"
FROM actors WHERE actor = ${actor};
SELECT * FROM (${peers}) AS peers WHERE ${isRaised} ORDER BY kind, peer, b;
SELECT * FROM (${batches}) AS batches WHERE ${isRaised} ORDER BY batch`;
}

/** Numbers for the parameters of a statement. */
function filled(text: string, numbers: readonly number[]): string {
  return text.replace(/\$(\d)/g, (_, at) => `${numbers[Number(at) - 1]}`);
}

/** Changes nothing, but ends when a synchronous standby has all that was read (see `RAISE`); no row: another has the token by now. */
const SETTLE =
  "UPDATE actors SET token = token WHERE actor = $1 AND token = $2 AND holder_incarnation = $3";
