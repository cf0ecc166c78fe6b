/** Reading the rows that an actor is rebuilt from: all of one snapshot, page by page. */
import type pg from "pg";
import { FIRST_MARKET_ID } from "../../../actors/kernel/ids.js";
import { FINISHED_ORDERS_RECOVERED_MAX } from "../../../actors/kernel/limits.js";
import type { Link } from "../../../actors/kernel/links.js";
import type { ActorRecord, Loaded, Row } from "../../ports/store.js";
import { inTransaction, PAGE_TIMEOUT_MS } from "./connections.js";
import { LINKS, RECORD } from "./store-sql.js";

const PAGE_ROWS_MAX = 2_000;
const FETCH_PAGE = {
  text: `FETCH ${PAGE_ROWS_MAX} FROM loaded`,
  query_timeout: PAGE_TIMEOUT_MS,
};
const SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

interface LoadedTable {
  readonly table: string;
  /** Takes the actor. */
  readonly text: string;
}

const LEDGER_TABLES: readonly LoadedTable[] = [
  {
    table: "shard_instruments",
    text: `SELECT instrument, definition, reference_price FROM shard_instruments
           WHERE actor = $1 ORDER BY instrument`,
  },
  {
    table: "accounts",
    text: `SELECT account, opened, coalesce((SELECT last_sequence FROM journal j
             WHERE j.account = a.account ORDER BY last_sequence DESC LIMIT 1), 0) AS sequence
           FROM accounts a WHERE actor = $1 ORDER BY account`,
  },
  {
    table: "balances",
    text: `SELECT account, asset, total, held FROM balances WHERE actor = $1 ORDER BY account, asset`,
  },
  {
    table: "deposits",
    text: `SELECT account, key, asset, amount, sequence FROM deposits
           WHERE actor = $1 ORDER BY account, key`,
  },
  {
    table: "shard_totals",
    text: `SELECT asset, deposits FROM shard_totals WHERE actor = $1 ORDER BY asset`,
  },
  {
    table: "flows",
    text: `SELECT peer, base_in, base_out, quote_in, quote_out FROM links
           WHERE actor = $1 AND peer >= ${FIRST_MARKET_ID} ORDER BY peer`,
  },
  {
    // Live orders, and the newest of the finished: from the oldest one on that is still kept.
    table: "orders",
    text: `SELECT * FROM orders WHERE actor = $1 AND (status < 4 OR order_id >= coalesce((
             SELECT order_id FROM orders WHERE actor = $1 AND status >= 4 ORDER BY order_id DESC
             OFFSET ${FINISHED_ORDERS_RECOVERED_MAX - 1} LIMIT 1), 0))
           ORDER BY order_id`,
  },
];

const MARKET_TABLES: readonly LoadedTable[] = [
  {
    table: "book",
    text: `SELECT order_id, account, side, price, leaves, priority FROM book
           WHERE actor = $1 ORDER BY side, price, priority`,
  },
];

/** Calls `begin` and then `page` for each page, in the order of the tables. Null: there is no such actor. */
export function loadActor(
  pool: pg.Pool,
  actor: number,
  begin: (loaded: Loaded) => void,
  page: (table: string, rows: readonly Row[]) => void,
): Promise<Loaded | null> {
  return inTransaction(pool, SNAPSHOT, async (client) => {
    const record = (await client.query<ActorRecord>({ ...RECORD, values: [actor] })).rows[0];
    if (!record) return null;
    const { rows: links } = await client.query<Link>({ ...LINKS, values: [actor] });
    const loaded = { record, links };
    begin(loaded);
    for (const { table, text } of record.kind === "ledger" ? LEDGER_TABLES : MARKET_TABLES) {
      // By a cursor: a table's rows are found and put in order once, however many pages they fill.
      await client.query(`DECLARE loaded NO SCROLL CURSOR FOR ${text}`, [actor]);
      for (;;) {
        const { rows } = await client.query<Row>(FETCH_PAGE);
        if (rows.length > 0) page(table, rows);
        if (rows.length < PAGE_ROWS_MAX) break;
      }
      await client.query("CLOSE loaded");
    }
    return loaded;
  });
}
