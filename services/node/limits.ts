/** The node's limits and intervals, with their units (R11). */

/** New actors are looked for this often. */
export const POLL_ACTORS_EVERY_MS = 150;
/** Once in so many looks all actors are read, not only those of higher numbers. */
export const POLLS_PER_FULL_READING = 32;

/** A node that has just joined waits so long for others before it claims anything. */
export const JOIN_GRACE_MS = 1_000;

/** A node says of so many actors that it cannot lead them. */
export const UNABLE_ACTORS_MAX = 1_000;

/** A node says this often that it runs, and asks this often whether the servers answer. */
export const HEARTBEAT_EVERY_MS = 100;
export const PROBE_EVERY_MS = 200;
/** A node that is silent, or has had no answer of a server, for so long is taken for dead by who is better off. */
export const SUSPECT_AFTER_MS = 700;
/**
 * Who judges others by their ways to a server has had each of its own answers within so long: well below the limit above, or of two whose
 * server stands still for both the one that asked a little later would think itself better off.
 */
export const JUDGES_WITHIN_MS = 400;
/** Who is heard over a connection and not on the bus for so long is missed there. */
export const MISSED_AFTER_MS = 300;
/** A leader of JetStream that is cut off from the others of its cluster answers for so long all the same: it looks every ten seconds whether they were heard in the last ten. */
export const STALE_ANSWERS_MS_MAX = 21_000;
/** A node whose own way to a server has been good for so long judges those whose way is bad, for however long it has been that. */
export const JUDGES_AFTER_MS = 3_000;
/** What a node said before its process ended may come so late. */
export const LAST_WORDS_MS_MAX = 500;
/** An address whose refusal is not believed is dialled again after so long, and twice as long each time, up to so many times. */
export const REDIAL_AFTER_MS = 500;
export const REDIALS_COUNTED_MAX = 6;
/** A node whose own heartbeat is so late does not judge others by what it did not hear. */
export const TICK_LATE_MS = 300;
/**
 * A node that was held up waits for the others' heartbeats so many times as long as that besides: they may lack the same processor.
 * By each of its heartbeats so much of it is forgotten, half in some two seconds; and nobody is waited for above the limit.
 */
export const PATIENCE_TIMES = 3;
export const HELD_UP_FORGOTTEN = 0.03;
export const SUSPECT_AFTER_MS_MAX = 2_500;

/** A leader that has spoken within so long leads, whatever etcd knows of it: etcd may have been wiped. */
export const HEARD_WITHIN_MS = 1_000;

/** When nobody has claimed an actor for so long, the next node in its order of preference may. */
export const NEXT_CHOICE_AFTER_MS = 2_000;
/**
 * Who comes first by what all nodes agree on waits only so long for one that is better by what it has seen alone: that one may hold it for
 * the better.
 */
export const DEFERENCE_MS = 500;

/**
 * An actor that was taken over for a suspicion is not taken over for another one for so long, and twice as long with each
 * takeover that follows so soon, up to a limit: its leader may stand still for good this time.
 */
export const REST_MS = 500;
export const REST_MS_MAX = 4_000;
export const RESTLESS_WITHIN_MS = 2_000;

/** New standbys are built when nobody has come or gone, and nothing was taken over, for so long. */
export const CALM_AFTER_MS = 1_000;

/** Actors that a node claims and recovers at once. */
export const CLAIMS_AT_ONCE_MAX = 16;

/** A leader gives an actor to a preferred node when that one has been alive for so long. */
export const MOVE_AFTER_MS = 5_000;
/** Twice as long with each time that the node was lost, up to so many times. */
export const FLAPS_COUNTED_MAX = 6;
/** A node that has stayed for so long has never been lost. */
export const FLAPS_FORGOTTEN_AFTER_MS = 600_000;

/**
 * A node rests so long after a handover before the next, or less when it ends; and for longer after the first ones to a process: a young one
 * takes over with code that is not compiled yet, which takes processor time of everybody, and the next would stand still for longer.
 */
export const HANDOVER_PAUSE_MS = 100;
export const FIRST_HANDOVERS_PAUSE_MS = 1_000;
export const FIRST_HANDOVERS = 10;
/** A node asks for one actor at a time, and again after so long without an answer. */
export const ASK_AGAIN_AFTER_MS = 250;
/** What has to come is asked for before all others so often; who does not give it then is asked in turn, as they are. */
export const URGENT_ASKS_MAX = 3;
/** Who has handed an actor over waits at most so long for its successor to be heard, and looks this often. */
export const SUCCESSOR_MS_MAX = 500;
export const SUCCESSOR_LOOK_EVERY_MS = 5;
/** An actor whose standby is not ready after so long is moved without one. */
export const WARM_UP_MS_MAX = 30_000;

/** A node that ends waits so long for others to take what it leads. */
export const LEAVE_MS_MAX = 8_000;

/** The node looks this often at who leads what, besides at every change. */
export const PLACE_EVERY_MS = 100;

/** Whoever has won a leader's key has so long to raise the token before the leader takes the key back. */
export const TAKES_BACK_AFTER_MS = 1_000;

/** A leader of less than this age does not yet doubt what it sees of etcd. */
export const SETTLED_AFTER_MS = 1_000;
