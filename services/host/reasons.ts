/** Why an actor is claimed, in words that are always the same: logs, metrics and the actors' rows have them. */
export const CLAIM_REASONS = {
  /** As a suspicion, the one that is beyond doubt. */
  ended: "its leader's process has ended",
  silent: "its leader is silent",
  lostStore: "its leader has lost the store",
  lostLog: "its leader has lost the log",
  stuck: "it is stuck at its leader",
  free: "it has no leader",
  own: "its key is here",
  handedOver: "handed over",
} as const;
