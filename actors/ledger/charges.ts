/**
 * Fees of an order: what a trade adds to what it was charged, and what has to be held so that no fee is ever more than is held (R7).
 *
 * A buyer holds a budget: the fee, at the higher of his rates, on all that he has traded and may still trade, less what he was charged.
 * A trade moves value from the second to the first at no worse a price than was held at, so the budget as a whole never grows by it, and
 * what is held falls at least by the fee that is charged. A seller pays out of what he gets.
 */
import { feeOn, type FeeRates } from "../kernel/fees.js";
import { UNITS_MAX } from "../kernel/limits.js";
import type { OrderFees } from "./order.js";

type Charged = FeeRates & Readonly<OrderFees>;

/** Maker and taker are charged on sums of their own, and each sum may be rounded up. */
const ROUNDING = 1;

/** What a buyer's order holds for fees while it may still cost so much, in units of the quote asset. */
export function heldForFees(order: Charged, cost: number): number {
  const { makerFee, takerFee, makerValue, takerValue } = order;
  if (makerFee <= 0) return feeOn(takerValue + cost, takerFee) - feeOn(takerValue, takerFee);
  const budget = feeOn(makerValue + takerValue + cost, Math.max(makerFee, takerFee)) + ROUNDING;
  return budget - feeOn(makerValue, makerFee) - feeOn(takerValue, takerFee);
}

/** The most that a new order of such rates and cost may be charged. */
export function mostFees({ makerFee, takerFee }: FeeRates, cost: number): number {
  return heldForFees({ makerFee, takerFee, makerValue: 0, takerValue: 0, fees: 0 }, cost);
}

/** Adds a trade of this value to what the order has traded; returns the fee, below zero: a rebate. */
export function charge(order: FeeRates & OrderFees, isMaker: boolean, value: number): number {
  const rate = isMaker ? order.makerFee : order.takerFee;
  const before = isMaker ? order.makerValue : order.takerValue;
  // A seller's sum has no bound, as money may come round again: it begins anew before it is no longer exact.
  const base = before + value > UNITS_MAX ? 0 : before;
  const fee = feeOn(base + value, rate) - feeOn(base, rate);
  if (isMaker) order.makerValue = base + value;
  else order.takerValue = base + value;
  order.fees += fee;
  return fee;
}

export function hasFees({ makerFee, takerFee }: FeeRates): boolean {
  return makerFee !== 0 || takerFee !== 0;
}
