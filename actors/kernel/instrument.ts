/** What an instrument is, as its market and every ledger shard know it. Changes only by a command (R13). */
import { ByteReader, ByteWriter, MalformedError } from "./bytes.js";
import { type FeeRates, feesProblem, type FeeSchedule } from "./fees.js";
import {
  DECIMALS_MAX,
  PRICE_UNITS_MAX,
  QUANTITY_UNITS_MAX,
  SYMBOL_LENGTH_MAX,
  UNITS_MAX,
} from "./limits.js";

/**
 * Prices are in units of 10^−priceDecimals of the quote asset, quantities in units of 10^−quantityDecimals of the
 * base asset (the base asset has just these decimals).
 */
export interface Instrument extends FeeSchedule {
  /** The actor id of its market. */
  readonly id: number;
  readonly symbol: string;
  /** Numbers of the assets, from the table `assets`. */
  readonly baseAsset: number;
  readonly quoteAsset: number;
  readonly priceDecimals: number;
  readonly quantityDecimals: number;
  /** Smallest price step, in price units. */
  readonly tick: number;
  /** Smallest quantity step, in quantity units. */
  readonly lot: number;
  /** Units of the quote asset per (price unit × quantity unit): 10^(quoteDecimals − priceDecimals − quantityDecimals). */
  readonly notionalFactor: number;
  /** The price that bands start from until there is a trade, in price units. */
  readonly referencePrice: number;
}

/**
 * Added to the price decimals in the bytes of an instrument with fees, and with fees of more tiers than one: they follow then. Without
 * them the bytes are as they always were (R13).
 */
const WITH_FEES = 16;
const WITH_TIERS = 32;

export function encodeInstrument(writer: ByteWriter, instrument: Instrument): void {
  const { makerFee, takerFee, feeTiers } = instrument;
  const hasFees = makerFee !== 0 || takerFee !== 0;
  writer.uint(instrument.id).string(instrument.symbol);
  writer.uint(instrument.baseAsset).uint(instrument.quoteAsset);
  const hasTiers = feeTiers.length > 0;
  writer.uint(instrument.priceDecimals + (hasFees ? WITH_FEES : 0) + (hasTiers ? WITH_TIERS : 0));
  writer.uint(instrument.quantityDecimals);
  writer.uint(instrument.tick).uint(instrument.lot);
  writer.uint(instrument.notionalFactor).uint(instrument.referencePrice);
  if (hasFees) writer.int(makerFee).uint(takerFee);
  if (!hasTiers) return;
  writer.uint(feeTiers.length);
  for (const rates of feeTiers) writer.int(rates.makerFee).uint(rates.takerFee);
}

export function decodeInstrument(reader: ByteReader): Instrument {
  const id = reader.uint();
  const symbol = reader.string(SYMBOL_LENGTH_MAX);
  const baseAsset = reader.uint();
  const quoteAsset = reader.uint();
  const decimals = reader.uint();
  const hasTiers = decimals >= WITH_TIERS;
  const rest = hasTiers ? decimals - WITH_TIERS : decimals;
  const hasFees = rest >= WITH_FEES;
  const instrument: Instrument = {
    id,
    symbol,
    baseAsset,
    quoteAsset,
    priceDecimals: hasFees ? rest - WITH_FEES : rest,
    quantityDecimals: reader.uint(),
    tick: reader.uint(),
    lot: reader.uint(),
    notionalFactor: reader.uint(),
    referencePrice: reader.uint(),
    makerFee: hasFees ? reader.int() : 0,
    takerFee: hasFees ? reader.uint() : 0,
    feeTiers: hasTiers ? decodeTiers(reader) : [],
  };
  const problem = instrumentProblem(instrument);
  if (problem) throw new MalformedError(problem);
  return instrument;
}

function decodeTiers(reader: ByteReader): FeeRates[] {
  const tiers: FeeRates[] = [];
  for (let left = reader.uint(); left > 0; left--) {
    tiers.push({ makerFee: reader.int(), takerFee: reader.uint() });
  }
  return tiers;
}

/** Says what is wrong with a definition, or nothing. */
export function instrumentProblem(instrument: Instrument): string | undefined {
  if (!/^[A-Za-z0-9._/-]{1,24}$/.test(instrument.symbol)) {
    return "a symbol is 1 to 24 of A-Z a-z 0-9 . _ / -";
  }
  if (instrument.baseAsset === instrument.quoteAsset) return "base and quote asset are the same";
  if (instrument.priceDecimals > DECIMALS_MAX) return `price decimals are 0 to ${DECIMALS_MAX}`;
  if (instrument.quantityDecimals > DECIMALS_MAX) {
    return `quantity decimals are 0 to ${DECIMALS_MAX}`;
  }
  if (!isWithin(instrument.tick, PRICE_UNITS_MAX)) return "the tick is not positive";
  if (!isWithin(instrument.lot, QUANTITY_UNITS_MAX)) return "the lot is not positive";
  if (!isWithin(instrument.notionalFactor, UNITS_MAX)) {
    return "the quote asset has fewer decimals than price and quantity together";
  }
  if (!isWithin(instrument.referencePrice, PRICE_UNITS_MAX)) {
    return "the reference price is not positive";
  }
  if (instrument.referencePrice % instrument.tick !== 0) return "the reference price is off tick";
  return feesProblem(instrument);
}

function isWithin(value: number, maximum: number): boolean {
  return Number.isSafeInteger(value) && value >= 1 && value <= maximum;
}

/** What a quantity costs at a price, in units of the quote asset. Exact as long as it is at most `UNITS_MAX`. */
export function notional(instrument: Instrument, price: number, quantity: number): number {
  return price * quantity * instrument.notionalFactor;
}
