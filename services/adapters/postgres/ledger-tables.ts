/** The parts that only ledger shards have. */
import type { Columns, PartTable } from "./tables.js";

const ORDER_PROGRESS: Columns = {
  order_id: "bigint",
  filled: "bigint",
  leaves: "bigint",
  status: "smallint",
  code: "smallint",
  last_sequence: "bigint",
  updated: "bigint",
};

const NEW_ORDER: Columns = {
  ...ORDER_PROGRESS,
  account: "bigint",
  client_order_id: "text",
  instrument: "integer",
  side: "smallint",
  type: "smallint",
  time_in_force: "smallint",
  price: "bigint",
  quantity: "bigint",
  first_sequence: "bigint",
  created: "bigint",
};

const MARKS: Columns = { cancelling: "smallint", waiting: "smallint" };

const AMENDABLE: Columns = {
  ...MARKS,
  stop_price: "bigint",
  display: "bigint",
  amend_price: "bigint",
  amend_change: "bigint",
  worst_price: "bigint",
  pair_done: "smallint",
  maker_value: "bigint",
  taker_value: "bigint",
  fees: "bigint",
};

const FIXED_TERMS: Columns = {
  expires: "bigint",
  self_trade: "smallint",
  post_only: "smallint",
  pair: "bigint",
  reprices: "smallint",
  trail: "bigint",
  min_quantity: "bigint",
  maker_fee: "integer",
  taker_fee: "integer",
};

const BALANCE: Columns = { account: "bigint", asset: "integer", total: "bigint", held: "bigint" };

function changedOrders(part: string, more: Columns): PartTable {
  const columns = { ...ORDER_PROGRESS, ...more };
  return {
    part,
    table: "orders",
    mode: "update",
    columns,
    key: ["actor", "order_id"],
    fromBatch: [],
  };
}

export const LEDGER: readonly PartTable[] = [
  {
    part: "accounts",
    table: "accounts",
    mode: "insert",
    columns: {
      account: "bigint",
      opened: "bigint",
      state: "smallint",
      account_group: "integer",
      tier: "smallint",
      parent: "bigint",
    },
    key: ["account"],
    fromBatch: ["actor"],
  },
  {
    // No account is in this part and in the one above.
    part: "accounts_changed",
    table: "accounts",
    mode: "update",
    columns: {
      account: "bigint",
      state: "smallint",
      account_group: "integer",
      tier: "smallint",
    },
    key: ["account"],
    fromBatch: [],
  },
  {
    part: "account_limits",
    table: "account_limits",
    mode: "upsert",
    columns: {
      account: "bigint",
      orders_per_day: "integer",
      open_orders: "integer",
      requests_per_second: "integer",
      day: "integer",
      orders_today: "integer",
      second: "bigint",
      requests: "integer",
      own: "smallint",
    },
    key: ["account"],
    fromBatch: ["actor"],
  },
  {
    part: "review_limits",
    table: "review_limits",
    mode: "upsert",
    columns: { account: "bigint", asset: "integer", value: "bigint" },
    key: ["account", "asset"],
    fromBatch: ["actor"],
  },
  {
    part: "balances",
    table: "balances",
    mode: "insert",
    columns: BALANCE,
    key: ["account", "asset"],
    fromBatch: ["actor"],
  },
  {
    // No balance is in this part and in the one above.
    part: "balances_changed",
    table: "balances",
    mode: "update",
    columns: BALANCE,
    key: ["account", "asset"],
    fromBatch: [],
  },
  {
    part: "orders_new",
    table: "orders",
    mode: "insert",
    columns: NEW_ORDER,
    key: ["actor", "order_id"],
    fromBatch: ["actor"],
  },
  {
    // An order that is more than plain. No order is in this part and in the one above.
    part: "orders_new_with_terms",
    table: "orders",
    mode: "insert",
    columns: { ...NEW_ORDER, ...AMENDABLE, ...FIXED_TERMS, review_until: "bigint" },
    key: ["actor", "order_id"],
    fromBatch: ["actor"],
  },
  // No order is in two of these: each changes more of its row than the one above.
  changedOrders("orders_changed", {}),
  changedOrders("orders_marked", MARKS),
  changedOrders("orders_amended", { price: "bigint", quantity: "bigint", ...AMENDABLE }),
  changedOrders("orders_reviewed", {
    price: "bigint",
    quantity: "bigint",
    ...AMENDABLE,
    review_until: "bigint",
  }),
  {
    part: "journal",
    table: "journal",
    mode: "insert",
    columns: {
      account: "bigint",
      first_sequence: "bigint",
      last_sequence: "bigint",
      assets: "text",
      total_changes: "text",
      held_changes: "text",
      counted: "text",
      warnings: "smallint",
    },
    key: ["account", "last_sequence"],
    fromBatch: ["actor", "batch", "token", "time"],
    bytesColumn: "events",
    casts: { assets: "integer[]", total_changes: "bigint[]", held_changes: "bigint[]" },
  },
  {
    part: "deposits",
    table: "deposits",
    mode: "insert",
    columns: {
      account: "bigint",
      key: "text",
      asset: "integer",
      amount: "bigint",
      sequence: "bigint",
    },
    key: ["account", "key"],
    fromBatch: ["actor"],
  },
  {
    part: "withdrawals",
    table: "withdrawals",
    mode: "upsert",
    columns: {
      account: "bigint",
      key: "text",
      asset: "integer",
      amount: "bigint",
      status: "smallint",
      requested: "bigint",
      sequence: "bigint",
    },
    key: ["account", "key"],
    fromBatch: ["actor"],
  },
  {
    part: "transfers",
    table: "transfers",
    mode: "upsert",
    columns: {
      account: "bigint",
      key: "text",
      recipient: "bigint",
      asset: "integer",
      amount: "bigint",
      status: "smallint",
      code: "smallint",
      sent: "bigint",
      sequence: "bigint",
    },
    key: ["account", "key"],
    fromBatch: ["actor"],
  },
  {
    part: "credits",
    table: "credits",
    mode: "insert",
    columns: {
      account: "bigint",
      sequence: "bigint",
      sender: "bigint",
      key: "text",
      asset: "integer",
      amount: "bigint",
    },
    key: ["account", "sequence"],
    fromBatch: ["actor"],
  },
  {
    part: "shard_totals",
    table: "shard_totals",
    mode: "upsert",
    columns: {
      asset: "integer",
      deposits: "bigint",
      transferred_in: "bigint",
      transferred_out: "bigint",
    },
    key: ["actor", "asset"],
    fromBatch: ["actor"],
  },
  {
    part: "shard_instruments",
    table: "shard_instruments",
    mode: "upsert",
    columns: { instrument: "integer", reference_price: "bigint" },
    key: ["actor", "instrument"],
    fromBatch: ["actor"],
    bytesColumn: "definition",
  },
  {
    // A link whose trades moved something: the link's columns and the running totals together.
    part: "links_flows",
    table: "links",
    mode: "upsert",
    columns: {
      peer: "integer",
      token: "bigint",
      received: "bigint",
      sent: "bigint",
      base_in: "bigint",
      base_out: "bigint",
      quote_in: "bigint",
      quote_out: "bigint",
    },
    key: ["actor", "peer"],
    fromBatch: ["actor"],
  },
];
