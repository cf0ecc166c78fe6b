/**
 * What a predecessor's last batch has left to its successor. It asks while that batch is being committed: it waits for the actor's row,
 * lets go of it, and then reads, so that nobody waits for the row while answers are on their way. All of it is one message to
 * the server, of statements that each see what is committed when they begin.
 */
import type pg from "pg";
import type { ActorRecord, Handed, LoggedBatch } from "../../ports/store.js";
import { correspondenceOf, type CorrespondenceRow } from "./correspondence.js";
import { withConnection } from "./connections.js";
import { BATCHES, CORRESPONDENCE, RECORD_COLUMNS } from "./store-sql.js";

/** What the row, and the answer as a whole, are waited for. */
const ROW_WAIT_MAX_MS = 200;
export const HANDED_TIMEOUT_MS = 400;
/** Whoever has followed has nearly all of them. */
export const HANDED_BATCHES_MAX = 50;

interface HandedRow extends ActorRecord {
  readonly holder: string;
  readonly isReplicated: boolean;
}

/** Null: the token was not raised from `fromToken` for this life. Rejects when the row is held for longer, or nothing comes. */
export function readHanded(
  pool: pg.Pool,
  actor: number,
  fromToken: number,
  incarnation: string,
  afterBatch: number,
): Promise<Handed | null> {
  return withConnection(pool, async (client) => {
    const text = handedText(actor, afterBatch);
    const limit = { query_timeout: HANDED_TIMEOUT_MS };
    const results = (await client.query({ text, ...limit })) as unknown as pg.QueryResult[];
    const [head, peers, batches] = results.slice(-3).map(({ rows }) => rows);
    const row = head![0] as HandedRow | undefined;
    if (row?.token !== fromToken + 1 || row.holder !== incarnation) return null;
    const { holder, isReplicated, ...record } = row;
    const values = [actor, row.token, holder];
    if (isReplicated) await client.query({ text: SETTLE, values, ...limit });
    const standing = correspondenceOf(peers as CorrespondenceRow[]);
    return { record, standing, batches: batches as LoggedBatch[] };
  });
}

/** It is made anew each time: statements that are prepared take one round trip each. */
export function handedText(actor: number, afterBatch: number): string {
  const values = [actor, afterBatch, HANDED_BATCHES_MAX];
  const filled = (text: string) => text.replace(/\$(\d)/g, (_, at) => `${values[Number(at) - 1]}`);
  return `BEGIN; SET LOCAL lock_timeout = ${ROW_WAIT_MAX_MS}; SELECT FROM actors WHERE actor = ${actor} FOR SHARE; ROLLBACK;
SELECT ${RECORD_COLUMNS}, holder_incarnation AS holder, current_setting('synchronous_standby_names') <> '' AS "isReplicated"
FROM actors WHERE actor = ${actor};
${filled(CORRESPONDENCE.text)};
${filled(BATCHES.text)}`;
}

/** Changes nothing, but ends when a synchronous standby has all that was read (see `RAISE`). */
const SETTLE =
  "UPDATE actors SET token = token WHERE actor = $1 AND token = $2 AND holder_incarnation = $3";
