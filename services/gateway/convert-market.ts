/** A market's stored state in the words of the public interface, and an operator's words in the exchange's own. */
import type { MarketState } from "../../actors/market/market-state.js";
import type { MarketRules } from "../../actors/market/rules.js";
import type { Market, MarketRules as PublicRules } from "../../proto/gen/exchange/v1/exchange.js";

/** `time`: of the batch that stored it, in microseconds since 1970. */
export function publicMarket(symbol: string, state: MarketState, time: number): Market {
  const { indicativePrice, indicativeVolume, indicativeSurplus } = state;
  const hasIndicative = indicativePrice > 0;
  return {
    symbol,
    phase: state.phase,
    phaseUntil: state.phaseUntil,
    sessionReference: state.sessionReference,
    lastPrice: state.lastPrice,
    indicative: hasIndicative
      ? { price: indicativePrice, volume: indicativeVolume, surplus: indicativeSurplus }
      : undefined,
    rules: publicRules(state.rules),
    schedule: state.schedule.map(({ time, phase }) => ({ time, phase })),
    halts: state.halts,
    sequence: state.sequence,
    time,
  };
}

function publicRules(rules: MarketRules): PublicRules {
  return { ...rules, breakerHaltSeconds: [...rules.breakerHaltSeconds] };
}

export function rulesOf(asked: PublicRules): MarketRules {
  const { staticBandBps, dynamicBandBps, breakerBps, breakerWindowSeconds } = asked;
  const { breakerHaltSeconds, orderQuantityMax, orderValueMax } = asked;
  const bands = { staticBandBps, dynamicBandBps, breakerBps, breakerWindowSeconds };
  return { ...bands, breakerHaltSeconds, orderQuantityMax, orderValueMax };
}
