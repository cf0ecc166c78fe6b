/** What an audit proves, each rule as a query for the rows that break it. An empty answer is the proof. */

import { HOUSE_ACCOUNT_BASE } from "../../actors/kernel/ids.js";
import { NOT_ITS_FILLS } from "../archive/filed-sql.js";
import { BATCH_GAPS, STALE_BATCHES } from "./batch-rules.js";
import { CLIENT_ORDER_IDS } from "./client-order-ids.js";
import { ORDERS_ON_BOOKS, OUTBOX, TRADES_UNDER_WAY, TRANSFERS_UNDER_WAY } from "./letter-rules.js";
import { ACCOUNTS, AMOUNTS } from "./row-rules.js";
import { TRANSFERRED, TRANSFERS, TURNOVER_WRAPS_AT } from "./transfer-rules.js";

export interface Rule {
  readonly name: string;
  /** The table whose rows the query names. */
  readonly table: string;
  /** Is it a part of conservation (R7)? */
  readonly conserves: boolean;
  /** For people: what is so while no row breaks the rule. */
  readonly proves: string;
  readonly violations: string;
}

const JOURNAL_GAPS: Rule = {
  name: "journalGaps",
  table: "journal",
  conserves: false,
  proves:
    "R9: each account's journal is 1, 2, 3, …, goes on from what was archived, and reaches as far as anything that names its numbers.",
  violations: `
    SELECT account, first_sequence, last_sequence, previous + 1 AS expected_first
    FROM (
      SELECT account, first_sequence, last_sequence,
             lag(last_sequence, 1, coalesce(a.sequence, 0)) OVER (PARTITION BY account ORDER BY last_sequence) AS previous
      FROM seen_journal LEFT JOIN archived_accounts a USING (account)
    ) j
    WHERE first_sequence <> previous + 1 OR last_sequence < first_sequence
    UNION ALL
    SELECT account, NULL, coalesce(s.sequence, 0), o.sequence
    FROM (SELECT account, max(last_sequence) AS sequence FROM orders GROUP BY account) o
    LEFT JOIN (
      SELECT account, max(sequence) AS sequence FROM (
        SELECT account, last_sequence AS sequence FROM journal
        UNION ALL SELECT account, sequence FROM archived_accounts
      ) j GROUP BY account
    ) s USING (account)
    WHERE coalesce(s.sequence, 0) < o.sequence
    UNION ALL
    SELECT a.account, NULL, 0, 1 FROM accounts a
    WHERE NOT EXISTS (SELECT FROM journal j WHERE j.account = a.account)
      AND NOT EXISTS (SELECT FROM archived_accounts j WHERE j.account = a.account)`,
};

const JOURNAL_SUMS: Rule = {
  name: "journalSums",
  table: "balances",
  conserves: true,
  proves: "Every balance is the sum of what the journal says of it.",
  violations: `
    SELECT account, asset, b.total, b.held, c.total AS journal_total, c.held AS journal_held
    FROM seen_balances b FULL JOIN seen_changes c USING (account, asset)
    WHERE coalesce(b.total, 0) <> coalesce(c.total, 0) OR coalesce(b.held, 0) <> coalesce(c.held, 0)`,
};

/**
 * What an order may still cost, in quote units for a buyer and base units for a seller. While an amend is on its way, the
 * worst of what can happen: all at the old price, or any part of it before the new one.
 */
export const COST = `CASE
    WHEN o.side <> 1 THEN o.leaves + greatest(coalesce(o.amend_change, 0), 0)
    WHEN coalesce(o.amend_price, 0) = 0 THEN o.price::numeric * o.leaves
    WHEN o.amend_change < 0
      THEN greatest(o.price::numeric * o.leaves, o.amend_price::numeric * (o.leaves + o.amend_change))
    ELSE greatest(o.price, o.amend_price)::numeric * o.leaves + o.amend_price::numeric * o.amend_change
  END * CASE o.side WHEN 1 THEN i.notional_factor ELSE 1 END`;

/** A fee at a rate in millionths on a value, as `actors/kernel/fees.ts` rounds it. */
const fee = (value: string, rate: string): string =>
  `CASE WHEN ${rate} < 0 THEN -floor(-${rate}::numeric * ${value} / 1000000) ELSE ceil(${rate}::numeric * ${value} / 1000000) END`;

/** Was an order charged other fees than its rates' part of what it has traded? */
export const feesWrong = (o: string): string =>
  `${o}.fees <> ${fee(`${o}.maker_value`, `${o}.maker_fee`)} + ${fee(`${o}.taker_value`, `${o}.taker_fee`)}`;

/** What a buyer's order that may still cost so much holds for fees besides (`actors/ledger/charges.ts`). */
const feesHeld = (cost: string): string => `CASE
    WHEN o.side <> 1 OR (coalesce(o.maker_fee, 0) = 0 AND coalesce(o.taker_fee, 0) = 0) THEN 0
    WHEN o.maker_fee <= 0 THEN ${fee(`(o.taker_value + ${cost})`, "o.taker_fee")} - ${fee("o.taker_value", "o.taker_fee")}
    ELSE ${fee(`(o.maker_value + o.taker_value + ${cost})`, "greatest(o.maker_fee, o.taker_fee)")} + 1
      - ${fee("o.maker_value", "o.maker_fee")} - ${fee("o.taker_value", "o.taker_fee")}
  END`;

/**
 * What live orders may still cost, each by itself, with fees. One whose pair has traded costs nothing; two that are a pair and may both
 * still trade cost what the larger of them does, once.
 */
export const HELD_BY_ORDERS = `
    WITH costs AS (
      SELECT o.order_id, o.account, o.pair, CASE o.side WHEN 1 THEN i.quote_asset ELSE i.base_asset END AS asset,
             c.cost + ${feesHeld("c.cost")} AS cost
      FROM seen_orders o JOIN instruments i USING (instrument) CROSS JOIN LATERAL (SELECT ${COST} AS cost) c
      WHERE o.leaves <> 0 AND coalesce(o.pair_done, 0) = 0
    )
    SELECT c.account, c.asset,
           sum(CASE WHEN p.order_id IS NULL THEN c.cost
                    WHEN c.order_id < p.order_id THEN greatest(c.cost, p.cost) ELSE 0 END) AS held
    FROM costs c LEFT JOIN costs p ON p.order_id = c.pair AND p.pair = c.order_id
    GROUP BY 1, 2`;

const HOLDS: Rule = {
  name: "holds",
  table: "balances",
  conserves: true,
  proves: "What is held is what the live orders may still cost, and what is to leave.",
  violations: `
    SELECT account, asset, b.held, h.held AS held_by_orders, w.held AS held_by_withdrawals
    FROM (SELECT account, asset, held FROM seen_balances WHERE held <> 0) b
    FULL JOIN (${HELD_BY_ORDERS}) h USING (account, asset)
    FULL JOIN (SELECT account, asset, sum(amount) AS held FROM seen_leaving GROUP BY account, asset) w
      USING (account, asset)
    WHERE coalesce(b.held, 0) <> coalesce(h.held, 0) + coalesce(w.held, 0)`,
};

const DEPOSITS: Rule = {
  name: "deposits",
  table: "shard_totals",
  conserves: true,
  proves:
    "A shard's count of what came in from outside and has not left is its deposits less its settled withdrawals.",
  violations: `
    SELECT actor, asset, t.deposits, d.amount AS deposits_less_withdrawals
    FROM seen_totals t
    FULL JOIN (
      SELECT actor, asset, sum(amount) AS amount FROM (
        SELECT actor, asset, amount FROM seen_deposits
        UNION ALL SELECT actor, asset, -amount FROM seen_withdrawals
      ) moved GROUP BY actor, asset
    ) d USING (actor, asset)
    WHERE coalesce(t.deposits, 0) <> coalesce(d.amount, 0)`,
};

const FLOWS: Rule = {
  name: "flows",
  table: "links",
  conserves: true,
  proves:
    "What a shard took from a market is what that market's trades say, up to the shard's mark, with what archived ones said.",
  violations: `
    SELECT actor, peer, l.received, l.base_in, l.base_out, l.quote_in, l.quote_out,
           s.base_in AS trades_base_in, s.base_out AS trades_base_out,
           s.quote_in AS trades_quote_in, s.quote_out AS trades_quote_out
    FROM seen_links l
    LEFT JOIN (
      SELECT actor, peer, sum(base_in) AS base_in, sum(base_out) AS base_out, sum(quote_in) AS quote_in, sum(quote_out) AS quote_out
      FROM (
        SELECT shard AS actor, market AS peer,
               sum(quantity) FILTER (WHERE is_buyer) AS base_in,
               sum(quantity) FILTER (WHERE NOT is_buyer) AS base_out,
               sum(cost) FILTER (WHERE NOT is_buyer) AS quote_in,
               sum(cost) FILTER (WHERE is_buyer) AS quote_out
        FROM seen_sides GROUP BY shard, market
        UNION ALL SELECT actor, peer, base_in, base_out, quote_in, quote_out FROM archived_flows
      ) flows GROUP BY actor, peer
    ) s USING (actor, peer)
    WHERE (l.base_in, l.base_out, l.quote_in, l.quote_out) IS DISTINCT FROM
          (coalesce(mod(s.base_in, ${TURNOVER_WRAPS_AT}), 0), coalesce(mod(s.base_out, ${TURNOVER_WRAPS_AT}), 0),
           coalesce(mod(s.quote_in, ${TURNOVER_WRAPS_AT}), 0), coalesce(mod(s.quote_out, ${TURNOVER_WRAPS_AT}), 0))`,
};

const SHARD_BALANCES: Rule = {
  name: "shardBalances",
  table: "balances",
  conserves: true,
  proves:
    "R7 for a shard and an asset: its balances are its deposits and what flowed and was transferred in, less what went out.",
  violations: `
    SELECT actor, asset, sum(total) AS balances, sum(expected) AS deposits_and_flows
    FROM (
      SELECT actor, asset, total::numeric AS total, 0::numeric AS expected FROM seen_balances
      UNION ALL SELECT actor, asset, 0, deposits + transferred_in - transferred_out FROM seen_totals
      UNION ALL SELECT l.actor, i.base_asset, 0, l.base_in - l.base_out
        FROM seen_links l JOIN instruments i ON i.instrument = l.peer
      UNION ALL SELECT l.actor, i.quote_asset, 0, l.quote_in - l.quote_out
        FROM seen_links l JOIN instruments i ON i.instrument = l.peer
    ) parts
    GROUP BY actor, asset
    HAVING mod(sum(total) - sum(expected), ${TURNOVER_WRAPS_AT}) <> 0`,
};

const SETTLEMENTS: Rule = {
  name: "settlements",
  table: "journal",
  conserves: true,
  proves:
    "What an account's journal moved is what it deposited, less what it withdrew, what it was given by transfers, less what " +
    "it sent and did not get back, and what its own trades moved, less their fees; a house account has its shard's fees.",
  violations: `
    SELECT account, asset, sum(total) AS journal_total, sum(expected) AS deposits_and_trades
    FROM (
      SELECT account, asset, total, 0::numeric AS expected FROM seen_changes
      UNION ALL SELECT account, asset, 0, amount FROM seen_deposits
      UNION ALL SELECT account, asset, 0, -amount FROM seen_withdrawals
      UNION ALL SELECT account, asset, 0, -amount FROM seen_transfers WHERE status <> 3
      UNION ALL SELECT account, asset, 0, amount FROM seen_credits
      UNION ALL SELECT f.account, i.quote_asset, 0, -f.fees FROM seen_fees f JOIN instruments i USING (instrument)
      UNION ALL SELECT ${HOUSE_ACCOUNT_BASE} + f.actor, i.quote_asset, 0, f.fees
        FROM seen_fees f JOIN instruments i USING (instrument)
      UNION ALL SELECT account, base_asset, 0, CASE WHEN is_buyer THEN quantity ELSE -quantity END FROM seen_sides
      UNION ALL SELECT account, quote_asset, 0, CASE WHEN is_buyer THEN -cost ELSE cost END FROM seen_sides
      UNION ALL SELECT account, asset, 0, amount FROM archived_settlements
    ) parts
    GROUP BY account, asset
    HAVING sum(total) <> sum(expected)`,
};

const FEES: Rule = {
  name: "fees",
  table: "orders",
  conserves: true,
  proves:
    "What an order was charged is its rates' part of what it has traded, as maker and as taker.",
  violations: `
    SELECT o.order_id, o.account, o.fees, o.maker_value, o.taker_value,
           s.maker_value AS trades_maker_value, s.taker_value AS trades_taker_value
    FROM seen_fees o LEFT JOIN seen_fills s USING (order_id)
    WHERE o.maker_value <> coalesce(s.maker_value, 0) OR o.taker_value <> coalesce(s.taker_value, 0)
       OR ${feesWrong("o")}`,
};

const TRADES_OF_ORDERS: Rule = {
  name: "tradesOfOrders",
  table: "trades",
  conserves: true,
  proves:
    "A side of a trade is of an order of that account and instrument, at the worst limit it has had or better.",
  violations: `
    SELECT s.market AS actor, s.trade_id, s.order_id, s.account, s.price, s.quantity,
           o.account AS order_account, o.price AS order_price
    FROM seen_sides s LEFT JOIN orders o USING (order_id)
    WHERE o.order_id IS NULL OR o.account <> s.account OR o.instrument <> s.market
       OR o.side <> CASE WHEN s.is_buyer THEN 1 ELSE 2 END
       OR CASE WHEN s.is_buyer THEN s.price > greatest(o.price, o.worst_price)
               ELSE s.price < least(o.price, o.worst_price) END
    UNION ALL
    SELECT f.market, NULL, f.order_id, f.account, CASE WHEN f.is_buyer THEN f.highest_price ELSE f.lowest_price END, f.quantity,
           o.account, o.price
    FROM archived_fills f LEFT JOIN orders o USING (order_id) WHERE ${NOT_ITS_FILLS}`,
};

const ORDER_FILLS: Rule = {
  name: "orderFills",
  table: "orders",
  conserves: true,
  proves:
    "An order is filled by just its trades: a live one by those up to its shard's mark, a finished one by all.",
  violations: `
    SELECT o.order_id, o.account, o.filled, coalesce(s.quantity, 0) AS filled_by_trades
    FROM (
      SELECT order_id, account, filled FROM seen_orders
      UNION ALL
      SELECT o.order_id, o.account, o.filled
      FROM orders o JOIN seen_sequences q ON q.account = o.account AND o.last_sequence <= q.sequence
      WHERE o.status >= 4
    ) o
    LEFT JOIN seen_fills s USING (order_id)
    WHERE o.filled <> coalesce(s.quantity, 0)`,
};

const PAIRS: Rule = {
  name: "pairs",
  table: "orders",
  conserves: true,
  proves:
    "Two orders that are a pair name each other and are alike; one that the other has ended has not traded, but the other has.",
  violations: `
    SELECT o.order_id, o.account, o.pair, o.pair_done, o.filled, p.filled AS filled_by_pair
    FROM orders o LEFT JOIN orders p ON p.actor = o.actor AND p.order_id = o.pair
    WHERE o.pair <> 0 AND (
      p.order_id IS NULL OR p.pair IS DISTINCT FROM o.order_id OR p.account <> o.account
      OR (o.status <> 6 AND (p.instrument <> o.instrument OR p.side <> o.side))
      OR (o.filled > 0 AND p.filled > 0) OR (o.pair_done = 1 AND p.filled = 0))`,
};

/** An order that is held for review has not reached its market. */
const REVIEWS: Rule = {
  name: "reviews",
  table: "orders",
  conserves: false,
  proves:
    "An order that is held for review has not reached its market: it is new, unfilled, and on no book.",
  violations: `
    SELECT order_id, account, review_until, filled, status FROM orders o
    WHERE review_until > 0 AND (filled <> 0 OR status <> 1
      OR EXISTS (SELECT FROM book b WHERE b.actor = o.instrument AND b.order_id = o.order_id)
      OR EXISTS (SELECT FROM foreign_booked b WHERE b.order_id = o.order_id))`,
};

const ORDER_QUANTITIES: Rule = {
  name: "orderQuantities",
  table: "orders",
  conserves: false,
  proves:
    "No order is filled, or open, for more than its quantity, and nothing of a filled one is open.",
  violations: `
    SELECT order_id, account, quantity, filled, leaves, status FROM orders
    WHERE filled < 0 OR leaves < 0 OR filled + leaves > quantity OR (status = 4 AND leaves <> 0)`,
};

const CROSSED_BOOKS: Rule = {
  name: "crossedBooks",
  table: "book",
  conserves: false,
  proves: "R8: no crossed book at rest, but in a phase that collects orders.",
  violations: "SELECT actor, best_bid, best_ask, phase FROM seen_crossed_books",
};

const ORDER_TERMS: Rule = {
  name: "orderTerms",
  table: "order_terms",
  conserves: false,
  proves: "An order that is no plain one has its terms, and terms have their order.",
  violations: `
    SELECT t.actor, t.order_id FROM order_terms t
    WHERE NOT EXISTS (SELECT FROM book b WHERE b.actor = t.actor AND b.order_id = t.order_id)
    UNION ALL
    SELECT b.actor, b.order_id FROM book b
    WHERE (b.shown < 0 OR b.shown > b.leaves OR b.leaves < 1)
       OR (b.shown < b.leaves
           AND NOT EXISTS (SELECT FROM order_terms t WHERE t.actor = b.actor AND t.order_id = b.order_id))`,
};

/** In the order in which they are tried: the finest row that breaks comes first. */
export const RULES: readonly Rule[] = [
  AMOUNTS,
  STALE_BATCHES,
  BATCH_GAPS,
  JOURNAL_GAPS,
  JOURNAL_SUMS,
  DEPOSITS,
  TRANSFERS,
  TRANSFERRED,
  TRADES_OF_ORDERS,
  ORDER_FILLS,
  FEES,
  SETTLEMENTS,
  FLOWS,
  PAIRS,
  REVIEWS,
  HOLDS,
  SHARD_BALANCES,
  TRADES_UNDER_WAY,
  TRANSFERS_UNDER_WAY,
  OUTBOX,
  ORDER_QUANTITIES,
  CLIENT_ORDER_IDS,
  CROSSED_BOOKS,
  ORDER_TERMS,
  ORDERS_ON_BOOKS,
  ACCOUNTS,
];
