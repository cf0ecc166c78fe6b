/**
 * The terms of a probe's orders. Each is a buy stop-limit order of one lot: it waits at its market beside the book, where
 * nobody can trade with it and nobody sees it. Its stop price is twice the last trade's, and its limit as far below the
 * market as the band allows; it is cancelled as soon as the market has answered, and expires by itself if it is not.
 */
import { PRICE_UNITS_MAX } from "../../actors/kernel/limits.js";
import {
  type Asset,
  type Instrument,
  type Market,
  MarketPhase,
} from "../../proto/gen/exchange/v1/exchange.js";
import { CliError } from "../../services/cli/cli-error.js";
import { formatDecimal } from "../../services/common/decimal.js";

/** How long a probe's order lives if nobody cancels it. */
export const PROBE_ORDER_LIFE_S = 60;
/** The stop price is so many times the higher of last trade and session's reference. */
const STOP_TIMES = 2;
/** Where the market has no band, the limit is so far below the reference. */
const LIMIT_BELOW_BPS = 2_000;
const BPS = 10_000;
const MILLIONTHS = 1_000_000;

export interface ProbeTerms {
  readonly symbol: string;
  /** In the instrument's units. */
  readonly quantity: number;
  readonly price: number;
  readonly stopPrice: number;
  /** What is held for one order, in units of the asset: its value and the highest fee. */
  readonly cost: number;
  readonly value: number;
  readonly asset: Asset;
  /** For people. */
  readonly text: string;
}

/** Throws `CliError` where the market would not take such an order, or where it could trade. */
export function probeTermsOf(instrument: Instrument, market: Market): ProbeTerms {
  const { symbol, tick, lot, priceDecimals, quantityDecimals } = instrument;
  if (market.phase !== MarketPhase.MARKET_PHASE_CONTINUOUS) {
    throw new CliError(
      "MARKET_NOT_CONTINUOUS",
      `${symbol} does not trade now (npx palisade market ${symbol} says why); the probe needs it continuous`,
    );
  }
  const reference = market.sessionReference || instrument.referencePrice;
  const bps = market.rules!.staticBandBps || LIMIT_BELOW_BPS;
  const lowest = Math.floor((reference / BPS) * (BPS - bps));
  const price = (Math.floor(lowest / tick) + 1) * tick;
  const stopPrice = Math.ceil((STOP_TIMES * Math.max(reference, market.lastPrice)) / tick) * tick;
  if (stopPrice > PRICE_UNITS_MAX) {
    throw new CliError(
      "NO_SAFE_PRICE",
      `${symbol} has no price that is far enough from its market for an order that must not trade`,
    );
  }
  const asset = instrument.quoteAsset!;
  const value = price * lot * 10 ** (asset.decimals - priceDecimals - quantityDecimals);
  const cost = value + Math.ceil((value * highestFee(instrument)) / MILLIONTHS);
  const money = (units: number) => `${formatDecimal(units, asset.decimals)} ${asset.name}`;
  const decimal = (units: number) => formatDecimal(units, priceDecimals);
  const text =
    `buy ${formatDecimal(lot, quantityDecimals)} ${symbol}, stop-limit: waits for a trade at ${decimal(stopPrice)} ` +
    `(last ${market.lastPrice === 0 ? "none" : decimal(market.lastPrice)}), limit ${decimal(price)}; ` +
    `value ${money(value)}, held ${money(cost)}`;
  return { symbol, quantity: lot, price, stopPrice, cost, value, asset, text };
}

function highestFee({ makerFee, takerFee, feeTiers }: Instrument): number {
  return Math.max(
    0,
    makerFee,
    takerFee,
    ...feeTiers.flatMap((each) => [each.makerFee, each.takerFee]),
  );
}

/** What an account needs for so many orders at once, by asset: the dearest of them may come each time. */
export function fundsFor(
  terms: readonly ProbeTerms[],
  ordersOpenMax: number,
): { readonly asset: Asset; readonly units: number }[] {
  const dearest = new Map<string, ProbeTerms>();
  for (const each of terms) {
    const before = dearest.get(each.asset.name);
    if (!before || each.cost > before.cost) dearest.set(each.asset.name, each);
  }
  return [...dearest.values()].map(({ asset, cost }) => ({ asset, units: cost * ordersOpenMax }));
}
