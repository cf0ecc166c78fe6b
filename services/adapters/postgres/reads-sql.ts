/** The statements of `reads.ts`. */
import { FIRST_MARKET_ID } from "../../../actors/kernel/ids.js";
import { OrderStatus } from "../../../actors/kernel/order.js";
import { TransferStatus } from "../../../actors/ledger/transfers.js";
import type { Prepared } from "./connections.js";

const statement = (name: string, text: string): Prepared => ({ name: `read_${name}`, text });

export const EXCHANGE = statement(
  "exchange",
  "SELECT identity, ledger_shards AS shards FROM exchange",
);

export const NOW = statement(
  "now",
  "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now",
);

export const ACTOR_HEADS = statement(
  "actor_heads",
  `SELECT actor, name, kind, token, batch, event_batch AS "eventBatch", anchor
   FROM actors ORDER BY actor`,
);

/** Batches that said something: those with journal rows, and those with replies. */
export const EVENT_BATCHES = statement(
  "event_batches",
  `SELECT actor, batch, token, time, replies FROM batch_log b
   WHERE actor = $1 AND batch > $2 AND batch <= $3 AND (replies IS NOT NULL
     OR EXISTS (SELECT FROM journal j WHERE j.actor = b.actor AND j.batch = b.batch))
   ORDER BY batch LIMIT $4`,
);

const JOURNAL_COLUMNS = `account, first_sequence AS first, last_sequence AS last, actor, batch, token, time, events`;

export const JOURNAL_BETWEEN = statement(
  "journal_between",
  `SELECT ${JOURNAL_COLUMNS} FROM journal WHERE actor = $1 AND batch > $2 AND batch <= $3
   ORDER BY batch, account`,
);

export const JOURNAL_RANGE = statement(
  "journal_range",
  `SELECT ${JOURNAL_COLUMNS} FROM journal
   WHERE account = $1 AND last_sequence >= $2 AND first_sequence <= $3
   ORDER BY last_sequence LIMIT $4`,
);

const ARCHIVED_SEQUENCE = `(SELECT sequence FROM archived_accounts x WHERE x.account = a.account)`;

export const WARNING_ROWS = statement(
  "warning_rows",
  `SELECT ${JOURNAL_COLUMNS} FROM journal
   WHERE actor = $1 AND batch > $2 AND time >= $3 AND warnings > 0
   ORDER BY batch FETCH FIRST $4 ROWS WITH TIES`,
);

const LAST_SEQUENCE = `coalesce((SELECT last_sequence FROM journal j WHERE j.account = a.account
   ORDER BY last_sequence DESC LIMIT 1), ${ARCHIVED_SEQUENCE}, 0)`;

export const ACCOUNT_HEADS = statement(
  "account_heads",
  `SELECT a.account, coalesce(${ARCHIVED_SEQUENCE}, 0) + 1 AS first, ${LAST_SEQUENCE} AS last FROM accounts a
   WHERE a.account = ANY ($1::bigint[])`,
);

/** A sub-account has its parent's group and tier, and may do no more than that. */
export const BALANCES = statement(
  "balances",
  `SELECT ${LAST_SEQUENCE} AS sequence, greatest(a.state, p.state) AS state, coalesce(p.account_group, a.account_group) AS "group",
     coalesce(p.tier, a.tier) AS tier, a.parent, b.asset, b.total, b.held
   FROM accounts a LEFT JOIN accounts p ON p.account = a.parent LEFT JOIN balances b ON b.account = a.account
   WHERE a.account = $1 ORDER BY b.asset`,
);

export const SUB_ACCOUNTS = statement(
  "sub_accounts",
  "SELECT account, state FROM accounts WHERE parent = $1 AND parent <> 0 ORDER BY account",
);

/** A sub-account's are its parent's. */
export const LIMITS = statement(
  "limits",
  `SELECT coalesce(l.orders_per_day, 0) AS "ordersPerDay", coalesce(l.open_orders, 0) AS "openOrders",
     coalesce(l.requests_per_second, 0) AS "requestsPerSecond",
     coalesce(l.own, 0) = 1 AS own,
     CASE WHEN l.day = floor(extract(epoch FROM clock_timestamp()) / 86400) THEN l.orders_today ELSE 0 END AS "ordersToday"
   FROM accounts a LEFT JOIN account_limits l ON l.account = CASE a.parent WHEN 0 THEN a.account ELSE a.parent END
   WHERE a.account = $1`,
);

export const REVIEW_LIMITS = statement(
  "review_limits",
  `SELECT r.asset, r.value
   FROM accounts a JOIN review_limits r ON r.account = CASE a.parent WHEN 0 THEN a.account ELSE a.parent END
   WHERE a.account = $1 AND r.value > 0 ORDER BY r.asset`,
);

const WITHDRAWAL_COLUMNS = "account, key, asset, amount, status, requested, sequence";

export const WITHDRAWALS = statement(
  "withdrawals",
  `SELECT ${WITHDRAWAL_COLUMNS} FROM withdrawals WHERE account = $1 ORDER BY requested DESC LIMIT $2`,
);

export const OPEN_WITHDRAWALS = statement(
  "open_withdrawals",
  `SELECT ${WITHDRAWAL_COLUMNS} FROM withdrawals WHERE status < 3 ORDER BY account, requested LIMIT $1`,
);

/** One that an account was given is settled. */
export const TRANSFERS = statement(
  "transfers",
  `SELECT account AS sender, recipient, key, asset, amount, status, code, sequence
   FROM transfers WHERE account = $1
   UNION ALL
   SELECT sender, account, key, asset, amount, ${TransferStatus.Settled}, 0, sequence
   FROM credits WHERE account = $1
   ORDER BY sequence DESC LIMIT $2`,
);

const ORDER_COLUMNS = `order_id AS "orderId", account, client_order_id AS "clientOrderId", instrument,
  side, type, time_in_force AS "timeInForce", price, quantity, filled, leaves, status, code,
  first_sequence AS "firstSequence", last_sequence AS "lastSequence", created, updated,
  coalesce(stop_price, 0) AS "stopPrice", coalesce(display, 0) AS display,
  coalesce(expires, 0) AS expires, coalesce(self_trade, 0) AS "selfTrade",
  coalesce(post_only, 0) = 1 AS "postOnly", coalesce(pair, 0) AS pair,
  coalesce(reprices, 0) = 1 AS reprices, coalesce(trail, 0) AS trail,
  coalesce(min_quantity, 0) AS "minQuantity", coalesce(fees, 0) AS fees,
  coalesce(review_until, 0) AS "reviewUntil", coalesce(cancelling, 0) = 1 AS "isCancelling",
  coalesce(amend_price, 0) <> 0 AS "isAmending", coalesce(waiting, 0) = 1 AS "isWaiting"`;

export const ORDER_BY_ID = statement(
  "order_by_id",
  `SELECT ${ORDER_COLUMNS} FROM orders WHERE account = $1 AND order_id = $2 AND actor = $3::integer`,
);

/** Each number that a shard gives has a row, until that is archived. */
export const IS_ORDER_ARCHIVED = statement(
  "is_order_archived",
  `SELECT EXISTS (SELECT FROM row_archives WHERE kind = 'orders' AND actor = $2::integer AND first <= $1 AND last >= $1)
     AND NOT EXISTS (SELECT FROM orders WHERE order_id = $1 AND actor = $2::integer) AS archived`,
);

export const ORDER_BY_CLIENT_ID = statement(
  "order_by_client_id",
  `SELECT ${ORDER_COLUMNS} FROM orders WHERE account = $1 AND client_order_id = $2 AND released = 0`,
);

/** In the order of their time, which no index has: by the one of their numbers all accounts' orders would be gone through. */
export const OPEN_ORDERS = statement(
  "open_orders",
  `SELECT ${ORDER_COLUMNS} FROM orders WHERE account = $1 AND status < ${OrderStatus.Filled}
   ORDER BY created DESC, order_id DESC LIMIT $2`,
);

/** Of an instrument and an account, and of a side; each 0: of all. */
export const ORDERS_UNDER_REVIEW = statement(
  "orders_under_review",
  `SELECT ${ORDER_COLUMNS} FROM orders
   WHERE review_until > 0 AND $1::integer IN (0, instrument) AND $2::bigint IN (0, account) AND $3::smallint IN (0, side)
   ORDER BY review_until, order_id LIMIT $4`,
);

export const ASSETS = statement(
  "assets",
  "SELECT asset, name, decimals FROM assets ORDER BY asset",
);

export const INSTRUMENTS = statement(
  "instruments",
  `SELECT instrument AS id, symbol, base_asset AS "baseAsset", quote_asset AS "quoteAsset",
     price_decimals AS "priceDecimals", quantity_decimals AS "quantityDecimals", tick, lot,
     notional_factor AS "notionalFactor", reference_price AS "referencePrice",
     maker_fee AS "makerFee", taker_fee AS "takerFee", fee_tiers AS "feeTiers"
   FROM instruments ORDER BY instrument`,
);

export const INSTRUMENT_SHARDS = statement(
  "instrument_shards",
  "SELECT count(*) AS count FROM shard_instruments WHERE instrument = $1",
);

export const INSERT_INSTRUMENT = `INSERT INTO instruments (instrument, symbol, base_asset, quote_asset,
    price_decimals, quantity_decimals, tick, lot, notional_factor, reference_price,
    maker_fee, taker_fee, fee_tiers)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
  ON CONFLICT (instrument) DO NOTHING`;

/** A market is assigned to the instance that has the fewest; of those to the first. Tells whether that is the home, which this is. */
export const ASSIGN_MARKET = `INSERT INTO actor_instances (actor, instance)
  SELECT $1, i FROM exchange, generate_series(0, instances - 1) AS i
  ORDER BY (SELECT count(*) FROM actor_instances a WHERE a.instance = i AND a.actor >= ${FIRST_MARKET_ID}), i
  LIMIT 1 RETURNING instance = 0 AS "isHere"`;

/** Under the number that it has at home. */
export const COPY_ASSET = `INSERT INTO assets (asset, name, decimals) OVERRIDING SYSTEM VALUE
  VALUES ($1, $2, $3) ON CONFLICT (asset) DO NOTHING`;

/** What is shown of the orders that stand on the book; best prices first on either side. */
export const MARKET_SNAPSHOT = statement(
  "market_snapshot",
  `SELECT a.token, a.event_batch AS "eventBatch", a.time, a.state,
     coalesce(l.sides, '{}') AS sides, coalesce(l.prices, '{}') AS prices,
     coalesce(l.quantities, '{}') AS quantities
   FROM actors a LEFT JOIN LATERAL (
     SELECT array_agg(side) AS sides, array_agg(price) AS prices, array_agg(quantity) AS quantities
     FROM (SELECT side, price, sum(shown)::bigint AS quantity FROM book
           WHERE actor = a.actor AND shown > 0 GROUP BY side, price
           ORDER BY side, CASE side WHEN 1 THEN -price ELSE price END) levels) l ON true
   WHERE a.actor = $1`,
);

export const MARKET_STATE = statement(
  "market_state",
  "SELECT time, state FROM actors WHERE actor = $1 AND kind = 'market'",
);

export const TRADES = statement(
  "trades",
  `SELECT trade_id AS "tradeId", sequence, price, quantity, taker_side AS "takerSide", time
   FROM trades WHERE actor = $1 AND trade_id > $2 ORDER BY trade_id LIMIT $3`,
);

export const NEXT_ACCOUNT = statement(
  "next_account",
  "SELECT nextval('account_numbers') AS account",
);

export const CLAIM_SLOT = statement(
  "claim_slot",
  `INSERT INTO slots (slot, token, holder) VALUES ($1, 1, $2)
   ON CONFLICT (slot) DO UPDATE SET token = slots.token + 1, holder = excluded.holder
   RETURNING token`,
);

export const SLOT = statement("slot", "SELECT token, holder FROM slots WHERE slot = $1");
