/**
 * What a part of the exchange costs, as it was measured on two shared cores with everything on them. Whoever measures again changes the
 * number here, and the page with `SIZING_REWRITE=1 npx vitest run test/unit/sizing.test.ts`; `test/bench/README.md` says how each was come by.
 */

/** Microseconds of a core per order, by kind of process. */
export interface OrderCost {
  readonly postgres: number;
  readonly nodes: number;
  readonly gateways: number;
  readonly nats: number;
  readonly feeds: number;
  readonly etcd: number;
}

/** `e2e`, saturated at 10,661 orders/s: batches are large. Three nodes, before there were standbys. */
export const SATURATED_MICROS_PER_ORDER: OrderCost = {
  postgres: 73,
  nodes: 54,
  gateways: 17,
  nats: 12,
  feeds: 2,
  etcd: 1,
};

/** `e2e`, quiet: each order is in batches of its own. */
export const QUIET_MICROS_PER_ORDER: OrderCost = {
  postgres: 874,
  nodes: 855,
  gateways: 263,
  nats: 356,
  feeds: 49,
  etcd: 27,
};

/** `e2e`, quiet: 500 orders/s on 10 markets and 4 ledger shards were still in batches of their own. */
export const QUIET_ORDERS_PER_SECOND = 500;
export const QUIET_ACTORS = 14;

/** `ledger`, durably, uniform accounts, on two shards: changes of an account. */
export const LEDGER_CHANGES_PER_SECOND = 24_818;
export const LEDGER_CHANGE_SHARDS = 2;

/** `e2e`, saturated: 680,232 fills (a trade is two) and 303,161 cancels came of 641,817 orders. */
export const FILLS_PER_ORDER = 680_232 / 641_817;
export const CANCELS_PER_ORDER = 303_161 / 641_817;

/** `ledger`: heap of a node for an account with its balance, its deposit and the deposit's key. */
export const BYTES_PER_ACCOUNT = 484;
/** `match`: the engine's arrays for an order that rests. */
export const BYTES_PER_RESTING_ORDER = 109;

/** `npm start` at 206 orders/s, with 0.5 to 0.6 batches an order: rows and indexes. In large batches (0.04 an order) it was 1,000. */
export const DISK_BYTES_PER_ORDER = 1_323;
/** The same, right after a checkpoint, so with whole pages. In large batches it was 1,865. */
export const WAL_BYTES_PER_ORDER = 3_106;

/** The same, of one of five markets: messages to a client that follows its trades and depth. */
export const MESSAGES_PER_ORDER = 0.75;
/** The most that were seen of one market, which had 135 orders/s: batches grow rather than come more often. */
export const MESSAGES_PER_SECOND_MAX = 76;
/** The same, 200 clients: a feed's processor time for each message of 171 bytes to one of them. */
export const MICROS_PER_MESSAGE = 10.2;

/** The largest that was seen of each there: what a process has in memory besides its actors' accounts and orders. */
export const MIB_PER_PROCESS = { node: 166, gateway: 155, feed: 83 };
