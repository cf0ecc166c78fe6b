/** Reading the rows that an actor is rebuilt from: all of one snapshot, page by page. */
import type pg from "pg";
import { FIRST_MARKET_ID } from "../../../actors/kernel/ids.js";
import { FINISHED_ORDERS_RECOVERED_MAX } from "../../../actors/kernel/limits.js";
import type { Link } from "../../../actors/kernel/links.js";
import type { ActorRecord, Loaded, Row } from "../../ports/store.js";
import { readBook, type StoredBook } from "./load-book.js";
import { inTransaction } from "./connections.js";
import { type Columns, copyRows } from "./copy.js";
import { LINKS, RECORD } from "./store-sql.js";

/**
 * It locks nothing, so it may be slow: on a busy node what the server has sent lies for longer in the socket than the servers'
 * own limit lets a transaction sleep, and to be cut off there would only mean to read everything again.
 */
const SNAPSHOT =
  "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; " +
  "SET LOCAL idle_in_transaction_session_timeout = '60s'";
/** A whole book is read in the order in which it lies there; one that is a small part of the table, by its index. */
const ANY_SCAN =
  "SET LOCAL enable_seqscan = on; SET LOCAL enable_bitmapscan = on; " +
  // From the beginning, and not from where another has come to: so most rows of a price come by priority, and need not be sorted.
  "SET LOCAL synchronize_seqscans = off";
/** Many accounts and what is noted of archived ones lie in one order, and are gone through once: to look for each took a third of the time. */
const IN_ONE_PASS = "SET LOCAL enable_mergejoin = on";

interface LoadedTable {
  readonly table: string;
  readonly columns: Columns;
  /** Where the columns of an actor come from, and in which order. */
  readonly from: (actor: number) => string;
}

const LEDGER_TABLES: readonly LoadedTable[] = [
  {
    table: "shard_instruments",
    columns: { instrument: "integer", definition: "bytes", reference_price: "integer" },
    from: (actor) => `FROM shard_instruments WHERE actor = ${actor} ORDER BY instrument`,
  },
  {
    table: "accounts",
    columns: {
      account: "integer",
      opened: "integer",
      state: "integer",
      account_group: "integer",
      tier: "integer",
      parent: "integer",
      sequence: "integer",
      counted: "text",
    },
    // With what the last row of its journal says.
    from: (
      actor,
    ) => `FROM (SELECT account, opened, state, account_group, tier, parent, coalesce(last_sequence, x.sequence, 0) AS sequence,
        coalesce(last.counted, x.counted, '') AS counted
      FROM accounts a LEFT JOIN LATERAL (SELECT last_sequence, counted FROM journal j
        WHERE j.account = a.account ORDER BY last_sequence DESC LIMIT 1) last ON true
      LEFT JOIN archived_accounts x USING (account)
      WHERE a.actor = ${actor}) heads ORDER BY account`,
  },
  {
    table: "account_limits",
    columns: {
      account: "integer",
      orders_per_day: "integer",
      open_orders: "integer",
      requests_per_second: "integer",
      day: "integer",
      orders_today: "integer",
      second: "integer",
      requests: "integer",
      own: "integer",
    },
    from: (actor) => `FROM account_limits WHERE actor = ${actor} ORDER BY account`,
  },
  {
    table: "review_limits",
    columns: { account: "integer", asset: "integer", value: "integer" },
    from: (actor) => `FROM review_limits WHERE actor = ${actor} ORDER BY account, asset`,
  },
  {
    table: "balances",
    columns: { account: "integer", asset: "integer", total: "integer", held: "integer" },
    from: (actor) => `FROM balances WHERE actor = ${actor} ORDER BY account, asset`,
  },
  {
    table: "deposits",
    columns: {
      account: "integer",
      key: "text",
      asset: "integer",
      amount: "integer",
      sequence: "integer",
    },
    from: (actor) => `FROM deposits WHERE actor = ${actor} ORDER BY account, key`,
  },
  {
    table: "withdrawals",
    columns: {
      account: "integer",
      key: "text",
      asset: "integer",
      amount: "integer",
      status: "integer",
      requested: "integer",
      sequence: "integer",
    },
    from: (actor) => `FROM withdrawals WHERE actor = ${actor} ORDER BY account, key`,
  },
  {
    table: "transfers",
    columns: {
      account: "integer",
      key: "text",
      recipient: "integer",
      asset: "integer",
      amount: "integer",
      status: "integer",
      code: "integer",
      sent: "integer",
      sequence: "integer",
    },
    from: (actor) => `FROM transfers WHERE actor = ${actor} ORDER BY account, key`,
  },
  {
    table: "shard_totals",
    columns: {
      asset: "integer",
      deposits: "integer",
      transferred_in: "integer",
      transferred_out: "integer",
    },
    from: (actor) => `FROM shard_totals WHERE actor = ${actor} ORDER BY asset`,
  },
  {
    table: "flows",
    columns: {
      peer: "integer",
      base_in: "integer",
      base_out: "integer",
      quote_in: "integer",
      quote_out: "integer",
    },
    from: (actor) =>
      `FROM links WHERE actor = ${actor} AND peer >= ${FIRST_MARKET_ID} ORDER BY peer`,
  },
  {
    table: "orders",
    columns: {
      order_id: "integer",
      account: "integer",
      client_order_id: "text",
      instrument: "integer",
      side: "integer",
      type: "integer",
      time_in_force: "integer",
      price: "integer",
      quantity: "integer",
      filled: "integer",
      leaves: "integer",
      status: "integer",
      code: "integer",
      first_sequence: "integer",
      last_sequence: "integer",
      created: "integer",
      updated: "integer",
      stop_price: "integer",
      display: "integer",
      expires: "integer",
      self_trade: "integer",
      post_only: "integer",
      amend_price: "integer",
      amend_change: "integer",
      worst_price: "integer",
      cancelling: "integer",
      pair: "integer",
      pair_done: "integer",
      reprices: "integer",
      trail: "integer",
      min_quantity: "integer",
      maker_fee: "integer",
      taker_fee: "integer",
      maker_value: "integer",
      taker_value: "integer",
      fees: "integer",
      review_until: "integer",
      waiting: "integer",
    },
    // Live orders, and the newest of the finished: from the oldest one on that is still kept. None whose id is another's by now.
    from: (
      actor,
    ) => `FROM orders WHERE actor = ${actor} AND released = 0 AND (status < 4 OR order_id >= coalesce((
        SELECT order_id FROM orders WHERE actor = ${actor} AND status >= 4 ORDER BY order_id DESC
        OFFSET ${FINISHED_ORDERS_RECOVERED_MAX - 1} LIMIT 1), 0))
      ORDER BY order_id`,
  },
];

const MARKET_TABLES: readonly LoadedTable[] = [
  {
    // Before the book, which comes last: an order is put together from both. Most have no row here, and a plain book costs nothing more.
    table: "order_terms",
    columns: {
      order_id: "integer",
      owner: "integer",
      type: "integer",
      time_in_force: "integer",
      stop_price: "integer",
      display: "integer",
      expires: "integer",
      pair: "integer",
      self_trade: "integer",
      post_only: "integer",
      trail: "integer",
    },
    from: (actor) => `FROM order_terms WHERE actor = ${actor}`,
  },
];

/**
 * Calls `begin` and then `page` for each page, in the order of the tables. Null: there is no such
 * actor.
 */
export async function loadActor(
  pool: pg.Pool,
  actor: number,
  begin: (loaded: Loaded) => void,
  page: (table: string, rows: readonly Row[]) => void,
): Promise<Loaded | null> {
  let book: StoredBook | undefined;
  const found = await inTransaction(pool, SNAPSHOT, async (client) => {
    const record = (await client.query<ActorRecord>({ ...RECORD, values: [actor] })).rows[0];
    if (!record) return null;
    const { rows: links } = await client.query<Link>({ ...LINKS, values: [actor] });
    const loaded = { record, links };
    begin(loaded);
    const isLedger = record.kind === "ledger";
    await client.query(isLedger ? IN_ONE_PASS : ANY_SCAN);
    for (const { table, columns, from } of isLedger ? LEDGER_TABLES : MARKET_TABLES) {
      const query = `SELECT ${Object.keys(columns).join(", ")} ${from(actor)}`;
      await copyRows(client, query, columns, (rows) => page(table, rows));
    }
    if (!isLedger) book = await readBook(client, actor);
    return loaded;
  });
  await book?.give((rows) => page("book", rows));
  return found;
}
