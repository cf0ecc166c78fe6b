/** R10: an order may have the client order id of another only from a day after that has ended. */
import { CLIENT_ORDER_ID_KEPT_MICROS } from "../../actors/kernel/limits.js";
import { OrderStatus } from "../../actors/kernel/order.js";
import type { Rule } from "./rules.js";

/**
 * The index sees to it that one order at most has an id and is not released; each that is has one that came after it, which may have been
 * archived before it.
 */
export const CLIENT_ORDER_IDS: Rule = {
  name: "clientOrderIds",
  table: "orders",
  conserves: false,
  proves:
    "A client order id is an account's once; another order has it only from a day after the one before has ended.",
  violations: `
    SELECT order_id, account, client_order_id, status, updated, next_order_id, next_created FROM (
      SELECT actor, order_id, account, client_order_id, released, status, updated,
             lead(order_id) OVER w AS next_order_id, lead(created) OVER w AS next_created
      FROM orders WHERE (account, client_order_id) IN (SELECT account, client_order_id FROM orders WHERE released <> 0)
      WINDOW w AS (PARTITION BY account, client_order_id ORDER BY order_id)
    ) o
    WHERE CASE released WHEN 0 THEN next_order_id IS NOT NULL
          ELSE (next_order_id IS NULL AND order_id > coalesce((SELECT max(last) FROM row_archives r WHERE r.kind = 'orders' AND r.actor = o.actor), 0))
            OR status < ${OrderStatus.Filled}
            OR next_created - updated < ${CLIENT_ORDER_ID_KEPT_MICROS} END`,
};
