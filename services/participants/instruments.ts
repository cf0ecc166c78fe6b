/** What is traded on an exchange that `start` makes. */
import type { Asset, Instrument } from "../../proto/gen/exchange/v1/exchange.js";

const TWD: Asset = { name: "TWD", decimals: 2 };
const USD: Asset = { name: "USD", decimals: 6 };

/** In millionths of a trade's value, of accounts of tier 0, 1 and 2. */
const FEES = {
  makerFee: -100,
  takerFee: 400,
  feeTiers: [
    { makerFee: -120, takerFee: 300 },
    { makerFee: -150, takerFee: 200 },
  ],
};

/** Prices, ticks and lots in the instrument's own units: 580.00 TWD is 58000. */
export const INSTRUMENTS: readonly Instrument[] = [
  {
    symbol: "2330.TW",
    baseAsset: { name: "TSMC", decimals: 0 },
    quoteAsset: TWD,
    priceDecimals: 2,
    quantityDecimals: 0,
    tick: 100,
    lot: 1_000,
    referencePrice: 58_000,
    makerFee: 0,
    takerFee: 0,
    feeTiers: [],
  },
  {
    symbol: "AAPL",
    baseAsset: { name: "AAPL", decimals: 0 },
    quoteAsset: USD,
    priceDecimals: 2,
    quantityDecimals: 0,
    tick: 1,
    lot: 1,
    referencePrice: 19_000,
    makerFee: 0,
    takerFee: 0,
    feeTiers: [],
  },
  {
    symbol: "MSFT",
    baseAsset: { name: "MSFT", decimals: 0 },
    quoteAsset: USD,
    priceDecimals: 2,
    quantityDecimals: 0,
    tick: 1,
    lot: 1,
    referencePrice: 42_000,
    makerFee: 0,
    takerFee: 0,
    feeTiers: [],
  },
  {
    symbol: "BTC/USD",
    baseAsset: { name: "BTC", decimals: 4 },
    quoteAsset: USD,
    priceDecimals: 2,
    quantityDecimals: 4,
    tick: 1,
    lot: 10,
    referencePrice: 6_000_000,
    ...FEES,
  },
  {
    symbol: "ETH/USD",
    baseAsset: { name: "ETH", decimals: 4 },
    quoteAsset: USD,
    priceDecimals: 2,
    quantityDecimals: 4,
    tick: 1,
    lot: 100,
    referencePrice: 300_000,
    ...FEES,
  },
];
