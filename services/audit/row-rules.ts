/** What an audit proves of rows by themselves: whose they are, and that no amount is one that cannot be. */
import { AccountState } from "../../actors/ledger/account-state.js";
import type { Rule } from "./rules.js";

const STATES = Object.values(AccountState).join(", ");

export const ACCOUNTS: Rule = {
  name: "accounts",
  table: "accounts",
  conserves: false,
  proves:
    "Whatever has a balance, a live order, limits or a journal is an account of the shard that says so, in a state that there is; so is a parent.",
  violations: `
    SELECT n.account, n.named_in, n.actor, a.actor AS account_actor, a.state
    FROM (
      SELECT account, actor, 'balances' AS named_in FROM seen_balances
      UNION ALL SELECT account, actor, 'orders' FROM seen_orders
      UNION ALL SELECT account, NULL, 'journal' FROM seen_sequences
      UNION ALL SELECT account, actor, 'account_limits' FROM account_limits
      UNION ALL SELECT account, actor, 'review_limits' FROM review_limits
      UNION ALL SELECT parent, actor, 'accounts' FROM accounts WHERE parent <> 0
    ) n LEFT JOIN accounts a USING (account)
    WHERE a.account IS NULL OR a.actor <> n.actor OR a.state NOT IN (${STATES}) OR (n.named_in = 'accounts' AND a.parent <> 0)`,
};

export const AMOUNTS: Rule = {
  name: "amounts",
  table: "any",
  conserves: false,
  proves: "Nothing that was moved, traded, counted or set as a limit is below what it can be.",
  violations: `
    SELECT 'trades' AS of_table, actor, trade_id AS number, NULL AS key FROM trades WHERE price < 1 OR quantity < 1
    UNION ALL SELECT 'deposits', actor, account, key FROM deposits WHERE amount < 1
    UNION ALL SELECT 'withdrawals', actor, account, key FROM withdrawals WHERE amount < 1
    UNION ALL SELECT 'transfers', actor, account, key FROM transfers WHERE amount < 1
    UNION ALL SELECT 'credits', actor, account, key FROM credits WHERE amount < 1
    UNION ALL SELECT 'book', actor, order_id, NULL FROM book WHERE price < 1 OR leaves < 1
    UNION ALL SELECT 'shard_totals', actor, asset, NULL FROM shard_totals WHERE least(deposits, transferred_in, transferred_out) < 0
    UNION ALL SELECT 'links', actor, peer, NULL FROM links
      WHERE least(received, sent, base_in, base_out, quote_in, quote_out) < 0
    UNION ALL SELECT 'account_limits', actor, account, NULL FROM account_limits
      WHERE least(orders_per_day, open_orders, requests_per_second, orders_today, requests) < 0
    UNION ALL SELECT 'review_limits', actor, account, NULL FROM review_limits WHERE value < 0`,
};
