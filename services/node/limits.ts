/** The node's limits and intervals, with their units (R11). */

/** New actors are looked for this often. */
export const POLL_ACTORS_EVERY_MS = 150;

/** A node that has just joined waits so long for others before it claims anything. */
export const JOIN_GRACE_MS = 1_000;

/** When nobody has claimed an actor for so long, the next node in its order of preference may. */
export const NEXT_CHOICE_AFTER_MS = 2_000;

/** A leader gives an actor to a preferred node when that one has been alive for so long. */
export const MOVE_AFTER_MS = 5_000;

/** One planned move at a time, and not more often than this. */
export const MOVE_EVERY_MS = 500;

/** A fenced or beaten host waits so long before it looks at etcd again. */
export const PLACE_EVERY_MS = 100;

/** A leader of less than this age does not yet doubt what it sees of etcd. */
export const SETTLED_AFTER_MS = 1_000;
