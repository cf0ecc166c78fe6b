/** The statements of `store.ts`, but for the commit's (see `commit-text.ts`). */
import { OrderStatus } from "../../../actors/kernel/order.js";
import { APPLICATION_PREFIX, type Prepared } from "./connections.js";

const statement = (name: string, text: string): Prepared => ({ name: `store_${name}`, text });

export const RECORD_COLUMNS = `actor AS id, name, kind, incarnation, token, batch, event_batch AS "eventBatch", anchor,
  stream_created AS "streamCreated", position, position_stored AS "positionStored", time, hash, state`;

export const ACTORS = statement(
  "actors",
  "SELECT actor AS id, name, kind, token, anchor FROM actors WHERE actor > $1 ORDER BY actor",
);

export const RECORD = statement("record", `SELECT ${RECORD_COLUMNS} FROM actors WHERE actor = $1`);

/**
 * What was raised for the holder already is only read, so that nothing has to reach the disk. It is looked for in the update
 * too: one that was under way when this began is not to be read yet, and is waited for there. Its claim is noted already.
 * Where there is a synchronous standby it is written again, and so waits until that has what was read: a row that the
 * standby does not have yet can be seen after a crash, and would be lost with the server.
 */
export const RAISE = statement(
  "raise",
  `WITH held AS (
     SELECT ${RECORD_COLUMNS} FROM actors
     WHERE actor = $1 AND token = $2::bigint + 1 AND holder_incarnation = $4
       AND current_setting('synchronous_standby_names') = ''
   ), raised AS (
     UPDATE actors SET token = $2 + 1, holder = $3, holder_incarnation = $4,
       lease_revision = CASE WHEN $5::bigint = 0 THEN lease_revision ELSE $5 END
     WHERE actor = $1 AND (token = $2 OR (token = $2 + 1 AND holder_incarnation = $4))
       AND NOT EXISTS (SELECT FROM held)
     RETURNING ${RECORD_COLUMNS}
   ), claimed AS (
     INSERT INTO claims (actor, token, node, node_incarnation, reason, time, batch)
     SELECT id, token, $3, $4, $6, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, batch FROM raised
     ON CONFLICT (actor, token) DO NOTHING
   )
   SELECT * FROM held UNION ALL SELECT * FROM raised`,
);

/**
 * Ends whoever a backend waits for, if it is the predecessor: the life of a node that the row names as it was committed,
 * with the token that is to be raised. (With another token it is who has won.) One that waits for its synchronous standby
 * has committed; to end it would show what no standby has yet.
 */
export const END_PREDECESSOR = statement(
  "end_predecessor",
  `SELECT pg_terminate_backend(b.pid) FROM actors a JOIN pg_stat_activity b
     ON b.application_name = '${APPLICATION_PREFIX}' || a.holder_incarnation
   WHERE a.actor = $1 AND a.token = $2 AND a.holder_incarnation <> ''
     AND b.pid = ANY (pg_blocking_pids($3)) AND b.wait_event IS DISTINCT FROM 'SyncRep'`,
);

export const LINKS = statement(
  "links",
  "SELECT peer, token, received, sent FROM links WHERE actor = $1",
);

/** See `correspondence.ts`. */
export const CORRESPONDENCE = statement(
  "correspondence",
  `SELECT 'link' AS kind, peer, token AS a, received AS b, sent AS c, NULL::bytea AS frame
     FROM links WHERE actor = $1
   UNION ALL SELECT 'outbox', destination, first, last, 0, frame FROM outbox WHERE actor = $1
   UNION ALL SELECT 'now', 0, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, batch, 0, NULL
     FROM actors WHERE actor = $1
   ORDER BY kind, peer, b`,
);

export const BATCHES = statement(
  "batches",
  `SELECT actor, batch, token, time, hash, commands FROM batch_log
   WHERE actor = $1 AND batch > $2 ORDER BY batch LIMIT $3`,
);

export const ORDERS = statement(
  "orders",
  "SELECT * FROM orders WHERE actor = ANY ($2::integer[]) AND order_id = ANY ($1::bigint[])",
);

/** The orders that have some client order ids, but for those that have ended by a time. */
export const CONFLICTING = statement(
  "conflicting",
  `SELECT order_id FROM orders
     JOIN unnest($1::bigint[], $2::text[]) AS u (account, client_order_id)
     USING (account, client_order_id)
   WHERE released = 0 AND (status < ${OrderStatus.Filled} OR updated > $3::bigint)`,
);

export const NOW = statement(
  "now",
  "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now",
);
