/** What an open order keeps from being spent: the most it can cost, no more and no less. */
import { type Instrument, notional } from "../kernel/instrument.js";
import { Side } from "../kernel/order.js";

export interface Hold {
  readonly asset: number;
  /** In the asset's units. */
  readonly amount: number;
}

/** The hold of `quantity` at the limit `price`: a buyer's in the quote asset, a seller's in the base asset. */
export function holdOf(
  instrument: Instrument,
  side: number,
  price: number,
  quantity: number,
): Hold {
  return side === Side.Buy
    ? { asset: instrument.quoteAsset, amount: notional(instrument, price, quantity) }
    : { asset: instrument.baseAsset, amount: quantity };
}
