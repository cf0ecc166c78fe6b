/**
 * What an audit has to see at one moment, taken in one short read-only transaction; everything else is append-only and
 * numbered, so its prefix up to that moment can be read afterwards, while trading goes on.
 */
import { performance } from "node:perf_hooks";
import type { Client } from "pg";
import { sidesOf } from "../archive/filed-sql.js";
import { FOREIGN_TABLES } from "./crossing.js";
import { LETTER_TABLES } from "./letters.js";

/** Temporary tables of the audit's own session. They are empty until `takeSnapshot`. */
const TABLES = `
  CREATE TEMP TABLE seen_actors (actor integer, batch bigint);
  CREATE TEMP TABLE seen_balances (actor integer, account bigint, asset integer, total bigint, held bigint);
  CREATE TEMP TABLE seen_links (actor integer, peer integer, received bigint, sent bigint,
    base_in bigint, base_out bigint, quote_in bigint, quote_out bigint);
  CREATE TEMP TABLE seen_totals (actor integer, asset integer, deposits bigint, transferred_in bigint, transferred_out bigint);
  CREATE TEMP TABLE seen_leaving (account bigint, asset integer, amount bigint);
  CREATE TEMP TABLE seen_sent (actor integer, account bigint, key text, recipient bigint, asset integer, amount bigint);
  CREATE TEMP TABLE seen_orders (order_id bigint, actor integer, account bigint, instrument integer,
    side smallint, price bigint, quantity bigint, filled bigint, leaves bigint,
    amend_price bigint, amend_change bigint, pair bigint, pair_done smallint,
    maker_fee integer, taker_fee integer, maker_value bigint, taker_value bigint, fees bigint, review_until bigint);
  CREATE TEMP TABLE seen_book (actor integer, order_id bigint, account bigint, side smallint, price bigint, leaves bigint);
`;

/** Statuses below this one are of live orders. */
const FIRST_FINAL_STATUS = 4;

/** Nothing but copies: whatever is compared is compared when the snapshot is closed. */
const COPY = `
  BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
  INSERT INTO seen_actors SELECT actor, batch FROM actors;
  INSERT INTO seen_balances SELECT actor, account, asset, total, held FROM balances;
  INSERT INTO seen_links SELECT actor, peer, received, sent, base_in, base_out, quote_in, quote_out FROM links WHERE peer > 0;
  INSERT INTO seen_outbox SELECT actor, destination, first, last, frame FROM outbox;
  INSERT INTO seen_totals SELECT actor, asset, deposits, transferred_in, transferred_out FROM shard_totals;
  INSERT INTO seen_leaving SELECT account, asset, amount FROM withdrawals WHERE status < 3;
  INSERT INTO seen_sent SELECT actor, account, key, recipient, asset, amount FROM transfers WHERE status = 1;
  INSERT INTO seen_orders
    SELECT order_id, actor, account, instrument, side, price, quantity, filled, leaves,
      amend_price, amend_change, pair, pair_done,
      maker_fee, taker_fee, maker_value, taker_value, fees, review_until
    FROM orders WHERE status < ${FIRST_FINAL_STATUS};
  INSERT INTO seen_book SELECT actor, order_id, account, side, price, leaves FROM book;
  COMMIT;
`;

/** The planner knows nothing of a temporary table until it is told; the outbox is read page by page. */
const PREPARE = `
  CREATE INDEX ON seen_outbox (actor, destination, last);
  ANALYZE seen_actors, seen_balances, seen_links, seen_outbox, seen_totals, seen_leaving, seen_sent, seen_orders, seen_book;
`;

/**
 * The prefixes that belong to the snapshot, with what was archived before: that is older than any snapshot. A shard's journal rows,
 * deposits, settled withdrawals, ended transfers and credits belong to its batches up to the seen one;
 * an order that there was and that did not live had ended (its last number says less: a request that came too late is told of after its end);
 * a side of a trade is settled when its message's number is at most the shard's mark.
 */
const PREFIXES = `
  CREATE TEMP VIEW seen_journal AS
    SELECT j.actor, j.account, j.batch, j.token, j.first_sequence, j.last_sequence,
           j.assets, j.total_changes, j.held_changes
    FROM journal j JOIN seen_actors a USING (actor) WHERE j.batch <= a.batch;
  CREATE TEMP VIEW seen_log AS
    SELECT actor, batch, token, anchor, position_before, position_after, false AS archived FROM batch_log
    UNION ALL
    (SELECT DISTINCT ON (actor) actor, last_batch, token, anchor, position, position, true
     FROM archives ORDER BY actor, last_batch DESC);
  CREATE TEMP TABLE seen_sequences AS
    SELECT account, max(sequence) AS sequence FROM (
      SELECT account, last_sequence AS sequence FROM seen_journal
      UNION ALL SELECT account, sequence FROM archived_accounts
    ) j GROUP BY account;
  CREATE TEMP TABLE seen_deposits AS
    SELECT d.actor, d.account, d.key, d.asset, d.amount
    FROM deposits d JOIN seen_sequences s USING (account) WHERE d.sequence <= s.sequence;
  CREATE TEMP TABLE seen_withdrawals AS
    SELECT w.actor, w.account, w.key, w.asset, w.amount
    FROM withdrawals w JOIN seen_sequences s USING (account) WHERE w.status = 3 AND w.sequence <= s.sequence;
  CREATE TEMP TABLE seen_transfers AS
    SELECT actor, account, key, recipient, asset, amount, 1 AS status FROM seen_sent
    UNION ALL
    SELECT t.actor, t.account, t.key, t.recipient, t.asset, t.amount, t.status
    FROM transfers t JOIN seen_sequences s USING (account) WHERE t.status > 1 AND t.sequence <= s.sequence;
  CREATE TEMP TABLE seen_credits AS
    SELECT c.actor, c.account, c.sender, c.key, c.asset, c.amount
    FROM credits c JOIN seen_sequences s USING (account) WHERE c.sequence <= s.sequence;
  CREATE TEMP TABLE seen_fees AS
    SELECT actor, order_id, account, instrument, maker_fee, taker_fee, maker_value, taker_value, fees
    FROM (
      SELECT actor, order_id, account, instrument, maker_fee, taker_fee, maker_value, taker_value, fees
      FROM seen_orders
      UNION ALL
      SELECT o.actor, o.order_id, o.account, o.instrument, o.maker_fee, o.taker_fee, o.maker_value, o.taker_value, o.fees
      FROM orders o JOIN seen_sequences s ON s.account = o.account AND o.first_sequence <= s.sequence
      WHERE o.status >= ${FIRST_FINAL_STATUS} AND NOT EXISTS (SELECT FROM seen_orders n WHERE n.order_id = o.order_id)
    ) o WHERE coalesce(maker_fee, 0) <> 0 OR coalesce(taker_fee, 0) <> 0 OR coalesce(fees, 0) <> 0;
  CREATE TEMP TABLE seen_changes AS
    SELECT account, asset, sum(total) AS total, sum(held) AS held FROM (
      SELECT j.account, c.asset, c.total, c.held
      FROM seen_journal j, unnest(j.assets, j.total_changes, j.held_changes) AS c (asset, total, held)
      UNION ALL SELECT account, asset, total, held FROM archived_balances
    ) changes GROUP BY account, asset;
  CREATE TEMP TABLE seen_sides AS
    SELECT s.* FROM (${sidesOf("all_trades")}) s
    JOIN seen_links l ON l.peer = s.market AND l.actor = s.shard WHERE s.number <= l.received;
  CREATE TEMP TABLE seen_fills AS
    SELECT order_id, sum(quantity) AS quantity, sum(maker_value) AS maker_value, sum(taker_value) AS taker_value FROM (
      SELECT order_id, quantity, CASE WHEN is_maker THEN cost ELSE 0 END AS maker_value,
             CASE WHEN is_maker THEN 0 ELSE cost END AS taker_value FROM seen_sides
      UNION ALL SELECT order_id, quantity, maker_value, taker_value FROM archived_fills
    ) fills GROUP BY order_id;
  ANALYZE seen_sides, seen_fills, seen_changes, seen_deposits, seen_withdrawals, seen_transfers, seen_credits, seen_fees, seen_sequences;
`;

/** Fills what the session has to see at one moment; gives how long the snapshot was open, in milliseconds. */
export async function takeSnapshot(client: Client): Promise<number> {
  await client.query(TABLES);
  await client.query(FOREIGN_TABLES);
  await client.query(LETTER_TABLES);
  const started = performance.now();
  await client.query(COPY);
  const elapsedMs = performance.now() - started;
  await client.query(PREPARE);
  return elapsedMs;
}

/** Fills the rest of the session's `seen_…` tables, when all that is of other instances is there. */
export async function readPrefixes(client: Client): Promise<void> {
  await client.query(PREFIXES);
}
