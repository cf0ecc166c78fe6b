/** Where things are said on the bus. Actor names are already encoded (`ledger.1`, `market.2330%2ETW`). */
export const eventsSubject = (actorName: string): string => `events.${actorName}`;
export const ALL_LEDGER_EVENTS = "events.ledger.*";
export const ALL_MARKET_EVENTS = "events.market.*";

export const announceSubject = (actorName: string): string => `announce.${actorName}`;
export const ALL_ANNOUNCEMENTS = "announce.>";
export const ALL_MARKET_ANNOUNCEMENTS = "announce.market.*";

/** A committed batch, for whoever follows the actor as its standby. */
export const batchesSubject = (actorName: string): string => `batches.${actorName}`;
/** A node that is placed better and ready asks the leader to hand the actor over. */
export const handoverSubject = (actorName: string): string => `handover.${actorName}`;
/** The leader that has handed its actor over says that it commits its last batch. */
export const releaseSubject = (actorName: string): string => `release.${actorName}`;
/** Heartbeats of nodes, on a second way beside the peers' own connections. */
export const ALL_HEARTBEATS = "heartbeat.*";
export const heartbeatSubject = (node: string): string => `heartbeat.${node}`;

/** A source is an actor's id, or minus a gateway's slot. */
export const resendSubject = (source: number): string =>
  source < 0 ? `resend.slot.${-source}` : `resend.actor.${source}`;
