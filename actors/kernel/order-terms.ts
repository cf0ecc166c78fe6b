/** What a client may ask of an order, whatever the market is doing: one early return per code (rule book, 1.8). */
import { Code } from "./codes.js";
import type { Instrument } from "./instrument.js";
import { PRICE_UNITS_MAX, QUANTITY_UNITS_MAX } from "./limits.js";
import { isOneOf, OrderType, SelfTrade, Side, TimeInForce } from "./order.js";

/** The terms of an order. Prices and quantities in the instrument's units, times in microseconds since 1970. */
export interface OrderTerms {
  readonly side: number;
  readonly type: number;
  readonly timeInForce: number;
  /** The limit; 0 in a market order or a stop as its client sends it. */
  readonly price: number;
  readonly quantity: number;
  /** 0: it is no stop. */
  readonly stopPrice: number;
  /** What an iceberg shows at most; 0: all of it. */
  readonly display: number;
  /** 0: it does not expire at a time. */
  readonly expires: number;
  readonly selfTrade: number;
  readonly postOnly: boolean;
  /** Only with `postOnly`: instead of being refused it takes the nearest limit at which it rests. */
  readonly reprices: boolean;
  /** How far behind the last trade a stop follows, in price units; 0: it stays where it is. */
  readonly trail: number;
  /** What has to trade at once, or it ends; 0: nothing has to. */
  readonly minQuantity: number;
}

export function isStop(type: number): boolean {
  return type === OrderType.Stop || type === OrderType.StopLimit;
}

/** Does what is left of such an order never rest? */
export function isImmediate(timeInForce: number): boolean {
  return timeInForce === TimeInForce.ImmediateOrCancel || timeInForce === TimeInForce.FillOrKill;
}

function isAtAuction(timeInForce: number): boolean {
  return timeInForce === TimeInForce.AtTheOpen || timeInForce === TimeInForce.AtTheClose;
}

/** Judges all but the limit's presence, which depends on who asks. `OK`, or why the terms make no sense. */
export function judgeOrderTerms(terms: OrderTerms, instrument: Instrument): Code {
  const { side, type, timeInForce, price, quantity, stopPrice, display } = terms;
  if (!isOneOf(Side, side)) return Code.INVALID_SIDE;
  if (!isOneOf(OrderType, type)) return Code.INVALID_ORDER_TYPE;
  if (!isOneOf(TimeInForce, timeInForce)) return Code.INVALID_TIME_IN_FORCE;
  if (!isOneOf(SelfTrade, terms.selfTrade)) return Code.INVALID_SELF_TRADE_MODE;
  if (quantity < 1) return Code.QUANTITY_NOT_POSITIVE;
  if (quantity % instrument.lot !== 0) return Code.QUANTITY_OFF_LOT;
  if (quantity > QUANTITY_UNITS_MAX) return Code.QUANTITY_TOO_LARGE;
  if (price % instrument.tick !== 0) return Code.PRICE_OFF_TICK;
  if (price > PRICE_UNITS_MAX) return Code.PRICE_TOO_LARGE;
  if (!isStop(type) && stopPrice !== 0) return Code.STOP_PRICE_WITHOUT_STOP;
  if (isStop(type) && stopPrice < 1) return Code.STOP_PRICE_MISSING;
  if (stopPrice % instrument.tick !== 0) return Code.STOP_PRICE_OFF_TICK;
  if (stopPrice > PRICE_UNITS_MAX) return Code.STOP_PRICE_TOO_LARGE;
  if (display % instrument.lot !== 0) return Code.DISPLAY_OFF_LOT;
  if (display >= quantity && display !== 0) return Code.DISPLAY_NOT_BELOW_QUANTITY;
  const neverRests =
    isImmediate(timeInForce) || type === OrderType.Market || type === OrderType.Stop;
  if (display !== 0 && neverRests) return Code.DISPLAY_OF_IMMEDIATE;
  if (terms.postOnly && type !== OrderType.Limit) return Code.POST_ONLY_NOT_LIMIT;
  if (terms.postOnly && isImmediate(timeInForce)) return Code.POST_ONLY_IMMEDIATE;
  if (terms.reprices && !terms.postOnly) return Code.REPRICES_NOT_POST_ONLY;
  const code = judgeTimeInForce(terms);
  return code === Code.OK ? judgeTrailAndMinimum(terms, instrument) : code;
}

function judgeTimeInForce({ type, timeInForce, expires }: OrderTerms): Code {
  const isForAuction = isAtAuction(timeInForce);
  if (type === OrderType.Market && !isImmediate(timeInForce) && !isForAuction) {
    return Code.MARKET_ORDER_TIME_IN_FORCE;
  }
  if (isStop(type) && (isImmediate(timeInForce) || isForAuction)) return Code.STOP_TIME_IN_FORCE;
  if (timeInForce !== TimeInForce.GoodTillDate && expires !== 0) return Code.EXPIRY_WITHOUT_DATE;
  if (timeInForce === TimeInForce.GoodTillDate && expires === 0) return Code.EXPIRY_MISSING;
  return Code.OK;
}

function judgeTrailAndMinimum(terms: OrderTerms, { tick, lot }: Instrument): Code {
  const { type, timeInForce, trail, minQuantity } = terms;
  if (trail !== 0 && !isStop(type)) return Code.TRAIL_WITHOUT_STOP;
  if (trail % tick !== 0) return Code.TRAIL_OFF_TICK;
  if (trail > PRICE_UNITS_MAX) return Code.TRAIL_TOO_LARGE;
  if (minQuantity === 0) return Code.OK;
  if (minQuantity % lot !== 0) return Code.MIN_QUANTITY_OFF_LOT;
  if (minQuantity > terms.quantity) return Code.MIN_QUANTITY_ABOVE_QUANTITY;
  const tradesLater = terms.postOnly || isStop(type) || isAtAuction(timeInForce);
  if (tradesLater || timeInForce === TimeInForce.FillOrKill) return Code.MIN_QUANTITY_NOT_IMMEDIATE;
  return Code.OK;
}
