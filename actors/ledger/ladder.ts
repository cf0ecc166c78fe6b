/**
 * The ladders of a new order and of an amend: one early return per code, cheapest and most telling first. Numbers are
 * judged against their limits before they are multiplied, so every product that passes is exact.
 */
import { Code } from "../kernel/codes.js";
import { type FeeRates, ratesOf } from "../kernel/fees.js";
import { type Instrument, notional } from "../kernel/instrument.js";
import {
  MARKET_ORDER_BAND_DIVISOR,
  PRICE_UNITS_MAX,
  QUANTITY_UNITS_MAX,
  UNITS_MAX,
} from "../kernel/limits.js";
import { OrderType, Side, TimeInForce } from "../kernel/order.js";
import { isStop, judgeOrderTerms } from "../kernel/order-terms.js";
import { hasFees, mostFees } from "./charges.js";
import type { Listing } from "./listings.js";
import type { NewOrder } from "./messages.js";
import type { AmendedTerms, Order } from "./order.js";

/** Judges an order by itself, with the fees of a tier. `OK`, or why it is rejected. `time` in microseconds since 1970. */
export function judgeTerms(
  order: NewOrder,
  listing: Listing | undefined,
  tier: number,
  time: number,
): Code {
  if (!listing) return Code.UNKNOWN_SYMBOL;
  const { instrument } = listing;
  const { type, price, quantity } = order;
  const terms = hasNoPrice(type) ? { ...order, price: 0 } : order;
  const code = judgeOrderTerms(terms, instrument);
  if (code !== Code.OK) return code;
  if (hasNoPrice(type)) {
    if (price !== 0) return Code.MARKET_ORDER_WITH_PRICE;
  } else if (price < 1) {
    return Code.PRICE_NOT_POSITIVE;
  }
  if (order.timeInForce === TimeInForce.GoodTillDate && order.expires <= time) {
    return Code.EXPIRY_IN_THE_PAST;
  }
  const rates = ratesOf(instrument, tier);
  return judgeCost(instrument, rates, limitPrice(order, listing), quantity, 0);
}

/** Judges an order by what its account has: open orders, and what it may spend of the asset to be held. */
export function judgeMeans(
  openOrders: number,
  openOrdersMax: number,
  available: number,
  hold: number,
): Code {
  if (openOrders >= openOrdersMax) return Code.TOO_MANY_OPEN_ORDERS;
  if (available < hold) return Code.INSUFFICIENT_FUNDS;
  return Code.OK;
}

/** Judges what an amend would make of a live order: `after`, as far as is known here. */
export function judgeAmended(order: Order, after: AmendedTerms, { instrument }: Listing): Code {
  if (isSame(order, after)) return Code.AMEND_OF_NOTHING;
  if (after.leaves < 1) return Code.AMEND_BELOW_FILLED;
  if (after.leaves % instrument.lot !== 0) return Code.QUANTITY_OFF_LOT;
  if (after.quantity > QUANTITY_UNITS_MAX) return Code.QUANTITY_TOO_LARGE;
  if (after.price % instrument.tick !== 0) return Code.PRICE_OFF_TICK;
  if (after.price > PRICE_UNITS_MAX) return Code.PRICE_TOO_LARGE;
  if (after.stopPrice % instrument.tick !== 0) return Code.STOP_PRICE_OFF_TICK;
  if (after.stopPrice > PRICE_UNITS_MAX) return Code.STOP_PRICE_TOO_LARGE;
  if (after.display !== order.display) {
    if (after.display % instrument.lot !== 0) return Code.DISPLAY_OFF_LOT;
    if (after.display >= after.quantity) return Code.DISPLAY_NOT_BELOW_QUANTITY;
  }
  const traded = order.makerValue + order.takerValue;
  return judgeCost(instrument, order, after.price, after.leaves, traded);
}

/** Is the limit of such an order its ledger's to say? */
export function hasNoPrice(type: number): boolean {
  return type === OrderType.Market || type === OrderType.Stop;
}

/** The price that an order is held at and may not trade beyond, in price units: its own, or the edge of a band. */
export function limitPrice(order: NewOrder, listing: Listing): number {
  const { type, side } = order;
  if (!hasNoPrice(type)) return order.price;
  const around = isStop(type) ? order.stopPrice : listing.referencePrice;
  return bandEdge(side, around, listing.instrument);
}

/**
 * The edge of the band around a price on the side that costs more (for a seller: brings less), rounded towards that price
 * to a tick, at least one tick.
 */
export function bandEdge(side: number, around: number, { tick }: Instrument): number {
  const width = Math.floor(around / MARKET_ORDER_BAND_DIVISOR);
  if (side === Side.Sell) return Math.max(Math.ceil((around - width) / tick), 1) * tick;
  const highest = Math.min(around + width, PRICE_UNITS_MAX);
  return Math.max(Math.floor(highest / tick), 1) * tick;
}

/** `traded`: the value of what it has traded already, which fees are counted on too. */
function judgeCost(
  instrument: Instrument,
  rates: FeeRates,
  price: number,
  quantity: number,
  traded: number,
): Code {
  // A product that is too large for a double rounds to 2^53 or more, never below: the comparison is exact.
  const cost = notional(instrument, price, quantity);
  if (cost > UNITS_MAX) return Code.NOTIONAL_TOO_LARGE;
  if (!hasFees(rates)) return Code.OK;
  const most = Math.min(traded + cost, UNITS_MAX + 1);
  return most + mostFees(rates, most) > UNITS_MAX ? Code.NOTIONAL_TOO_LARGE : Code.OK;
}

function isSame(order: Order, after: AmendedTerms): boolean {
  return (
    after.price === order.price &&
    after.leaves === order.leaves &&
    after.stopPrice === order.stopPrice &&
    after.display === order.display
  );
}
