/**
 * What a trade costs each side besides its price, in the quote asset. A rate is in millionths of the trade's value; below zero it is a rebate.
 * Rounding favours the house: a fee is rounded up, a rebate down, each on the sum of what an order has traded, so that many small fills cost no
 * more than one large one.
 */
export const FEE_PARTS = 1_000_000;

/** The rates of one order: those of its instrument when it was accepted. */
export interface FeeRates {
  /** When it was there first, and when it came to others; in millionths. In an auction the younger order is the taker. */
  readonly makerFee: number;
  readonly takerFee: number;
}

export const NO_FEES: FeeRates = { makerFee: 0, takerFee: 0 };

/** The fee on a value, in the same units; exact for all safe integers. */
export function feeOn(value: number, rate: number): number {
  return rate < 0 ? -partOf(value, -rate, 0) : partOf(value, rate, FEE_PARTS - 1);
}

/** No product leaves the safe integers: a rate is at most a tenth. */
function partOf(value: number, rate: number, roundedUpBy: number): number {
  const rest = value % FEE_PARTS;
  return ((value - rest) / FEE_PARTS) * rate + Math.floor((rest * rate + roundedUpBy) / FEE_PARTS);
}
