/** The feed's limits and intervals, with their units (R11). */
import { QUEUES } from "../common/queues.js";

/** What a client may send: larger messages are refused; those far larger close the connection (code 1009). */
export const MESSAGE_BYTES_MAX = 16_384;
export const MESSAGE_BYTES_CLOSING = 1_048_576;
export const MESSAGES_PER_SECOND_MAX = 50;
/** Requests of one client that wait for an answer; more are refused. */
export const REQUESTS_WAITING_MAX = QUEUES["feed-requests"].limit;
export const REQUEST_ID_LENGTH_MAX = 64;
export const CHANNELS_PER_REQUEST_MAX = 256;
export const CHANNELS_PER_CONNECTION_MAX = 1_024;
export const CONNECTIONS_MAX = QUEUES["feed-connections"].limit;

/** Above so many bytes that a client has not read yet, its depth diffs are merged and snapshots wait. */
export const CONFLATE_ABOVE_BYTES = 262_144;
/** Above so many it is closed; a single message may still go beyond. */
export const CLOSE_ABOVE_BYTES = QUEUES["feed-unread"].limit;
/** A client whose diffs had to be merged for so long without a pause is closed too. */
export const CONFLATED_MS_MAX = 10_000;
/** How often it is looked whether a slow client can take more. */
export const DRAIN_EVERY_MS = 10;
/** A client that does not answer the closing handshake is dropped after so long. */
export const CLOSING_MS_MAX = 1_000;

/** Clients are pinged this often; one that did not answer the ping before is dropped. */
export const PING_EVERY_MS = 15_000;

/** Frames of a market that are kept while its snapshot is read; above it they are dropped and it is read again. */
export const BUFFERED_FRAMES_MAX = QUEUES["feed-frames"].limit;
/** Trades read at once when some are missing. */
export const TRADES_PER_PAGE = 1_000;
/** After a failed read of Postgres the next follows after so long. */
export const RETRY_READ_AFTER_MS = 200;
/** The list of instruments is read at most this often for symbols that are not known. */
export const INSTRUMENTS_READ_EVERY_MS = 200;
