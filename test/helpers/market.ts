/** Drives a market as its host does, and reads what it says. */
import { decodeMarketEvents, type MarketEvent } from "../../actors/market/market-events.js";
import {
  encodeMarketCommand,
  isOrderCommand,
  type MarketCommand,
  plainOrder,
} from "../../actors/market/messages.js";
import { type EngineMaker, Market } from "../../actors/market/market.js";
import { DEFAULT_RULES } from "../../actors/market/rules.js";
import type { Effects } from "../../actors/kernel/actor.js";
import { FIRST_MARKET_ID, orderIdOf, shardOfOrder, sourceOfSlot } from "../../actors/kernel/ids.js";
import type { Instrument } from "../../actors/kernel/instrument.js";
import { Side, TimeInForce } from "../../actors/kernel/order.js";
import { decodeLedgerCommand, type MarketAnswer } from "../../actors/ledger/messages.js";
import { rowsOf } from "./tables.js";

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
  referencePrice: 100,
  makerFee: 0,
  takerFee: 0,
  feeTiers: [],
};

/** Applies one command under the next number of its source: an operator's slot, or the order's shard. */
export function give(market: Market, command: MarketCommand): void {
  const source = isOrderCommand(command) ? shardOfOrder(command.orderId) : OPERATOR;
  giveBytes(market, source, encodeMarketCommand(command));
}

export function giveBytes(market: Market, source: number, payload: Uint8Array): void {
  const token = Math.max(market.links.of(source).token, 1);
  const number = market.links.of(source).received + 1;
  market.apply({ source, token, number, payload });
  market.links.advance(source, token, number);
}

export function list(market: Market, shards = 2, changes: Partial<Instrument> = {}): void {
  give(market, { kind: "list", instrument: { ...INSTRUMENT, ...changes }, shards });
}

/** Lets prices go where they like: a test's market is young, and its reference price a mere number. */
export function withoutBands(market: Market): void {
  give(market, { kind: "rules", rules: { ...DEFAULT_RULES, staticBandBps: 0 } });
}

/** What a batch says to one shard. */
export function answersTo(effects: Effects, shard: number): MarketAnswer[] {
  const messages = effects.sends.get(shard) ?? [];
  return messages.map((message) => decodeLedgerCommand(message) as MarketAnswer);
}

export function eventsOf(effects: Effects): MarketEvent[] {
  return effects.events ? decodeMarketEvents(effects.events) : [];
}

export interface Step {
  /** [maker, price, quantity] in match order; orders by their count. */
  readonly fills: readonly (readonly [number, number, number])[];
  /** Everything said to the shards, in the order of shards; a trade that both were told is in it twice. */
  readonly answers: readonly MarketAnswer[];
  readonly events: readonly MarketEvent[];
  readonly effects: Effects;
}

const SHARDS = 2;

/**
 * A listed market that takes one order command per batch. Orders are named by a count; the odd ones are issued by
 * shard 1 to account 101, the even ones by shard 2 to account 102.
 */
export class Floor {
  readonly market: Market;
  /** Of the next batch, in microseconds since 1970. */
  time = 1_000_000;

  constructor(engineOf?: EngineMaker) {
    this.market = Market.create(MARKET_ID, engineOf);
    list(this.market, SHARDS);
    this.market.takeEffects();
  }

  buy(count: number, price: number, quantity: number): Step {
    return this.enter(count, Side.Buy, price, quantity, TimeInForce.GoodTillCancel);
  }

  sell(count: number, price: number, quantity: number): Step {
    return this.enter(count, Side.Sell, price, quantity, TimeInForce.GoodTillCancel);
  }

  buyNow(count: number, price: number, quantity: number): Step {
    return this.enter(count, Side.Buy, price, quantity, TimeInForce.ImmediateOrCancel);
  }

  sellNow(count: number, price: number, quantity: number): Step {
    return this.enter(count, Side.Sell, price, quantity, TimeInForce.ImmediateOrCancel);
  }

  cancel(count: number): Step {
    return this.take({ kind: "cancel", orderId: orderOf(count) });
  }

  reduce(count: number, leaves: number): Step {
    return this.take({ kind: "reduce", orderId: orderOf(count), leaves });
  }

  /** A batch without commands. */
  pass(milliseconds: number): Step {
    this.time += milliseconds * 1_000;
    this.market.advance(this.time);
    return this.end();
  }

  take(command: MarketCommand): Step {
    this.market.advance(this.time);
    give(this.market, command);
    return this.end();
  }

  private end(): Step {
    this.market.checkInvariants();
    const effects = this.market.takeEffects();
    const answers = [...answersTo(effects, 1), ...answersTo(effects, 2)];
    return { fills: fillsOf(effects), answers, events: eventsOf(effects), effects };
  }

  private enter(
    count: number,
    side: Side,
    price: number,
    quantity: number,
    timeInForce: TimeInForce,
  ): Step {
    const orderId = orderOf(count);
    const account = accountOf(count);
    return this.take(plainOrder({ orderId, account, side, timeInForce, price, quantity }));
  }
}

export function orderOf(count: number): number {
  return orderIdOf(count, count % 2 === 1 ? 1 : 2);
}

export function accountOf(count: number): number {
  return count % 2 === 1 ? 101 : 102;
}

function fillsOf(effects: Effects): [number, number, number][] {
  return rowsOf(effects.rows["trades"]!).map((row) => [
    Math.floor((row["maker_order"] as number) / 1024),
    row["price"] as number,
    row["quantity"] as number,
  ]);
}
