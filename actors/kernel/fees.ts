/**
 * What a trade costs each side besides its price, in the quote asset. A rate is in millionths of the trade's value; below zero it is a rebate.
 * Rounding favours the house: a fee is rounded up, a rebate down, each on the sum of what an order has traded, so that many small fills cost no
 * more than one large one.
 */
import { ACCOUNT_TIER_MAX, FEE_RATE_MAX } from "./limits.js";

/** Rates are in parts of this. */
export const FEE_PARTS = 1_000_000;

/** The rates of one order: those of its instrument for its account's tier, when it was accepted. */
export interface FeeRates {
  /** When it was there first, and when it came to others; in millionths. In an auction the younger order is the taker. */
  readonly makerFee: number;
  readonly takerFee: number;
}

export const NO_FEES: FeeRates = { makerFee: 0, takerFee: 0 };

/** The rates of an instrument: its own are those of tier 0. */
export interface FeeSchedule extends FeeRates {
  /** Of tier 1, 2, and so on; whoever is of a higher tier than there are has those of the last. */
  readonly feeTiers: readonly FeeRates[];
}

/** The rates for accounts of a tier. */
export function ratesOf(schedule: FeeSchedule, tier: number): FeeRates {
  const { feeTiers } = schedule;
  if (tier === 0 || feeTiers.length === 0) return schedule;
  return feeTiers[Math.min(tier, feeTiers.length) - 1]!;
}

/**
 * Says what is wrong with the rates of an instrument, or nothing. A maker and a taker of any two tiers may meet, so no rebate
 * is more than the least that a taker pays: the house never gives more for what is traded than it takes.
 */
export function feesProblem(schedule: FeeSchedule): string | undefined {
  const { feeTiers } = schedule;
  if (feeTiers.length > ACCOUNT_TIER_MAX) {
    return `there are at most ${ACCOUNT_TIER_MAX} tiers with fees of their own besides tier 0`;
  }
  const tiers = [schedule, ...feeTiers];
  const rates = tiers.flatMap(({ makerFee, takerFee }) => [makerFee, takerFee]);
  if (!rates.every(Number.isSafeInteger)) return "fees are whole millionths";
  const takers = tiers.map(({ takerFee }) => takerFee);
  if (takers.some((takerFee) => takerFee < 0 || takerFee > FEE_RATE_MAX)) {
    return `the taker's fee is 0 to ${FEE_RATE_MAX} millionths`;
  }
  const rebateMost = Math.min(...takers);
  if (tiers.some(({ makerFee }) => makerFee < -rebateMost || makerFee > FEE_RATE_MAX)) {
    return `the maker's fee is at most ${FEE_RATE_MAX} millionths, and as a rebate no more than the taker of any tier pays: ${rebateMost}`;
  }
  return undefined;
}

/** The fee on a value, in the same units; exact for all safe integers. */
export function feeOn(value: number, rate: number): number {
  return rate < 0 ? -partOf(value, -rate, 0) : partOf(value, rate, FEE_PARTS - 1);
}

/** No product leaves the safe integers: a rate is at most a tenth. */
function partOf(value: number, rate: number, roundedUpBy: number): number {
  const rest = value % FEE_PARTS;
  return ((value - rest) / FEE_PARTS) * rate + Math.floor((rest * rate + roundedUpBy) / FEE_PARTS);
}
