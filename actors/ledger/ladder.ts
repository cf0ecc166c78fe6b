/**
 * The ladder of a new order: one early return per code, cheapest and most telling first. Numbers are judged against
 * their limits before they are multiplied, so every product that passes is exact.
 */
import { Code } from "../kernel/codes.js";
import { notional } from "../kernel/instrument.js";
import {
  MARKET_ORDER_BAND_DIVISOR,
  OPEN_ORDERS_PER_ACCOUNT_MAX,
  PRICE_UNITS_MAX,
  QUANTITY_UNITS_MAX,
  UNITS_MAX,
} from "../kernel/limits.js";
import { isOneOf, OrderType, Side, TimeInForce } from "../kernel/order.js";
import type { Listing } from "./listings.js";
import type { PlaceOrder } from "./messages.js";

/** Judges an order by itself. `OK`, or why it is rejected. */
export function judgeTerms(command: PlaceOrder, listing: Listing | undefined): Code {
  if (!listing) return Code.UNKNOWN_SYMBOL;
  const { instrument } = listing;
  const { side, type, timeInForce, price, quantity } = command;
  if (!isOneOf(Side, side)) return Code.INVALID_SIDE;
  if (!isOneOf(OrderType, type)) return Code.INVALID_ORDER_TYPE;
  if (!isOneOf(TimeInForce, timeInForce)) return Code.INVALID_TIME_IN_FORCE;
  if (quantity < 1) return Code.QUANTITY_NOT_POSITIVE;
  if (quantity % instrument.lot !== 0) return Code.QUANTITY_OFF_LOT;
  if (quantity > QUANTITY_UNITS_MAX) return Code.QUANTITY_TOO_LARGE;
  if (type === OrderType.Market) {
    if (price !== 0) return Code.MARKET_ORDER_WITH_PRICE;
  } else {
    if (price < 1) return Code.PRICE_NOT_POSITIVE;
    if (price % instrument.tick !== 0) return Code.PRICE_OFF_TICK;
    if (price > PRICE_UNITS_MAX) return Code.PRICE_TOO_LARGE;
  }
  // A product that is too large for a double rounds to 2^53 or more, never below: the comparison is exact.
  const value = notional(instrument, limitPrice(command, listing), quantity);
  if (value > UNITS_MAX) return Code.NOTIONAL_TOO_LARGE;
  return Code.OK;
}

/** Judges an order by what its account has: open orders, and what it may spend of the asset to be held. */
export function judgeMeans(openOrders: number, available: number, hold: number): Code {
  if (openOrders >= OPEN_ORDERS_PER_ACCOUNT_MAX) return Code.TOO_MANY_OPEN_ORDERS;
  if (available < hold) return Code.INSUFFICIENT_FUNDS;
  return Code.OK;
}

/**
 * The price that an order is held at and may not trade beyond, in price units: its own limit, or for a market order the
 * edge of the band around the reference price, rounded towards the reference price to a tick, at least one tick.
 */
export function limitPrice(command: PlaceOrder, { instrument, referencePrice }: Listing): number {
  if (command.type !== OrderType.Market) return command.price;
  const { tick } = instrument;
  const width = Math.floor(referencePrice / MARKET_ORDER_BAND_DIVISOR);
  if (command.side === Side.Sell) {
    return Math.max(Math.ceil((referencePrice - width) / tick), 1) * tick;
  }
  const highest = Math.min(referencePrice + width, PRICE_UNITS_MAX);
  return Math.max(Math.floor(highest / tick), 1) * tick;
}
