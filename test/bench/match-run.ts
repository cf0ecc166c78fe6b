/**
 * Gives a flow to an engine with everything a market has of it: events read after each command,
 * rows and hash batch by batch.
 */
import { StateHash } from "../../actors/kernel/hash.js";
import { FIRST_MARKET_ID } from "../../actors/kernel/ids.js";
import type { Side, TimeInForce } from "../../actors/kernel/order.js";
import type { OpenOrder, OrderRows } from "../../actors/market/engine.js";
import { EVENT_STRIDE, EventKind, type EventLog } from "../../actors/market/event-log.js";
import { FastEngine } from "../../actors/market/fast/fast-engine.js";
import { MarketState } from "../../actors/market/market-state.js";
import { OrderEntry } from "../../actors/market/order-entry.js";
import { BASIS_POINTS, DEFAULT_RULES } from "../../actors/market/rules.js";
import { type Flow, MessageKind, START_TICKS } from "./match-flow.js";

export const BATCH_COMMANDS = 2_000;
const BATCH_MICROSECONDS = 1_000;

// Constants of another module are looked up each time.
const ENTER = MessageKind.Enter;
const CANCEL = MessageKind.Cancel;
const TRADE = EventKind.Trade;
const DEPTH = EventKind.Depth;
const EVENT_SHIFT = Math.log2(EVENT_STRIDE);

/**
 * An engine whose market is listed, trades, and lets limits be as far away as the scenarios need.
 */
export function openEngine(): FastEngine {
  const state = new MarketState();
  state.instrument = {
    id: FIRST_MARKET_ID,
    symbol: "2330.TW",
    baseAsset: 1,
    quoteAsset: 2,
    priceDecimals: 2,
    quantityDecimals: 0,
    tick: 1,
    lot: 1,
    notionalFactor: 1,
    referencePrice: START_TICKS,
    makerFee: 0,
    takerFee: 0,
    feeTiers: [],
  };
  state.shards = 4;
  state.reference = START_TICKS;
  state.sessionReference = START_TICKS;
  state.rules = { ...DEFAULT_RULES, staticBandBps: BASIS_POINTS };
  return new FastEngine(state);
}

/** Adds up all that is told and stored, so that none of it can be left out. */
export class Reader implements OrderRows {
  sum = 0;
  rows = 0;

  changed(order: OpenOrder): void {
    this.sum += order.orderId + order.price + order.leaves + order.priority;
    this.rows += 1;
  }

  removed(orderId: number): void {
    this.sum += orderId;
    this.rows += 1;
  }

  /** Each value of each record. */
  events(log: EventLog): void {
    const { count, values } = log;
    let sum = 0;
    for (let record = 0; record < count; record++) {
      const at = record << EVENT_SHIFT;
      const kind = values[at]!;
      sum += kind + values[at | 1]! + (values[at | 2]! + values[at | 3]!) + values[at | 4]!;
      if (kind === DEPTH) continue;
      sum += values[at | 5]! + values[at | 6]! + (values[at | 7]! + values[at | 8]!);
      sum += values[at | 9]!;
      if (kind === TRADE) sum += values[at | 10]! + values[at | 11]!;
    }
    this.sum += sum;
    log.reset();
  }
}

export class Driver {
  readonly engine: FastEngine;
  readonly reader = new Reader();
  private readonly flow: Flow;
  private readonly entry = new OrderEntry();
  private readonly request = { orderId: 0, price: 0, change: 0, stopPrice: 0, display: 0 };
  private time = 0;

  constructor(flow: Flow, engine: FastEngine) {
    this.flow = flow;
    this.engine = engine;
  }

  /** The messages from one place of the flow to another, in batches. */
  run(from: number, to: number): void {
    for (let at = from; at < to; at += BATCH_COMMANDS) {
      this.beginBatch();
      this.give(at, Math.min(to, at + BATCH_COMMANDS));
      this.endBatch();
    }
  }

  beginBatch(): void {
    this.time += BATCH_MICROSECONDS;
    this.engine.advance(this.time);
    this.reader.events(this.engine.log);
  }

  /** Messages, and the reading of what each leads to. What is looked up once is not looked up for each. */
  give(from: number, to: number): void {
    const { engine, reader, entry, request } = this;
    const { log } = engine;
    const { kinds, orderIds, accounts, sides, prices, quantities, timesInForce } = this.flow;
    for (let at = from; at < to; at++) {
      const kind = kinds[at]!;
      if (kind === ENTER) {
        const account = accounts[at]!;
        entry.orderId = orderIds[at]!;
        entry.account = account;
        entry.owner = account;
        entry.side = sides[at] as Side;
        entry.price = prices[at]!;
        entry.quantity = quantities[at]!;
        entry.timeInForce = timesInForce[at] as TimeInForce;
        engine.enter(entry);
      } else if (kind === CANCEL) {
        engine.cancel(orderIds[at]!);
      } else {
        request.orderId = orderIds[at]!;
        request.price = prices[at]!;
        request.change = quantities[at]!;
        engine.amend(request);
      }
      reader.events(log);
    }
  }

  /** What the host does with each batch. */
  endBatch(): void {
    const { engine, reader } = this;
    engine.takeRows(reader);
    const hash = new StateHash();
    engine.state.addTo(hash);
    engine.addTo(hash);
    reader.sum += hash.value() + engine.state.encode().length;
  }
}
