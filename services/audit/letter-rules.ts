/** What an audit proves of what is under way: that it is really in a letter to whoever has to take it, and so will arrive (R4, R7). */
import { sidesOf } from "../archive/filed-sql.js";
import { TransferStatus } from "../../actors/ledger/transfers.js";
import type { Rule } from "./rules.js";

export const OUTBOX: Rule = {
  name: "outbox",
  table: "outbox",
  conserves: true,
  proves:
    "R4: what an actor has sent and its receiver has not taken is in its outbox, number by number, up to the last that it has sent.",
  violations: `
    WITH said AS (
      SELECT l.actor, l.peer AS destination, coalesce(m.received, 0) AS received, l.sent
      FROM seen_links l LEFT JOIN seen_marks m ON m.sender = l.actor AND m.receiver = l.peer
    ), kept AS (
      SELECT o.actor, o.destination, coalesce(s.received, 0) AS received, coalesce(s.sent, 0) AS sent, o.first, o.last,
             lag(o.last, 1, 0::bigint) OVER (PARTITION BY o.actor, o.destination ORDER BY o.last) AS previous
      FROM seen_outbox o LEFT JOIN said s USING (actor, destination)
    )
    SELECT actor, destination, received, sent, first, last FROM kept
    WHERE first <= previous OR last < first OR last > sent
       OR (last > received AND first > greatest(previous, received) + 1)
    UNION ALL
    SELECT s.actor, s.destination, s.received, s.sent, NULL, max(o.last)
    FROM said s LEFT JOIN seen_outbox o USING (actor, destination)
    GROUP BY 1, 2, 3, 4 HAVING s.sent > s.received AND coalesce(max(o.last), 0) < s.sent
    UNION ALL
    SELECT m.sender, m.receiver, m.received, coalesce(l.sent, 0), NULL, NULL
    FROM seen_marks m LEFT JOIN links l ON l.actor = m.sender AND l.peer = m.receiver
    WHERE m.received > coalesce(l.sent, 0)
    UNION ALL
    SELECT actor, destination, NULL, NULL, NULL, last FROM seen_unreadable`,
};

export const TRADES_UNDER_WAY: Rule = {
  name: "tradesUnderWay",
  table: "trades",
  conserves: true,
  proves:
    "A side of a trade that its shard has not taken is in the letter that tells it, under the number that the trade says.",
  violations: `
    SELECT s.market AS actor, s.trade_id, s.order_id, s.number, coalesce(m.received, 0) AS received, coalesce(l.sent, 0) AS sent
    FROM (${sidesOf("(SELECT o.* FROM trades o JOIN seen_actors a USING (actor) WHERE o.batch <= a.batch)")}) s
    LEFT JOIN seen_links l ON l.actor = s.market AND l.peer = s.shard
    LEFT JOIN seen_marks m ON m.sender = s.market AND m.receiver = s.shard
    LEFT JOIN seen_letters w ON w.kind = 'trade' AND w.actor = s.market AND w.destination = s.shard AND w.number = s.number
      AND w.order_id = s.order_id AND (w.trade_id, w.price, w.quantity) = (s.trade_id, s.price, s.quantity)
    WHERE s.number < 1 OR s.number > coalesce(l.sent, 0)
       OR (s.number > coalesce(m.received, 0) AND w.number IS NULL)`,
};

/** A transfer that has ended since the snapshot was under way then. */
export const TRANSFERS_UNDER_WAY: Rule = {
  name: "transfersUnderWay",
  table: "transfers",
  conserves: true,
  proves:
    "A transfer that is sent is in a letter that its recipient's shard has not taken, or in that shard's answer, which says what was done.",
  violations: `
    SELECT t.account, t.key, t.recipient, t.asset, t.amount
    FROM seen_sent t JOIN transfers n USING (account, key)
    WHERE n.status = ${TransferStatus.Sent} AND NOT EXISTS (
      SELECT FROM seen_letters w LEFT JOIN seen_marks m ON m.sender = w.actor AND m.receiver = w.destination
      WHERE w.kind = 'credit' AND w.actor = t.actor AND w.number > coalesce(m.received, 0)
        AND (w.account, w.key, w.recipient, w.asset, w.amount) = (t.account, t.key, t.recipient, t.asset, t.amount)
    ) AND NOT EXISTS (
      SELECT FROM seen_answers w LEFT JOIN seen_links l ON l.actor = w.destination AND l.peer = w.actor
      WHERE w.destination = t.actor AND (w.account, w.key) = (t.account, t.key) AND w.number > coalesce(l.received, 0)
        AND (w.code = 0) = (EXISTS (SELECT FROM credits c WHERE (c.sender, c.key) = (t.account, t.key))
          OR EXISTS (SELECT FROM foreign_credits c WHERE (c.sender, c.key) = (t.account, t.key)))
    )`,
};

/** Only of orders whose shard and market are both of this instance. */
export const ORDERS_ON_BOOKS: Rule = {
  name: "ordersOnBooks",
  table: "book",
  conserves: false,
  proves:
    "An open order has the limit and the quantity on its market's book that its account sees, unless something about it is under way.",
  violations: `
    SELECT u.* FROM (
      SELECT coalesce(b.actor, o.instrument) AS actor, coalesce(b.order_id, o.order_id) AS order_id,
             o.price, o.leaves, b.price AS book_price, b.leaves AS book_leaves
      FROM (SELECT * FROM seen_orders WHERE coalesce(review_until, 0) = 0 AND instrument IN (SELECT actor FROM seen_actors)) o
      FULL JOIN (SELECT * FROM seen_book WHERE order_id % 1024 IN (SELECT actor FROM seen_actors)) b USING (order_id)
      WHERE (b.actor, b.account, b.side, b.price, b.leaves) IS DISTINCT FROM (o.instrument, o.account, o.side, o.price, o.leaves)
    ) u
    WHERE NOT EXISTS (
      SELECT FROM seen_letters w LEFT JOIN seen_links l ON l.actor = w.destination AND l.peer = w.actor
      WHERE w.order_id = u.order_id AND w.number > coalesce(l.received, 0))`,
};
