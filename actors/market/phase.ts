/** The phases of a market, and what each takes (rule book, 5). They change only by commands, the schedule and the breaker. */
import { Code } from "../kernel/codes.js";
import { OrderType, TimeInForce } from "../kernel/order.js";
import { isImmediate } from "../kernel/order-terms.js";
import type { OrderEntry } from "./order-entry.js";

export const Phase = {
  Continuous: 1,
  PreOpen: 2,
  OpeningAuction: 3,
  VolatilityAuction: 4,
  ClosingAuction: 5,
  PostOnly: 6,
  CancelOnly: 7,
  Halted: 8,
  Closed: 9,
} as const;
export type Phase = (typeof Phase)[keyof typeof Phase];

/** The names that operators use, by number. */
export const PHASE_NAMES: Readonly<Record<Phase, string>> = {
  [Phase.Continuous]: "continuous",
  [Phase.PreOpen]: "pre-open",
  [Phase.OpeningAuction]: "opening-auction",
  [Phase.VolatilityAuction]: "volatility-auction",
  [Phase.ClosingAuction]: "closing-auction",
  [Phase.PostOnly]: "post-only",
  [Phase.CancelOnly]: "cancel-only",
  [Phase.Halted]: "halted",
  [Phase.Closed]: "closed",
};

/** Does the phase end with an uncross, and announce meanwhile what that would give? */
export function isAuction(phase: Phase): boolean {
  return (
    phase === Phase.OpeningAuction ||
    phase === Phase.VolatilityAuction ||
    phase === Phase.ClosingAuction
  );
}

/** Do orders rest without trading, so that the book may cross? */
export function isCollecting(phase: Phase): boolean {
  return phase === Phase.PreOpen || isAuction(phase);
}

/** Is the book never crossed at rest (R8)? In other phases nobody trades, and what rests may cross. */
export function isUncrossed(phase: Phase): boolean {
  return phase === Phase.Continuous || phase === Phase.PostOnly;
}

/** Are orders at the open still waiting for their auction? */
export function isBeforeOpen(phase: Phase): boolean {
  return phase === Phase.PreOpen || phase === Phase.OpeningAuction;
}

/** Says what makes no sense in a change of phase that an operator wishes (5.1, 5.3), or nothing. `until` 0: it has no end. */
export function phaseChangeProblem(
  from: Phase,
  to: Phase,
  until: number,
  time: number,
): string | undefined {
  if (to === from) return `the phase is ${PHASE_NAMES[to]} already`;
  if (until !== 0 && !isAuction(to)) return `${PHASE_NAMES[to]} does not end by itself`;
  if (until !== 0 && until <= time) return "the end is not in the future";
  return undefined;
}

/** Why a phase takes no such order (5.2); `OK` when it does. */
export function judgeByPhase(phase: Phase, entry: OrderEntry): Code {
  const { type, timeInForce } = entry;
  if (phase === Phase.Closed) return Code.MARKET_CLOSED;
  if (phase === Phase.Halted) return Code.MARKET_HALTED;
  if (phase === Phase.CancelOnly) return Code.CANCEL_ONLY;
  if (phase === Phase.PostOnly && !entry.postOnly) return Code.POST_ONLY_PHASE;
  if (timeInForce === TimeInForce.AtTheOpen) {
    return isBeforeOpen(phase) ? Code.OK : Code.TOO_LATE_FOR_OPEN;
  }
  if (!isCollecting(phase) || timeInForce === TimeInForce.AtTheClose) return Code.OK;
  const isForNow = isImmediate(timeInForce) || type === OrderType.Market || entry.minQuantity > 0;
  if (isForNow) return Code.NOT_IN_AUCTION;
  return Code.OK;
}

/** Why a phase takes no amend; `OK` when it does. What keeps its place hurts nobody. */
export function judgeAmendByPhase(phase: Phase, keepsPlace: boolean): Code {
  if (phase === Phase.Closed) return Code.MARKET_CLOSED;
  if (keepsPlace) return Code.OK;
  if (phase === Phase.Halted) return Code.MARKET_HALTED;
  if (phase === Phase.CancelOnly) return Code.CANCEL_ONLY;
  return Code.OK;
}
