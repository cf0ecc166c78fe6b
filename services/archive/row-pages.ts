/** Trades and orders that may leave, page by page: old enough, and nobody asks for them any more. */
import type pg from "pg";
import { OrderStatus } from "../../actors/kernel/order.js";
import { ORDERS_PER_ARCHIVE, ROWS_PER_PAGE, TRADES_PER_ARCHIVE } from "./limits.js";
import type { FiledRow } from "./row-file.js";

/** A trade's numbers among what its market has sent to the shards of its two sides tell whether they have taken it. */
const TRADES = `
  SELECT jsonb_strip_nulls(to_jsonb(t)) AS row, t.trade_id AS key, coalesce(m.received >= t.maker_number, false)
    AND coalesce(k.received >= t.taker_number, false) AS "isReady"
  FROM trades t
  LEFT JOIN links m ON m.actor = t.maker_order % 1024 AND m.peer = t.actor
  LEFT JOIN links k ON k.actor = t.taker_order % 1024 AND k.peer = t.actor
  WHERE t.actor = $1 AND t.trade_id > $2 AND t.time < $3 ORDER BY t.trade_id LIMIT ${ROWS_PER_PAGE}`;

/** Is an order old and over, with all its trades archived? */
const isReady = (
  order: string,
): string => `(${order}.status >= ${OrderStatus.Filled} AND ${order}.updated < $3
  AND ${order}.filled = coalesce((SELECT quantity FROM archived_fills f WHERE f.order_id = ${order}.order_id), 0))`;

/** The two of a pair go together, with the first of them. */
const ORDERS = `
  WITH page AS MATERIALIZED (
    SELECT order_id, created FROM orders WHERE actor = $1 AND order_id > $2 ORDER BY order_id LIMIT ${ROWS_PER_PAGE}
  ), heads AS (
    SELECT o.order_id, coalesce(o.pair, 0) AS pair
    FROM page JOIN orders o ON o.actor = $1 AND o.order_id = page.order_id LEFT JOIN orders p ON p.actor = $1 AND p.order_id = o.pair
    WHERE ${isReady("o")} AND (coalesce(o.pair, 0) = 0 OR (o.order_id < o.pair AND ${isReady("p")}))
  )
  SELECT (SELECT max(order_id) FROM page) AS last, (SELECT max(created) FROM page) AS created,
    (SELECT jsonb_agg(jsonb_strip_nulls(to_jsonb(o)) ORDER BY o.order_id) FROM orders o
     WHERE o.actor = $1 AND o.order_id IN (SELECT order_id FROM heads UNION ALL SELECT pair FROM heads)) AS rows`;

/** What one file takes of a market's trades after number `after`, which are of times before `before`. */
export async function* tradesForFile(
  client: pg.ClientBase,
  market: number,
  after: number,
  before: number,
): AsyncGenerator<FiledRow[]> {
  for (let last = after, taken = 0; taken < TRADES_PER_ARCHIVE; ) {
    const { rows } = await client.query<{ row: FiledRow; key: number; isReady: boolean }>(TRADES, [
      market,
      last,
      before,
    ]);
    const end = rows.findIndex((trade) => !trade.isReady);
    const page = end < 0 ? rows : rows.slice(0, end);
    if (page.length > 0) yield page.map(({ row }) => row);
    if (page.length < ROWS_PER_PAGE) return;
    taken += page.length;
    last = page.at(-1)!.key;
  }
}

/** Where a search for orders that may leave stands: it goes through a shard's orders once, from the oldest on. */
export interface OrderSearch {
  /** The last order that was looked at. */
  readonly after: number;
  readonly isOver: boolean;
}

export const FROM_THE_OLDEST: OrderSearch = { after: 0, isOver: false };

/** What one file takes of a shard's orders; returns where the search stands then. No order that was made later than `before` has ended before it. */
export async function* ordersForFile(
  client: pg.ClientBase,
  shard: number,
  { after, isOver }: OrderSearch,
  before: number,
): AsyncGenerator<FiledRow[], OrderSearch> {
  for (let taken = 0; taken < ORDERS_PER_ARCHIVE && !isOver; ) {
    const { rows } = await client.query<{
      last: number | null;
      created: number;
      rows: FiledRow[] | null;
    }>(ORDERS, [shard, after, before]);
    const { last, created, rows: page } = rows[0]!;
    isOver = last === null || created >= before;
    after = last ?? after;
    if (page === null) continue;
    taken += page.length;
    yield page;
  }
  return { after, isOver };
}
