/** What kind of market a flow is for, drawn at random. */
import { QUANTITY_UNITS_MAX } from "../../actors/kernel/limits.js";
import type { EngineLimits } from "../../actors/market/engine-limits.js";
import { DEFAULT_RULES, type MarketRules } from "../../actors/market/rules.js";
import type { Random } from "../../services/participants/random.js";

export interface FlowSetting {
  readonly tick: number;
  readonly lot: number;
  /** Where the middle of the prices begins, and how many ticks to each side orders are entered. */
  readonly reference: number;
  readonly spread: number;
  /** Hundreds of orders that do not meet, over many prices: not to try rules, but to have an engine keep much. */
  readonly isWide: boolean;
  readonly rules: MarketRules;
  readonly limits: EngineLimits;
}

export function drawSetting(random: Random): FlowSetting {
  const tick = random.pick([1, 1, 1, 2, 5]);
  // An even number of ticks, so that it is on tick when ticks are twice as large.
  const reference = tick * random.pick([20, 100, 100, 1_000, 7_778, 2 ** 20]);
  return {
    tick,
    lot: random.pick([1, 1, 1, 10]),
    reference,
    spread: random.pick([2, 4, 4, 8, 30]),
    isWide: false,
    rules: random.chance(0.4)
      ? { ...DEFAULT_RULES, staticBandBps: 0 }
      : drawRules(random, reference),
    limits: {
      restingOrdersMax: random.whole(6, 40),
      levelsPerSideMax: random.whole(3, 12),
      trailingStopsMax: random.whole(1, 5),
      sweepMakersMax: random.whole(3, 15),
      massCancelOrdersMax: random.whole(2, 8),
      expiriesAtOnceMax: random.whole(1, 5),
    },
  };
}

/** A market that holds much. */
export function drawWideSetting(random: Random): FlowSetting {
  return {
    tick: 1,
    lot: 1,
    reference: random.pick([2 ** 23, 2 ** 26]),
    spread: random.pick([1_000, 2 ** 22]),
    isWide: true,
    rules: { ...DEFAULT_RULES, staticBandBps: 0 },
    limits: {
      restingOrdersMax: random.whole(600, 2_000),
      levelsPerSideMax: random.whole(300, 1_000),
      trailingStopsMax: random.whole(10, 100),
      sweepMakersMax: random.whole(50, 300),
      massCancelOrdersMax: random.whole(10, 100),
      expiriesAtOnceMax: random.whole(5, 50),
    },
  };
}

export function drawRules(random: Random, reference: number): MarketRules {
  return {
    staticBandBps: random.pick([0, 0, 300, 500, 2_000]),
    dynamicBandBps: random.pick([0, 0, 0, 50, 200, 500]),
    breakerBps: random.pick([0, 0, 50, 150, 300, 800]),
    breakerWindowSeconds: random.pick([1, 10, 60]),
    breakerHaltSeconds: Array.from({ length: random.whole(1, 3) }, () => random.whole(1, 20)),
    orderQuantityMax: random.pick([QUANTITY_UNITS_MAX, QUANTITY_UNITS_MAX, 90]),
    orderValueMax: random.chance(0.8)
      ? DEFAULT_RULES.orderValueMax
      : reference * random.whole(5, 100),
  };
}
