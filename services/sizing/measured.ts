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

/** `e2e`, saturated at 17,197 orders/s, when the cores were at their best: batches are large. Three nodes, with standbys. */
export const SATURATED_MICROS_PER_ORDER: OrderCost = {
  postgres: 40.1,
  nodes: 45.6,
  gateways: 10.2,
  nats: 4.4,
  feeds: 0.9,
  etcd: 0.7,
};

/** The same run, quiet: 3.6 batches an order. */
export const QUIET_MICROS_PER_ORDER: OrderCost = {
  postgres: 968,
  nodes: 1_096.5,
  gateways: 268.5,
  nats: 379.5,
  feeds: 48.4,
  etcd: 25.2,
};

/** There 500 orders/s on 10 markets and 2 ledger shards still had nearly batches of their own. */
export const QUIET_ORDERS_PER_SECOND = 500;
export const SATURATED_ORDERS_PER_SECOND = 17_197;
export const MEASURED_SHARDS = 2;
export const MEASURED_SYMBOLS = 10;
export const MEASURED_ACTORS = MEASURED_SHARDS + MEASURED_SYMBOLS;

/** The part of a core that a feed uses where nobody trades: that of the next measurement, with a thousand markets. It is taken off what orders cost it. */
export const IDLE_FEED_CORES = 0.009;
/**
 * On another day, as `failover` measures it: a thousand markets and four ledger shards that nobody trades on, on three nodes with a gateway
 * and a feed; parts of a core, with what the processes use anyway.
 */
export const IDLE_ACTORS = 1_004;
export const IDLE_ACTORS_CORES = { nodes: 0.264, gateways: 0.046, feeds: 0.009, nats: 0.093 };

/** `ledger`, durably, uniform accounts, on two shards: changes of an account. */
export const LEDGER_CHANGES_PER_SECOND = 59_560;
export const LEDGER_CHANGE_SHARDS = 2;

/** `e2e`, saturated: 1,094,852 fills (a trade is two) and 463,548 cancels came of 1,033,886 orders. */
export const FILLS_PER_ORDER = 1_094_852 / 1_033_886;
export const CANCELS_PER_ORDER = 463_548 / 1_033_886;

/** `ledger`: heap of a node for an account with its balance, its deposit and the deposit's key. */
export const BYTES_PER_ACCOUNT = 504;
/** `match`: the engine's arrays for an order that rests. */
export const BYTES_PER_RESTING_ORDER = 109;

/** `npm start` at 206 orders/s, with 0.5 to 0.6 batches an order: rows and indexes. In large batches (0.04 an order) it was 1,000. */
export const DISK_BYTES_PER_ORDER = 1_323;
/** `quiet`, in batches of its own, with whole pages after the first checkpoint. In large batches it was 1,878. */
export const WAL_BYTES_PER_ORDER = 6_039;

/** `npm start`, of one of five markets: messages to a client that follows its trades and depth. */
export const MESSAGES_PER_ORDER = 0.75;
/** The most that were seen of one market, which had 135 orders/s: batches grow rather than come more often. */
export const MESSAGES_PER_SECOND_MAX = 76;
/** The same, 200 clients, while the cores had other work besides: a feed's processor time for each message of 171 bytes to one of them. */
export const MICROS_PER_MESSAGE = 10.2;

/** The largest that was seen of each, on 30 November 2026 of nodes in `overload` and of a gateway in `e2e`, and of the feed in `quiet` on the 27th: what a process has in memory besides its actors' accounts and orders. */
export const MIB_PER_PROCESS = { node: 424, gateway: 223, feed: 116 };
