/** Every limit of the pure core, in one place, with its unit in its name (R11). */

/** A balance, a notional or a quantity never leaves the integers that a double holds exactly. */
export const UNITS_MAX = Number.MAX_SAFE_INTEGER;

export const PRICE_UNITS_MAX = 10 ** 12;
export const QUANTITY_UNITS_MAX = 10 ** 12;

export const ACCOUNT_ID_MAX = 2 ** 48;
export const CLIENT_ORDER_ID_LENGTH_MAX = 36;
export const DEPOSIT_KEY_LENGTH_MAX = 64;
export const SYMBOL_LENGTH_MAX = 24;
export const DECIMALS_MAX = 9;

/** What a ledger shard ever takes of one asset: the 512th part, so that all shards together stay exact. */
export const SHARD_DEPOSITS_UNITS_MAX = Math.floor(UNITS_MAX / 512);

/** The highest rate of a fee, in millionths of a trade's value: a tenth. */
export const FEE_RATE_MAX = 100_000;

/** Asset numbers are 32-bit in rows. */
export const ASSET_ID_MAX = 2 ** 31 - 1;

/** Live orders of one account. */
export const OPEN_ORDERS_PER_ACCOUNT_MAX = 10_000;

/** The highest that an operator may set as an account's limit of anything. */
export const ACCOUNT_LIMIT_MAX = 1_000_000;

/** Sub-accounts of one account. */
export const SUB_ACCOUNTS_MAX = 100;

/** The highest tier of accounts, and so how many an instrument may have fees for besides those of tier 0. */
export const ACCOUNT_TIER_MAX = 15;

/** How long an order that is held for review waits for an operator. */
export const REVIEW_TIME_LIMIT_SECONDS = 3_600;

/** Numbers of groups of accounts are 32-bit in rows. */
export const ACCOUNT_GROUP_MAX = 2 ** 31 - 1;

/** Resting orders of one market. */
export const RESTING_ORDERS_MAX = 2_000_000;

/** Prices at which orders rest (or stops wait) on one side of a market. */
export const LEVELS_PER_SIDE_MAX = 100_000;

/** Stops of one market that follow its price: all of them may move with each trade. */
export const TRAILING_STOPS_MAX = 1_000;

/** Makers that one taker meets: the rest of it ends. */
export const SWEEP_MAKERS_MAX = 10_000;

/** Orders that one mass cancel ends. */
export const MASS_CANCEL_ORDERS_MAX = 100_000;

/** Expired orders that are ended at once, before a batch, by a market or a ledger shard; what is left follows in the next. */
export const EXPIRIES_AT_ONCE_MAX = 1_000;

/** Entries of a market's schedule. */
export const SCHEDULE_ENTRIES_MAX = 64;

/** Steps of a circuit breaker, and its longest window and halt. */
export const BREAKER_STEPS_MAX = 8;
export const BREAKER_SECONDS_MAX = 86_400;

/** A command is refused in a batch that is later than this after it came in: ten seconds. */
export const COMMAND_LIFETIME_MICROS = 10_000_000;

/** For how long a client order id stays with an order that has ended: a day. Then another order may have it (R10). */
export const CLIENT_ORDER_ID_KEPT_MICROS = 86_400_000_000;

/** By the time of a batch an id is free so much later: whatever this batch takes, and does not refuse, came in after that day. */
export const CLIENT_ORDER_ID_FREE_AFTER_MICROS =
  CLIENT_ORDER_ID_KEPT_MICROS + COMMAND_LIFETIME_MICROS;

/**
 * Finished orders whose client ids a shard keeps in memory. Above it the oldest are forgotten in memory; the unique
 * index of the orders table still knows them (R10).
 */
export const FINISHED_ORDERS_IN_MEMORY_MAX = 200_000;

/** Of these, how many a recovery reads: enough for what clients repeat at once, little enough to be back soon. */
export const FINISHED_ORDERS_RECOVERED_MAX = 20_000;

/** Commands in one frame, and bytes of one frame: JetStream's own limit is above. */
export const FRAME_COMMANDS_MAX = 1_000;
export const FRAME_BYTES_MAX = 1_000_000;

/** Commands in one batch: the batch ends with the frame that reaches it. */
export const BATCH_COMMANDS_MAX = 2_000;

/** How far the price of a market order may be from the reference price: a fifth. */
export const MARKET_ORDER_BAND_DIVISOR = 5;
