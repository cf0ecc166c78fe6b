/** The limits of archives, with their units (R11). */

/** What is younger stays: standbys, gateways and clients that fell behind read it, and feeds its trades. */
export const ARCHIVED_AGE_HOURS_MIN = 24;

/** One file has so many batches and journal rows, and a page of batches more: they are deleted in one transaction. */
export const BATCHES_PER_ARCHIVE = 20_000;
export const JOURNAL_ROWS_PER_ARCHIVE = 100_000;

/** Batches that are read at once. */
export const BATCHES_PER_PAGE = 200;

/** One file has so many trades, and a page of them more. */
export const TRADES_PER_ARCHIVE = 100_000;
/** Fewer orders: a client may use the id of one again at any moment, and its shard's commit waits then until they are deleted. */
export const ORDERS_PER_ARCHIVE = 20_000;
/** How often a file of orders is written again, because a client has done so meanwhile. */
export const FILE_TRIES_MAX = 5;

/** Trades or orders that are read at once. */
export const ROWS_PER_PAGE = 2_000;
