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

interface ImpossibleAmount {
  readonly table: string;
  /** The columns that name a row beside its actor. */
  readonly number: string;
  readonly key: "key" | "NULL";
  readonly condition: string;
}

/** A shard's deposits are not among them: they are below zero where more has left than came in. */
export const IMPOSSIBLE_AMOUNTS: readonly ImpossibleAmount[] = [
  { table: "trades", number: "trade_id", key: "NULL", condition: "least(price, quantity) < 1" },
  { table: "deposits", number: "account", key: "key", condition: "amount < 1" },
  { table: "withdrawals", number: "account", key: "key", condition: "amount < 1" },
  { table: "transfers", number: "account", key: "key", condition: "amount < 1" },
  { table: "credits", number: "account", key: "key", condition: "amount < 1" },
  { table: "book", number: "order_id", key: "NULL", condition: "least(price, leaves) < 1" },
  {
    table: "shard_totals",
    number: "asset",
    key: "NULL",
    condition: "least(transferred_in, transferred_out) < 0",
  },
  {
    table: "links",
    number: "peer",
    key: "NULL",
    condition: "least(received, sent, base_in, base_out, quote_in, quote_out) < 0",
  },
  {
    table: "account_limits",
    number: "account",
    key: "NULL",
    condition:
      "least(orders_per_day, open_orders, requests_per_second, orders_today, requests) < 0",
  },
  { table: "review_limits", number: "account", key: "NULL", condition: "value < 0" },
];

export const AMOUNTS: Rule = {
  name: "amounts",
  table: "any",
  conserves: false,
  proves: "Nothing that was moved, traded, counted or set as a limit is below what it can be.",
  violations: IMPOSSIBLE_AMOUNTS.map(
    ({ table, number, key, condition }) => `
    SELECT '${table}' AS of_table, actor, ${number} AS number, ${key} AS key FROM ${table} WHERE ${condition}`,
  ).join(" UNION ALL"),
};
