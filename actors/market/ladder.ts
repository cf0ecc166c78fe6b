/** Why a market does not take an order: one early return per code. What depends on the book itself the engines judge. */
import { Code } from "../kernel/codes.js";
import { PRICE_UNITS_MAX } from "../kernel/limits.js";
import { OrderType, Side, TimeInForce } from "../kernel/order.js";
import { isStop, judgeOrderTerms } from "../kernel/order-terms.js";
import type { MarketState } from "./market-state.js";
import type { OrderEntry } from "./order-entry.js";
import { judgeAmendByPhase, judgeByPhase } from "./phase.js";
import { isWithinBand } from "./protection.js";

/** Judges a new order by its terms, the phase and the rules, in this order. */
export function judgeEntry(entry: OrderEntry, state: MarketState): Code {
  if (!state.instrument) return Code.INSTRUMENT_UNKNOWN_TO_MARKET;
  // The ledger has judged the terms; but the instrument's tick and lot may have changed since.
  const terms = judgeOrderTerms(entry, state.instrument);
  if (terms !== Code.OK) return terms;
  if (entry.price < 1) return Code.PRICE_NOT_POSITIVE;
  if (entry.timeInForce === TimeInForce.GoodTillDate && entry.expires <= state.time) {
    return Code.EXPIRY_IN_THE_PAST;
  }
  const phase = judgeByPhase(state.phase, entry);
  if (phase !== Code.OK) return phase;
  if (isStop(entry.type) && isTriggered(entry.side, entry.stopPrice, state.lastPrice)) {
    return Code.STOP_ALREADY_TRIGGERED;
  }
  const isHeldOtherwise = entry.type === OrderType.Market || isStop(entry.type);
  if (!isHeldOtherwise && !isWithinBand(entry.price, state)) return Code.PRICE_OUTSIDE_BAND;
  return judgeSize(entry.price, entry.quantity, state);
}

export function judgeSize(price: number, quantity: number, { rules }: MarketState): Code {
  if (quantity > rules.orderQuantityMax) return Code.ORDER_QUANTITY_ABOVE_LIMIT;
  // A product that is too large for a double rounds to 2^53 or more, never below: the comparison is exact.
  if (price * quantity > rules.orderValueMax) return Code.ORDER_VALUE_ABOVE_LIMIT;
  return Code.OK;
}

/**
 * The nearest limit to the best price of the other side at which an order that reprices rests (1.6). 0:
 * there is none.
 */
export function repricedLimit(side: Side, opposite: number, state: MarketState): number {
  const { tick } = state.instrument!;
  const price =
    side === Side.Buy
      ? (Math.ceil(opposite / tick) - 1) * tick
      : (Math.floor(opposite / tick) + 1) * tick;
  return price > PRICE_UNITS_MAX ? 0 : price;
}

/** Judges an order that is to take another limit than it came with. */
export function judgeRepriced(price: number, quantity: number, state: MarketState): Code {
  if (price === 0) return Code.POST_ONLY_WOULD_TRADE;
  if (!isWithinBand(price, state)) return Code.PRICE_OUTSIDE_BAND;
  return judgeSize(price, quantity, state);
}

/** Where a stop stands that follows the last trade (3.5); never does it move away from that. */
export function followedStopPrice(
  side: Side,
  stopPrice: number,
  trail: number,
  lastPrice: number,
): number {
  if (trail === 0 || lastPrice === 0) return stopPrice;
  return side === Side.Buy
    ? Math.min(stopPrice, lastPrice + trail)
    : Math.max(stopPrice, lastPrice - trail);
}

/** Has the last trade reached a stop's price (3.1)? Not before there was one. */
export function isTriggered(side: Side, stopPrice: number, lastPrice: number): boolean {
  if (lastPrice === 0) return false;
  return side === Side.Buy ? lastPrice >= stopPrice : lastPrice <= stopPrice;
}

/** What an open order would be after an amend. */
export interface Amended {
  readonly type: OrderType;
  readonly side: Side;
  readonly price: number;
  readonly leaves: number;
  readonly stopPrice: number;
  readonly display: number;
}

/** Judges an amend of an open order, but for what the book itself has to say (4.1). */
export function judgeAmend(before: Amended, after: Amended, state: MarketState): Code {
  const { instrument } = state;
  if (!instrument) return Code.INSTRUMENT_UNKNOWN_TO_MARKET;
  if (isSame(before, after)) return Code.AMEND_OF_NOTHING;
  if (after.leaves < 1) return Code.AMEND_BELOW_FILLED;
  if (isStop(before.type) !== after.stopPrice > 0) return Code.AMEND_OF_OTHER_TERMS;
  if ((before.display === 0) !== (after.display === 0)) return Code.AMEND_OF_OTHER_TERMS;
  if (after.leaves % instrument.lot !== 0) return Code.QUANTITY_OFF_LOT;
  if (after.price % instrument.tick !== 0) return Code.PRICE_OFF_TICK;
  if (after.price > PRICE_UNITS_MAX) return Code.PRICE_TOO_LARGE;
  if (after.stopPrice % instrument.tick !== 0) return Code.STOP_PRICE_OFF_TICK;
  if (after.stopPrice > PRICE_UNITS_MAX) return Code.STOP_PRICE_TOO_LARGE;
  if (after.display % instrument.lot !== 0) return Code.DISPLAY_OFF_LOT;
  const phase = judgeAmendByPhase(state.phase, keepsPlace(before, after));
  if (phase !== Code.OK) return phase;
  if (after.stopPrice !== before.stopPrice) {
    if (isTriggered(after.side, after.stopPrice, state.lastPrice)) {
      return Code.STOP_ALREADY_TRIGGERED;
    }
  }
  const isMoved = after.price !== before.price && !isStop(before.type);
  if (isMoved && !isWithinBand(after.price, state)) return Code.PRICE_OUTSIDE_BAND;
  return judgeSize(after.price, after.leaves, state);
}

/** Does an amended order stay where it stands? */
export function keepsPlace(before: Amended, after: Amended): boolean {
  return (
    after.price === before.price &&
    after.stopPrice === before.stopPrice &&
    after.leaves <= before.leaves
  );
}

function isSame(before: Amended, after: Amended): boolean {
  return (
    keepsPlace(before, after) && after.leaves === before.leaves && after.display === before.display
  );
}
