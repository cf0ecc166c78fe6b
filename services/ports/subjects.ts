/** Where things are said on the bus. Actor names are already encoded (`ledger.1`, `market.2330%2ETW`). */
export const eventsSubject = (actorName: string): string => `events.${actorName}`;
export const ALL_LEDGER_EVENTS = "events.ledger.*";
export const ALL_MARKET_EVENTS = "events.market.*";

export const announceSubject = (actorName: string): string => `announce.${actorName}`;
export const ALL_ANNOUNCEMENTS = "announce.>";
export const ALL_MARKET_ANNOUNCEMENTS = "announce.market.*";

/** A source is an actor's id, or minus a gateway's slot. */
export const resendSubject = (source: number): string =>
  source < 0 ? `resend.slot.${-source}` : `resend.actor.${source}`;
