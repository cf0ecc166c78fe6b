/** The host's limits and intervals, with their units (R11). */

/** A leader looks this often whether it has something new to say of where it stands; marks that have moved go with it. */
export const ANNOUNCE_EVERY_MS = 100;
/**
 * One that has nothing new to say does so only this often: a thousand idle markets are heard by every process there is. Nodes and gateways take
 * a leader for gone that they have not heard for a second: one announcement may be lost, and the next 400 ms late.
 */
export const ANNOUNCE_IDLE_EVERY_MS = 300;

/** A leader whose commit has had no answer for so long no longer says that it leads. */
export const COMMIT_HANGS_AFTER_MS = 700;

/** The commits of a node that are under way end first, but one that hangs holds up the next ones only for so long. */
export const COMMIT_TURN_MS_MAX = 100;
/**
 * Commits that take so long are those of a busy machine: they begin together then, at steps that are at most so long. What they took
 * is forgotten when none has ended for so long.
 */
export const COMMIT_IS_SLOW_MS = 4;
export const COMMIT_STEP_MS_MAX = 16;
export const COMMITS_REMEMBERED_MS = 100;

/** A receiver asks the same source at most this often to send again. */
export const RESEND_REQUEST_EVERY_MS = 50;

/** An outbox frame that no receiver has confirmed for so long is sent again. */
export const RESEND_AFTER_MS = 1_000;
export const RESEND_CHECK_EVERY_MS = 100;
/** Frames sent again at once; the rest follow as these are confirmed. */
export const RESEND_FRAMES_MAX = 64;

/** A receiver that takes so long to commit what it is sent is told of, if it is so much: less is no queue, only slow. */
export const LAG_TOLD_MS_MIN = 1_000;
export const LAG_TOLD_COMMANDS_MIN = 2_000;
/** Who leads and confirms nothing for so long is late, whatever was before. */
export const LAG_STUCK_MS = 3_000;

/** One receiver that has not committed so many is told of at once, as one that is late: nothing new is accepted for it. */
export const OUTBOX_COMMANDS_MAX = 50_000;

/** Outbox rows that are confirmed are deleted together, by one batch in so long. */
export const DELETE_CONFIRMED_EVERY_MS = 250;

/** When nothing else commits, confirmed outbox rows are deleted after so long. */
export const TIDY_AFTER_MS = 1_000;

/** Whoever waits for something that is due looks at Postgres's time again after so long. */
export const TICK_WAIT_MS_MAX = 60_000;
/** When nothing was due after all, the next look follows after so long. */
export const TICK_AGAIN_AFTER_MS = 100;

/** The inbox is trimmed behind the committed position this often. */
export const TRIM_EVERY_MS = 5_000;

/** A stream that could not be made is tried again after so long. */
export const MAKE_STREAM_AGAIN_AFTER_MS = 50;

/** A standby reads so many batches at once from the batch log. */
export const BATCHES_PER_READ = 50;
/** Batches that a standby was told of and has not applied; above it they are dropped, and read from the batch log. */
export const TOLD_BATCHES_MAX = 100;
/** The standbys of a node apply what they were told for so long at a time, all together: what the node leads comes in between. */
export const FOLLOWING_TURN_MS_MAX = 5;
/** A standby that is to lead, and has had nothing of what it still reads for so long, is no use: the rows are read by another connection. */
export const PROMOTION_STUCK_AFTER_MS = 1_000;
/** A standby that could not read tries again after so long. */
export const RETRY_FOLLOWING_AFTER_MS = 200;
/**
 * One that meets a bug, or rows that another version has written, for the second time within so long waits twice as long as before: it
 * would come to it again, and to read the rows takes from the leader.
 */
export const FOLLOWS_WELL_AFTER_MS = 60_000;
export const RETRY_FOLLOWING_MS_MAX = 30_000;

/** A stopped host tries so often to give up its key. */
export const LET_GO_AGAIN_AFTER_MS = 1_000;

/** More than this is not said on the bus: whoever listens reads it from Postgres. */
export const BUS_MESSAGE_BYTES_MAX = 1_000_000;

/** Times a claim is tried again when somebody raises the token while the key is still ours. */
export const CLAIM_TRIES_MAX = 5;
/** So much of a claim's reason is noted, in characters. */
export const CLAIM_REASON_LENGTH_MAX = 200;

/** Who was handed an actor raises its token after so long, if it was not told until then that it has it. */
export const RELEASE_MS_MAX = 250;
/** Where the word came before the commit, the successor asks again after so long. */
export const ASK_AGAIN_WHETHER_HANDED_AFTER_MS = 5;

/** What is read of an inbox before its actor is led is dropped when it is more, or nobody leads after so long. */
export const EARLY_INBOX_BYTES_MAX = 4_194_304;
export const EARLY_INBOX_MS_MAX = 2_000;

/** After a failed attempt to raise the token again, the next follows after so long; after each that was in vain, twice that. */
export const RETRY_RECOVERY_AFTER_MS = 100;
export const RETRY_RECOVERY_MS_MAX = 2_000;
/** After so many the others are told that the actor is stuck here; the next attempt follows all the same, until one of them has claimed it. */
export const RAISES_IN_VAIN_MAX = 4;
