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

/** `e2e`, saturated at 4,064 orders/s on a slow day: batches are large. Three nodes, with standbys. */
export const SATURATED_MICROS_PER_ORDER: OrderCost = {
  postgres: 144,
  nodes: 184,
  gateways: 35,
  nats: 33,
  feeds: 8,
  etcd: 6,
};

/** The same run, quiet: 1.2 batches an order. */
export const QUIET_MICROS_PER_ORDER: OrderCost = {
  postgres: 1_049,
  nodes: 1_275,
  gateways: 300,
  nats: 487,
  feeds: 88,
  etcd: 47,
};

/** There 500 orders/s on 10 markets and 2 ledger shards still had nearly batches of their own. */
export const QUIET_ORDERS_PER_SECOND = 500;
export const SATURATED_ORDERS_PER_SECOND = 4_064;
export const MEASURED_SHARDS = 2;
export const MEASURED_SYMBOLS = 10;
export const MEASURED_ACTORS = MEASURED_SHARDS + MEASURED_SYMBOLS;

/** The same day, the same exchange, with nothing to do: the part of a core that the feed used. It is taken off what orders cost on that day. */
export const IDLE_FEED_CORES = 0.02;
/**
 * On another day, as `failover` measures it: a thousand markets and four ledger shards that nobody trades on, on three nodes with a gateway
 * and a feed; parts of a core, with what the processes use anyway.
 */
export const IDLE_ACTORS = 1_004;
export const IDLE_ACTORS_CORES = { nodes: 0.264, gateways: 0.046, feeds: 0.009, nats: 0.093 };

/** `ledger`, durably, uniform accounts, on two shards: changes of an account. */
export const LEDGER_CHANGES_PER_SECOND = 24_818;
export const LEDGER_CHANGE_SHARDS = 2;

/** There, saturated: 130,690 fills (a trade is two) and 57,915 cancels came of 124,128 orders. */
export const FILLS_PER_ORDER = 130_690 / 124_128;
export const CANCELS_PER_ORDER = 57_915 / 124_128;

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

/** The largest that was seen of each in `quiet`, and of the gateway in `soak`, on 27 November 2026: what a process has in memory besides its actors' accounts and orders. */
export const MIB_PER_PROCESS = { node: 285, gateway: 204, feed: 116 };
