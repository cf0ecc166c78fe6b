/** The limits of archives, with their units (R11). */

/** What is younger stays: standbys, gateways and clients that fell behind read it. */
export const ARCHIVED_AGE_HOURS_MIN = 24;

/** One file has so many batches and journal rows, and a page of batches more: they are deleted in one transaction. */
export const BATCHES_PER_ARCHIVE = 20_000;
export const JOURNAL_ROWS_PER_ARCHIVE = 100_000;

/** Batches that are read at once. */
export const BATCHES_PER_PAGE = 200;
