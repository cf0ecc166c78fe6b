/** How far prices may go (rule book, 6.1 to 6.3). */
import { Side } from "../kernel/order.js";
import type { MarketState } from "./market-state.js";
import { BASIS_POINTS } from "./rules.js";

/** The part of a price that so many basis points are, rounded down. Exact: no product leaves the safe integers. */
export function partOf(price: number, bps: number): number {
  const whole = Math.floor(price / BASIS_POINTS);
  return whole * bps + Math.floor(((price % BASIS_POINTS) * bps) / BASIS_POINTS);
}

/** Is a limit within the static band? */
export function isWithinBand(price: number, { rules, sessionReference }: MarketState): boolean {
  if (rules.staticBandBps === 0 || sessionReference === 0) return true;
  return Math.abs(price - sessionReference) <= partOf(sessionReference, rules.staticBandBps);
}

/** The last price at which a taker may trade now, and the last one that does not trip the breaker. */
export class TakerBounds {
  limit = 0;
  breaker = 0;

  /** `isHeld`: by the static band too, as market orders and triggered stops are. */
  aim(state: MarketState, side: Side, isHeld: boolean): void {
    const { rules, lastPrice, sessionReference, window, time } = state;
    const isBuy = side === Side.Buy;
    let limit = isBuy ? Infinity : 0;
    if (isHeld && rules.staticBandBps > 0 && sessionReference > 0) {
      limit = beyond(sessionReference, rules.staticBandBps, isBuy);
    }
    if (rules.dynamicBandBps > 0 && lastPrice > 0) {
      const bound = beyond(lastPrice, rules.dynamicBandBps, isBuy);
      limit = isBuy ? Math.min(limit, bound) : Math.max(limit, bound);
    }
    this.breaker = isBuy ? Infinity : 0;
    if (rules.breakerBps > 0) {
      const seconds = rules.breakerWindowSeconds;
      const extreme = isBuy ? window.lowest(time, seconds) : window.highest(time, seconds);
      const hasTraded = isBuy ? extreme !== Infinity : extreme !== 0;
      if (hasTraded) this.breaker = beyond(extreme, rules.breakerBps, isBuy);
    }
    this.limit = isBuy ? Math.min(limit, this.breaker) : Math.max(limit, this.breaker);
  }
}

function beyond(price: number, bps: number, isBuy: boolean): number {
  return isBuy ? price + partOf(price, bps) : price - partOf(price, bps);
}

/** Takes note of a trade for everything that follows prices. */
export function notePrice(state: MarketState, price: number): void {
  state.lastPrice = price;
  const { breakerBps, breakerWindowSeconds } = state.rules;
  if (breakerBps > 0) state.window.note(price, state.time, breakerWindowSeconds);
}
