/** Drives a matching engine as a market would, and puts what it tells into sentences. */
import { StateHash } from "../../actors/kernel/hash.js";
import { FIRST_MARKET_ID } from "../../actors/kernel/ids.js";
import type { Instrument } from "../../actors/kernel/instrument.js";
import { OrderType, Side, TimeInForce } from "../../actors/kernel/order.js";
import type { AmendRequest, MatchingEngine, OpenOrder } from "../../actors/market/engine.js";
import { asTheyLie } from "../../chaos/simulator/servers/as-they-lie.js";
import type { EngineLimits } from "../../actors/market/engine-limits.js";
import { FastEngine } from "../../actors/market/fast/fast-engine.js";
import { MarketState, type ScheduledPhase } from "../../actors/market/market-state.js";
import { NaiveEngine } from "../../actors/market/naive/naive-engine.js";
import { OrderEntry } from "../../actors/market/order-entry.js";
import type { Phase } from "../../actors/market/phase.js";
import { DEFAULT_RULES, type MarketRules } from "../../actors/market/rules.js";
import { ORDERS } from "./engine-tables.js";
import { eventsOf, SECOND, sentence, START } from "./engine-events.js";

export type EngineClass = new (
  state?: MarketState,
  limits?: Partial<EngineLimits>,
) => MatchingEngine;

/** Each engine keeps each rule. */
export const ENGINES: readonly (readonly [string, EngineClass])[] = [
  ["NaiveEngine", NaiveEngine],
  ["FastEngine", FastEngine],
];

const INSTRUMENT: Instrument = {
  id: FIRST_MARKET_ID,
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

export type OrderTerms = Partial<Omit<OrderEntry, "reset" | "orderId" | "side">>;

export interface DeskOptions {
  readonly limits?: Partial<EngineLimits>;
  readonly rules?: Partial<MarketRules>;
  readonly instrument?: Partial<Instrument>;
  readonly phase?: Phase;
}

/** A market whose instrument is listed at 100, with nothing on its book. */
export function listedState(options: DeskOptions = {}): MarketState {
  const state = new MarketState();
  state.instrument = { ...INSTRUMENT, ...options.instrument };
  state.shards = 2;
  state.reference = state.instrument.referencePrice;
  state.sessionReference = state.instrument.referencePrice;
  state.rules = { ...DEFAULT_RULES, ...options.rules };
  state.phase = options.phase ?? state.phase;
  return state;
}

/** An engine and whoever talks to it. Each command answers with what was told, but for the depth, which is in `depth`. */
export class Desk {
  readonly Engine: EngineClass;
  readonly limits: Partial<EngineLimits>;
  engine: MatchingEngine;
  time = START;
  /** What the last command told of levels. */
  depth: string[] = [];
  private readonly entry = new OrderEntry();

  constructor(Engine: EngineClass, options: DeskOptions = {}) {
    this.Engine = Engine;
    this.limits = options.limits ?? {};
    this.engine = new Engine(listedState(options), this.limits);
    this.engine.advance(this.time);
  }

  /** A limit order, good till cancelled, of an account of its own, unless the terms say otherwise. */
  enter(orderId: number, side: Side, price: number, quantity: number, terms: OrderTerms = {}) {
    const account = terms.account ?? 1_000 + orderId;
    this.entry.reset(orderId, account, side, price, quantity, TimeInForce.GoodTillCancel);
    Object.assign(this.entry, terms);
    return this.do((engine) => engine.enter(this.entry));
  }

  buy(orderId: number, price: number, quantity: number, terms: OrderTerms = {}) {
    return this.enter(orderId, Side.Buy, price, quantity, terms);
  }

  sell(orderId: number, price: number, quantity: number, terms: OrderTerms = {}) {
    return this.enter(orderId, Side.Sell, price, quantity, terms);
  }

  /** Both sides of one trade, so that there is a last price. Takes the ids from 900 on. */
  tradeAt(price: number, orderId = 900): void {
    this.sell(orderId, price, 1);
    const told = this.buy(orderId + 1, price, 1);
    if (told[0] !== `${orderId + 1} takes 1 at ${price} from ${orderId}`) {
      throw new Error(`no trade at ${price}: ${told.join("; ")}`);
    }
  }

  cancel(orderId: number) {
    return this.do((engine) => engine.cancel(orderId));
  }

  reduce(orderId: number, leaves: number) {
    return this.do((engine) => engine.reduce(orderId, leaves));
  }

  amend(orderId: number, change: Partial<Omit<AmendRequest, "orderId">>) {
    const request = { orderId, price: 0, change: 0, stopPrice: 0, display: 0, ...change };
    return this.do((engine) => engine.amend(request));
  }

  massCancel(account = 0, side: Side | 0 = 0) {
    return this.do((engine) => engine.massCancel(account, side));
  }

  /** `forSeconds`: an end of its own, after that long. */
  phase(phase: Phase, forSeconds = 0) {
    const until = forSeconds === 0 ? 0 : this.time + forSeconds * SECOND;
    return this.do((engine) => engine.changePhase(phase, until));
  }

  rules(changes: Partial<MarketRules>) {
    return this.do((engine) => engine.setRules({ ...engine.state.rules, ...changes }));
  }

  /** Entries as (seconds from now, phase). */
  schedule(...entries: readonly (readonly [number, Phase])[]) {
    const schedule = entries.map(
      ([seconds, phase]): ScheduledPhase => ({ time: this.time + seconds * SECOND, phase }),
    );
    return this.do((engine) => engine.setSchedule(schedule));
  }

  /** A batch begins, so many seconds later. */
  wait(seconds: number) {
    this.time += seconds * SECOND;
    return this.do((engine) => engine.advance(this.time));
  }

  /** What stands on a side, the best first: `2: 5 at 100`; an iceberg `2: 5 of 50 at 100`. */
  book(side: Side): string[] {
    return this.engine.book(side).map(({ orderId, leaves, shown, price }) => {
      return `${orderId}: ${shown === leaves ? "" : `${shown} of `}${leaves} at ${price}`;
    });
  }

  get bids(): string[] {
    return this.book(Side.Buy);
  }

  get asks(): string[] {
    return this.book(Side.Sell);
  }

  get waiting(): number[] {
    return this.engine.waiting().map(({ orderId }) => orderId);
  }

  do(command: (engine: MatchingEngine) => void): string[] {
    const { engine } = this;
    engine.log.reset();
    command(engine);
    engine.checkInvariants();
    const lines = eventsOf(engine.log).map((event) => [event.kind, sentence(event)] as const);
    this.depth = lines.filter(([kind]) => kind === "depth").map(([, line]) => line);
    return lines.filter(([kind]) => kind !== "depth").map(([, line]) => line);
  }
}

/** The hash of all that an engine knows. */
export function hashOf(engine: MatchingEngine): number {
  const hash = new StateHash();
  engine.state.addTo(hash);
  engine.addTo(hash);
  return hash.value();
}

/** All open orders, in an order in which their rows may come back. */
export function openOrdersOf(engine: MatchingEngine): OpenOrder[] {
  const all = [...engine.book(Side.Buy), ...engine.book(Side.Sell), ...engine.waiting()];
  return asTheyLie(all, ORDERS);
}

/** What a successor makes of the stored state and the open orders. */
export function restored(
  engine: MatchingEngine,
  Engine: EngineClass,
  limits: Partial<EngineLimits>,
  orders: readonly OpenOrder[] = openOrdersOf(engine),
): MatchingEngine {
  const state = MarketState.decode(engine.state.encode());
  state.time = engine.state.time;
  const successor = new Engine(state, limits);
  for (const order of orders) successor.restore({ ...order });
  successor.finishLoading();
  return successor;
}

/** Terms that tests use again and again. */
export const IMMEDIATE = { timeInForce: TimeInForce.ImmediateOrCancel } as const;
export const FILL_OR_KILL = { timeInForce: TimeInForce.FillOrKill } as const;
export const DAY = { timeInForce: TimeInForce.Day } as const;
export const AT_THE_OPEN = { timeInForce: TimeInForce.AtTheOpen } as const;
export const AT_THE_CLOSE = { timeInForce: TimeInForce.AtTheClose } as const;
export const MARKET = { type: OrderType.Market, ...IMMEDIATE } as const;
export const POST_ONLY = { postOnly: true } as const;

/** Waits, then takes at the market, at most at its limit. */
export const stopAt = (stopPrice: number) => ({ type: OrderType.Stop, stopPrice }) as const;
/** Waits, then is a limit order. */
export const stopLimitAt = (stopPrice: number) =>
  ({ type: OrderType.StopLimit, stopPrice }) as const;
/** `seconds` from the start of the tests. */
export const goodFor = (seconds: number) =>
  ({ timeInForce: TimeInForce.GoodTillDate, expires: START + seconds * SECOND }) as const;
