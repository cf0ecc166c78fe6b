/** The gateway's limits and intervals, with their units (R11). */

import { COMMAND_LIFETIME_MICROS } from "../../actors/kernel/limits.js";
import { QUEUES } from "../common/queues.js";

/** How many streams of a kind there may be at once. */
export interface StreamLimits {
  /** Of one client that acts for some accounts. */
  readonly ofClient: number;
  /** Of all of these: a client is who it says it is, and may call itself many. */
  readonly ofClients: number;
  /** Of those that act for all accounts: operators, and programs that stand for many clients. */
  readonly ofOperators: number;
}

/** A command is refused by its receiver in a batch later than this after it came in. */
export const COMMAND_DEADLINE_MS = COMMAND_LIFETIME_MICROS / 1_000;
/** A call without an answer so long after its command's deadline ends as unknown. */
export const ANSWER_GRACE_MS = 1_500;
export const ANSWER_MS_MAX = COMMAND_DEADLINE_MS + ANSWER_GRACE_MS;

/** Commands that one receiver has not confirmed yet; above it new ones are refused. */
export const PENDING_COMMANDS_PER_RECEIVER_MAX = QUEUES["gateway-pending"].limit;
/** When to try again after such a refusal, and others that end when somebody else does something. */
export const RETRY_WHEN_FULL_MS = 100;
/** Those who come too many within so long are told the same few things. */
export const OVERLOADED_TOLD_MS = 10;
/** A receiver that nobody was heard to lead for so long gets no new commands. */
export const NO_LEADER_AFTER_MS = 1_000;
export const RETRY_WITHOUT_LEADER_MS = 200;
/** Another gateway, or the next of this slot, is asked after so long. */
export const RETRY_WHEN_STOPPING_MS = 100;
/** After a stream was full, nothing new is sent to it for so long. */
export const STREAM_FULL_PAUSE_MS = 1_000;
/** Those who were refused meanwhile are told to come back within so long after that, evenly. */
export const STREAM_FULL_RETURN_MS = 1_000;

/**
 * Frames handed to the log and not yet taken by it, per receiver; above it nothing is sent again. The log ends a publication
 * after two seconds, in which a frame is overdue four times: that many of `RESEND_FRAMES_MAX`.
 */
export const FRAMES_IN_FLIGHT_MAX = QUEUES["gateway-publishing"].limit;
/** While there are so many of them, new commands gather in the next frame. */
export const PUBLISHES_IN_FLIGHT_MAX = 4;

/** A frame that its receiver has not confirmed is sent again after so long. */
export const RESEND_AFTER_MS = 500;
export const CHECK_EVERY_MS = 50;
/** Frames sent again at once; the rest follow as these are confirmed. */
export const RESEND_FRAMES_MAX = 64;

/** A frame that is announced but has not come is waited for so long before Postgres is read. */
export const LATE_FRAME_MS = 20;
/** Frames of a shard that are kept while Postgres is read; above it they are dropped and it is read again. */
export const BUFFERED_FRAMES_MAX = QUEUES["gateway-frames"].limit;
/** Batches and journal rows read at once. */
export const BATCHES_PER_PAGE = 100;
export const JOURNAL_ROWS_PER_PAGE = 200;
/** After a failed read of Postgres the next follows after so long. */
export const RETRY_READ_AFTER_MS = 100;

/** How often the slot's row is looked at, to notice another claimant; and Postgres's clock. */
export const SLOT_CHECK_EVERY_MS = 1_000;
export const TIME_READ_EVERY_MS = 5_000;

export const ACCOUNTS_PER_SESSION_MAX = 10_000;
export const ACCOUNTS_PER_STREAM_MAX = 10_000;
/** Accounts of one stream whose journals are read at the same time. */
export const CATCH_UPS_AT_ONCE = 4;
/** Blocks of an account that are kept while its journal is read; above it they are dropped and it is read on. */
export const BUFFERED_BLOCKS_MAX = QUEUES["gateway-blocks"].limit;
/** Events that a subscriber has not taken; above it the stream is closed. Below the low mark journals are read on. */
export const QUEUED_EVENTS_MAX = QUEUES["gateway-events"].limit;
export const QUEUED_EVENTS_LOW = 10_000;
/** Of all subscribers; above it each has `EVENTS_PER_MESSAGE_MAX`, and journals are read on for those that have none. */
export const QUEUED_EVENTS_ALL_MAX = QUEUES["gateway-events-all"].limit;
export const EVENTS_PER_MESSAGE_MAX = 1_000;

/** Streams of all accounts' warnings that one gateway has at once; above it new ones are refused. */
export const WARNING_STREAMS_MAX = QUEUES["gateway-warning-streams"].limit;
export const WARNING_ROWS_PER_PAGE = 200;

/** One message that a client sends. */
export const MESSAGE_BYTES_MAX = 1_048_576;
export const COMMANDS_PER_MESSAGE_MAX = 1_000;
/** Commands of one client's order-entry streams without an answer; above it they are not read. */
export const ENTRY_COMMANDS_IN_FLIGHT_MAX = QUEUES["gateway-client"].limit;
/** Order-entry streams, and streams of accounts' events, that there may be at once: see `stream-count.ts`. */
export const ENTRY_STREAMS_MAX: StreamLimits = {
  ofClient: QUEUES["gateway-entry-streams"].limit,
  ofClients: QUEUES["gateway-entry-streams-clients"].limit,
  ofOperators: QUEUES["gateway-entry-streams-operators"].limit,
};
export const EVENT_STREAMS_MAX: StreamLimits = {
  ofClient: QUEUES["gateway-event-streams"].limit,
  ofClients: QUEUES["gateway-event-streams-clients"].limit,
  ofOperators: QUEUES["gateway-event-streams-operators"].limit,
};
/** Connections of clients; whoever comes then is not let in. */
export const CONNECTIONS_MAX = QUEUES["gateway-connections"].limit;
/**
 * Calls that one connection has under way, streams too; what is beyond waits at the client until one of them ends. It is more than the
 * streams that a client may have, so that they never keep its other calls waiting.
 */
export const CALLS_PER_CONNECTION_MAX = 512;

/** A new instrument's market is waited for so long, and then the ledger shards for so long. */
export const MARKET_LEADER_MS_MAX = 15_000;
export const INSTRUMENT_KNOWN_MS_MAX = 20_000;
export const INSTRUMENT_CHECK_EVERY_MS = 50;
/** The list of instruments is read at most this often for symbols that are not known. */
export const CATALOG_READ_EVERY_MS = 200;

/** Rows of the journal that an order's fills are looked for in. */
export const OPEN_ORDERS_LISTED_MAX = 1_000;
export const FILLS_JOURNAL_ROWS_MAX = 20_000;

/** A gateway that is stopping waits so long for answers. */
export const DRAIN_MS_MAX = 3_000;
