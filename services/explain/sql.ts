/**
 * The statements of this folder. Each finds its rows by a key, but for the one that looks at all locks: they are read while trading
 * goes on, and hold nobody up.
 */
import type { Prepared } from "../adapters/postgres/connections.js";

const statement = (name: string, text: string): Prepared => ({ name: `explain_${name}`, text });

export const BATCHES_KEPT = statement(
  "batches_kept",
  `SELECT coalesce((SELECT batch FROM batch_log WHERE actor = $1 ORDER BY batch LIMIT 1), 0) AS from,
     coalesce((SELECT batch FROM batch_log WHERE actor = $1 ORDER BY batch DESC LIMIT 1), 0) AS to`,
);

export const BATCH_TIME = statement(
  "batch_time",
  "SELECT time FROM batch_log WHERE actor = $1 AND batch = $2",
);

export interface LoggedRow {
  readonly batch: number;
  readonly token: number;
  readonly time: number;
  readonly commands: Uint8Array;
  readonly replies: Uint8Array | null;
}

export const BATCHES_WITH = statement(
  "batches_with",
  `SELECT batch, token, time, commands, replies FROM batch_log
   WHERE actor = $1 AND batch BETWEEN $2 AND $3
     AND EXISTS (SELECT FROM unnest($4::bytea[]) AS part WHERE position(part IN commands) > 0)
   ORDER BY batch`,
);

export interface ActorRow {
  readonly id: number;
  readonly name: string;
  readonly kind: "ledger" | "market";
  readonly token: number;
  readonly holder: string;
  readonly batch: number;
  readonly time: number;
  readonly anchor: number;
  readonly created: string;
  readonly position: number;
}

export const ACTORS = statement(
  "actors",
  `SELECT actor AS id, name, kind, token, holder, batch, time, anchor, stream_created AS created, position
   FROM actors ORDER BY actor`,
);

export const HOLDERS = statement("holders", "SELECT token, node FROM claims WHERE actor = $1");

export interface ClaimRow {
  readonly token: number;
  readonly node: string;
  readonly reason: string;
  readonly time: number;
  readonly batch: number;
  /** Of the last batch before the claim, and of the one after it; null: it is not there. */
  readonly lastTime: number | null;
  readonly nextTime: number | null;
  readonly nextToken: number | null;
}

/** The newest first. */
export const CLAIMS = statement(
  "claims",
  `SELECT c.token, c.node, c.reason, c.time, c.batch, last.time AS "lastTime",
     next.time AS "nextTime", next.token AS "nextToken"
   FROM claims c
   LEFT JOIN batch_log last ON last.actor = c.actor AND last.batch = c.batch
   LEFT JOIN batch_log next ON next.actor = c.actor AND next.batch = c.batch + 1
   WHERE c.actor = $1 ORDER BY c.token DESC LIMIT $2`,
);

export interface OutboxRow {
  readonly destination: number;
  readonly frames: number;
  readonly first: number;
  readonly last: number;
  readonly bytes: number;
}

export const OUTBOX = statement(
  "outbox",
  `SELECT destination, count(*) AS frames, min(first) AS first, max(last) AS last,
     sum(length(frame))::bigint AS bytes
   FROM outbox WHERE actor = $1 GROUP BY destination ORDER BY destination`,
);

/** A session that others wait for, as it has an actor's row: until it ends, nothing of the actor is committed. */
export interface RowHolder {
  /** The actor's name. */
  readonly actor: string;
  readonly pid: number;
  readonly name: string;
  /** What it does, as PostgreSQL calls it, and since when its transaction is open; null: this user may not see it. */
  readonly state: string | null;
  readonly since: number | null;
}

/**
 * Whoever waits for a row that somebody else has changed or locked has a lock on the place where it lies, and is blocked by who has it,
 * or by another who waits for it and so has such a lock, too. So it shows nothing of a row that nobody asks for.
 */
export const ROW_HOLDERS = statement(
  "row_holders",
  `SELECT DISTINCT a.name AS actor, h.pid, h.application_name AS name, h.state,
     (extract(epoch FROM h.xact_start) * 1000000)::bigint AS since
   FROM actors a
   JOIN pg_locks w ON w.locktype = 'tuple' AND w.relation = 'actors'::regclass
     AND w.database = (SELECT oid FROM pg_database WHERE datname = current_database())
     AND a.ctid = format('(%s,%s)', w.page, w.tuple)::tid
   CROSS JOIN LATERAL unnest(pg_blocking_pids(w.pid)) AS blocking(pid)
   JOIN pg_stat_activity h ON h.pid = blocking.pid
   WHERE NOT EXISTS (SELECT FROM pg_locks o WHERE o.pid = h.pid AND o.locktype = 'tuple'
     AND o.relation = w.relation AND o.page = w.page AND o.tuple = w.tuple)
   ORDER BY a.name, h.pid`,
);

export const ACCOUNT_OF_ORDER = statement(
  "account_of_order",
  "SELECT account FROM orders WHERE order_id = $1 AND actor = $2::integer",
);

/** The files that may have it. */
export const FILES_OF_ORDER = statement(
  "files_of_order",
  `SELECT file FROM row_archives WHERE kind = 'orders' AND actor = $2::integer AND first <= $1 AND last >= $1 ORDER BY number`,
);

/** Of an open order that is no plain one. */
export const STOP_PRICE = statement(
  "stop_price",
  'SELECT stop_price AS "stopPrice" FROM order_terms WHERE actor = $1 AND order_id = $2',
);

export interface JournalRow {
  readonly batch: number;
  readonly token: number;
  readonly time: number;
  readonly first: number;
  readonly last: number;
  readonly events: Uint8Array;
  readonly assets: readonly number[];
  readonly totals: readonly number[];
  readonly holds: readonly number[];
}

export const JOURNAL = statement(
  "journal",
  `SELECT batch, token, time, first_sequence AS first, last_sequence AS last, events, assets,
     total_changes AS totals, held_changes AS holds
   FROM journal WHERE account = $1 AND last_sequence >= $2 AND first_sequence <= $3
   ORDER BY last_sequence LIMIT $4`,
);

export interface TradeRow {
  readonly tradeId: number;
  readonly batch: number;
  readonly time: number;
  readonly price: number;
  readonly quantity: number;
  readonly makerOrder: number;
  /** Null: the batch is no longer kept. */
  readonly token: number | null;
}

/** By their numbers, and among the newest those of an order that its shard may not have heard of. */
export const TRADES = statement(
  "trades",
  `SELECT t.trade_id AS "tradeId", t.batch, t.time, t.price, t.quantity, t.maker_order AS "makerOrder", l.token
   FROM (
     SELECT * FROM trades WHERE actor = $1 AND trade_id = ANY ($2::bigint[])
     UNION
     SELECT * FROM trades
     WHERE actor = $1 AND (maker_order = $3 OR taker_order = $3) AND trade_id > $4::bigint
       + coalesce((SELECT trade_id FROM trades WHERE actor = $1 ORDER BY trade_id DESC LIMIT 1), 0)
   ) t LEFT JOIN batch_log l ON l.actor = t.actor AND l.batch = t.batch
   ORDER BY t.trade_id`,
);
