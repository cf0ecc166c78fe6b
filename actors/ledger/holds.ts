/**
 * What an open order keeps from being spent: the most it can cost, no more and no less (R7).
 *
 * While an amend is on its way nobody knows here how much the order trades before it: any part of it at the old price, and
 * what is left then at the new one. Or the amend comes to nothing, and all of it trades at the old price. What is held is
 * the worst of these (with more open: as if what is added could trade although all the rest has). It falls with each trade
 * by at least what the trade may cost, so no trade ever costs more than is held; and it is never below what the order may
 * cost afterwards, whatever the market answers.
 */
import { type Instrument, notional } from "../kernel/instrument.js";
import { Side } from "../kernel/order.js";
import type { FeeRates } from "../kernel/fees.js";
import { mostFees } from "./charges.js";

/** An amend that the market has not answered. */
export interface PendingAmend {
  /** The new limit, in price units. */
  readonly price: number;
  /** What is added to the leaves; below zero when it is less. */
  readonly change: number;
}

/** Which asset an order holds: a buyer's the quote asset, a seller's the base asset. */
export function assetHeld({ baseAsset, quoteAsset }: Instrument, side: number): number {
  return side === Side.Buy ? quoteAsset : baseAsset;
}

/** What a new order of `quantity` at the limit `price` holds, in that asset's units: a buyer's with the most that fees at these rates may be. */
export function holdOf(
  instrument: Instrument,
  rates: FeeRates,
  side: number,
  price: number,
  quantity: number,
): number {
  if (side !== Side.Buy) return quantity;
  const cost = notional(instrument, price, quantity);
  return cost + mostFees(rates, cost);
}

/**
 * What an order that leaves so much holds, in units of the asset of its hold. Exact as long as it is at most `UNITS_MAX`;
 * if it is more, so is what comes out.
 */
export function heldAmount(
  instrument: Instrument,
  side: number,
  price: number,
  leaves: number,
  amend: PendingAmend | null,
): number {
  if (leaves === 0) return 0;
  if (side === Side.Sell) return leaves + Math.max(amend?.change ?? 0, 0);
  const before = notional(instrument, price, leaves);
  if (!amend) return before;
  // With less open: all at the old price if it comes to nothing, or all that is left then at the new one. With more: what
  // is open now at the worse of the two prices, and what is added at the new one.
  if (amend.change < 0) {
    return Math.max(before, notional(instrument, amend.price, leaves + amend.change));
  }
  const worst = Math.max(price, amend.price);
  return notional(instrument, worst, leaves) + notional(instrument, amend.price, amend.change);
}
