/**
 * What trades and orders out of archive files come to, in SQL, over the session's tables `filed_trades` and `filed_orders`. Whoever
 * archives adds it to what is noted; the audit compares all files with what is noted.
 */
import { HOUSE_ACCOUNT_BASE } from "../../actors/kernel/ids.js";

/** Both sides of the trades of a table. */
export const sidesOf = (trades: string): string => `
  SELECT s.order_id % 1024 AS shard, t.actor AS market, t.trade_id, s.order_id, s.account, s.number, s.is_buyer, s.is_maker,
         t.price, t.quantity, t.price::numeric * t.quantity * i.notional_factor AS cost, i.base_asset, i.quote_asset
  FROM ${trades} t
  JOIN instruments i ON i.instrument = t.actor
  CROSS JOIN LATERAL (VALUES
    (t.maker_order, t.maker_account, t.maker_number, t.taker_side = 2, true),
    (t.taker_order, t.taker_account, t.taker_number, t.taker_side = 1, false)
  ) AS s (order_id, account, number, is_buyer, is_maker)`;

export const FILED_TABLES = `
  CREATE TEMP TABLE filed_trades AS SELECT * FROM trades WITH NO DATA;
  CREATE TEMP TABLE filed_orders AS SELECT * FROM orders WITH NO DATA;
  CREATE TEMP VIEW filed_sides AS ${sidesOf("filed_trades")};
`;

/** By shard and market, as `archived_flows` has it. */
export const FILED_FLOWS = `
  SELECT shard::integer AS actor, market AS peer,
         coalesce(sum(quantity) FILTER (WHERE is_buyer), 0) AS base_in,
         coalesce(sum(quantity) FILTER (WHERE NOT is_buyer), 0) AS base_out,
         coalesce(sum(cost) FILTER (WHERE NOT is_buyer), 0) AS quote_in,
         coalesce(sum(cost) FILTER (WHERE is_buyer), 0) AS quote_out
  FROM filed_sides GROUP BY shard, market`;

/** By account and asset, as `archived_settlements` has it. */
export const FILED_SETTLEMENTS = `
  SELECT account, asset, sum(amount) AS amount FROM (
    SELECT account, base_asset AS asset, CASE WHEN is_buyer THEN quantity ELSE -quantity END AS amount FROM filed_sides
    UNION ALL SELECT account, quote_asset, CASE WHEN is_buyer THEN -cost ELSE cost END FROM filed_sides
    UNION ALL SELECT f.account, i.quote_asset, f.amount
      FROM filed_orders o JOIN instruments i USING (instrument)
      CROSS JOIN LATERAL (VALUES (o.account, -o.fees), (${HOUSE_ACCOUNT_BASE} + o.actor, o.fees)) AS f (account, amount)
      WHERE o.fees <> 0
  ) moved GROUP BY account, asset`;

/** By order, as `archived_fills` has it. */
export const FILED_FILLS = `
  SELECT order_id, account, market, is_buyer, sum(quantity)::bigint AS quantity,
         coalesce(sum(cost) FILTER (WHERE is_maker), 0) AS maker_value,
         coalesce(sum(cost) FILTER (WHERE NOT is_maker), 0) AS taker_value,
         min(price) AS lowest_price, max(price) AS highest_price
  FROM filed_sides GROUP BY order_id, account, market, is_buyer`;

/** Of fills `f` and their order `o`: are they not its, or beyond the worst limit it has had? */
export const NOT_ITS_FILLS = `(o.order_id IS NULL OR o.account <> f.account OR o.instrument <> f.market
  OR o.side <> CASE WHEN f.is_buyer THEN 1 ELSE 2 END
  OR CASE WHEN f.is_buyer THEN f.highest_price > greatest(o.price, o.worst_price)
          ELSE f.lowest_price < least(o.price, o.worst_price) END)`;

/** Of an order `o` and its fills `f` (there may be none): has it not ended, or are they not all of it? */
export const NOT_ALL_FILLED = `(o.status < 4 OR o.filled <> coalesce(f.quantity, 0)
  OR (o.maker_fee IS NOT NULL AND (o.maker_value <> coalesce(f.maker_value, 0) OR o.taker_value <> coalesce(f.taker_value, 0))))`;
