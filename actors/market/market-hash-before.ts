/** The state hash as markets made it that knew neither phases nor terms: what their last rows were committed with (R13). */
import { hashOfString, StateHash } from "../kernel/hash.js";
import { Side } from "../kernel/order.js";
import type { MatchingEngine } from "./engine.js";

const STATE_VERSION_BEFORE = 1;

/** Was a stored state written by such a market? */
export function isOfVersionBefore(state: Uint8Array): boolean {
  return state[0] === STATE_VERSION_BEFORE;
}

/** The hash that such a market gave a state. */
export function hashOfVersionBefore(engine: MatchingEngine): number {
  const orders = new StateHash();
  for (const side of [Side.Buy, Side.Sell]) {
    for (const { orderId, account, side: own, price, leaves, priority } of engine.book(side)) {
      orders.add(orderId, account, own, price, leaves, priority);
    }
  }
  const { sequence, tradeId, arrivals, lastPrice, reference, shards, instrument } = engine.state;
  const hash = new StateHash();
  hash.add(sequence, tradeId, arrivals);
  hash.add(lastPrice, reference, shards);
  if (instrument) {
    const { id, symbol, baseAsset, quoteAsset, priceDecimals, quantityDecimals } = instrument;
    hash.add(id, hashOfString(symbol), baseAsset, quoteAsset, priceDecimals, quantityDecimals);
    const { tick, lot, notionalFactor, referencePrice } = instrument;
    hash.add(tick, lot, notionalFactor, referencePrice);
  }
  hash.add(orders.value());
  return hash.value();
}
