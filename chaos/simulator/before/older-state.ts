/**
 * What markets of the version before stored (R13): a state without phases and rules, and a hash that knows neither those nor
 * the terms of orders. Written down here once more, as it was then: nothing of today's program writes it.
 */
import { ByteWriter, MalformedError } from "../../../actors/kernel/bytes.js";
import { hashOfString, StateHash } from "../../../actors/kernel/hash.js";
import { encodeInstrument } from "../../../actors/kernel/instrument.js";
import { Side } from "../../../actors/kernel/order.js";
import type { Market } from "../../../actors/market/market.js";
import type { MarketState } from "../../../actors/market/market-state.js";
import { Phase } from "../../../actors/market/phase.js";
import { DEFAULT_RULES } from "../../../actors/market/rules.js";

const OLDER_STATE_VERSION = 1;

/** As a market of that version did with any other. No bytes are the state of one that has never committed. */
export function refuseNewer(state: Uint8Array): void {
  const version = state[0] ?? OLDER_STATE_VERSION;
  if (version !== OLDER_STATE_VERSION) throw new MalformedError(`market state version ${version}`);
}

/** The state as it was stored. What was not stored is as it is after loading that: no later batch may rest on more (R6). */
export function storeOlder(state: MarketState): Uint8Array {
  state.phase = Phase.Continuous;
  state.phaseUntil = 0;
  state.sessionReference = state.reference;
  state.halts = 0;
  state.hasDayOrders = false;
  state.indicativePrice = 0;
  state.indicativeVolume = 0;
  state.indicativeSurplus = 0;
  state.window.clear();
  state.rules = DEFAULT_RULES;
  state.schedule = [];
  const writer = new ByteWriter(128).u8(OLDER_STATE_VERSION);
  writer.uint(state.sequence).uint(state.tradeId).uint(state.arrivals);
  writer.uint(state.lastPrice).uint(state.reference).uint(state.shards);
  writer.u8(state.instrument ? 1 : 0);
  if (state.instrument) encodeInstrument(writer, state.instrument);
  return writer.take();
}

/** The hash that a state was stored with. */
export function olderHash(market: Pick<Market, "book" | "state">): number {
  const { sequence, tradeId, arrivals, lastPrice, reference, shards, instrument } = market.state;
  const hash = new StateHash();
  hash.add(sequence, tradeId, arrivals);
  hash.add(lastPrice, reference, shards);
  if (instrument) {
    const { id, symbol, baseAsset, quoteAsset, priceDecimals, quantityDecimals } = instrument;
    hash.add(id, hashOfString(symbol), baseAsset, quoteAsset, priceDecimals, quantityDecimals);
    const { tick, lot, notionalFactor, referencePrice } = instrument;
    hash.add(tick, lot, notionalFactor, referencePrice);
  }
  hash.add(hashOfBook(market));
  return hash.value();
}

function hashOfBook(market: Pick<Market, "book">): number {
  const hash = new StateHash();
  for (const side of [Side.Buy, Side.Sell]) {
    for (const { orderId, account, side: own, price, leaves, priority } of market.book(side)) {
      hash.add(orderId, account, own, price, leaves, priority);
    }
  }
  return hash.value();
}
