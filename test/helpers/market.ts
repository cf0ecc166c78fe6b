/** Drives a market as its host does, and reads what it says. */
import { decodeMarketEvents, type MarketEvent } from "../../actors/market/market-events.js";
import { encodeMarketCommand, type MarketCommand } from "../../actors/market/messages.js";
import type { Market } from "../../actors/market/market.js";
import type { Effects } from "../../actors/kernel/actor.js";
import { FIRST_MARKET_ID, shardOfOrder, sourceOfSlot } from "../../actors/kernel/ids.js";
import type { Instrument } from "../../actors/kernel/instrument.js";
import { decodeLedgerCommand, type MarketAnswer } from "../../actors/ledger/messages.js";

export const MARKET_ID = FIRST_MARKET_ID;
export const OPERATOR = sourceOfSlot(1);

export const INSTRUMENT: Instrument = {
  id: MARKET_ID,
  symbol: "2330.TW",
  baseAsset: 1,
  quoteAsset: 2,
  priceDecimals: 2,
  quantityDecimals: 0,
  tick: 1,
  lot: 1,
  notionalFactor: 1,
  referencePrice: 1_000,
};

/** Applies one command under the next number of its source: an operator's slot, or the order's shard. */
export function give(market: Market, command: MarketCommand): void {
  const source = command.kind === "list" ? OPERATOR : shardOfOrder(command.orderId);
  giveBytes(market, source, encodeMarketCommand(command));
}

export function giveBytes(market: Market, source: number, payload: Uint8Array): void {
  const { token, received } = market.links.of(source);
  market.apply({ source, token: Math.max(token, 1), number: received + 1, payload });
}

export function list(market: Market, shards = 2, changes: Partial<Instrument> = {}): void {
  give(market, { kind: "list", instrument: { ...INSTRUMENT, ...changes }, shards });
}

/** What a batch says to one shard. */
export function answersTo(effects: Effects, shard: number): MarketAnswer[] {
  const messages = effects.sends.get(shard) ?? [];
  return messages.map((message) => decodeLedgerCommand(message) as MarketAnswer);
}

export function eventsOf(effects: Effects): MarketEvent[] {
  return effects.events ? decodeMarketEvents(effects.events) : [];
}
