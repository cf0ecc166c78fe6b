/**
 * A seeded flow of everything that can be asked of a market: few prices and few accounts, so that all of it meets. It looks at
 * the engine that it drives to name orders that are open; what comes out is a plain list of commands all the same.
 */
import { PRICE_UNITS_MAX, QUANTITY_UNITS_MAX } from "../../actors/kernel/limits.js";
import { OrderType, SelfTrade, Side, TimeInForce } from "../../actors/kernel/order.js";
import { isImmediate, isStop } from "../../actors/kernel/order-terms.js";
import type { MatchingEngine, OpenOrder } from "../../actors/market/engine.js";
import { OrderEntry } from "../../actors/market/order-entry.js";
import { isAuction, Phase } from "../../actors/market/phase.js";
import type { Random } from "../../services/participants/random.js";
import type { EngineCommand, EntryTerms } from "./engine-commands.js";
import { SECOND, START } from "./engine-events.js";
import { drawRules, type FlowSetting } from "./engine-settings.js";

/** What a flow leaves out. */
export interface FlowOptions {
  /** Operators' commands: phases, the schedule, rules, listings. */
  readonly isQuiet?: boolean;
  /** Values that make no sense. */
  readonly isValid?: boolean;
  /** The ends of batches. */
  readonly isUnbroken?: boolean;
}

type Target = Pick<OpenOrder, "orderId" | "leaves" | "side" | "type" | "display">;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const ACCOUNTS = 4;
const GROUP = 99;
const RESTING_TYPES = [
  TimeInForce.GoodTillCancel,
  TimeInForce.GoodTillCancel,
  TimeInForce.Day,
  TimeInForce.GoodTillDate,
] as const;
const PHASES = Object.values(Phase);
const TIME_STEP = SECOND / 4;
/** So long that hundreds of orders wait for their expiry. */
const LONG_SECONDS = 200;
const WIDE_OVERLAP = 3;

export class EngineFlow {
  private readonly random: Random;
  private readonly setting: FlowSetting;
  private readonly options: FlowOptions;
  private time = START;
  /** The middle of the prices, in ticks. */
  private middle: number;
  private lastId = 0;
  /** The second leg of a pair whose first leg was the command before. */
  private secondLeg: EngineCommand | undefined;

  constructor(random: Random, setting: FlowSetting, options: FlowOptions = {}) {
    this.random = random;
    this.setting = setting;
    this.options = options;
    this.middle = Math.round(setting.reference / setting.tick);
  }

  /** The next command for an engine that stands as this one does. */
  next(engine: MatchingEngine): EngineCommand {
    const { secondLeg } = this;
    if (secondLeg && this.random.chance(0.8)) {
      this.secondLeg = undefined;
      return secondLeg;
    }
    if (this.setting.isWide && this.random.chance(0.8)) return this.enter(engine);
    const { phase, instrument } = engine.state;
    const at = this.random.next();
    // An odd listing is taken back soon.
    if (instrument?.tick !== this.setting.tick || instrument.lot !== this.setting.lot) {
      if (this.random.chance(0.1)) return this.list();
    }
    if (!this.options.isQuiet) {
      // Trading goes on most of the time: whatever else it is, is left soon.
      if (at < (phase === Phase.Continuous ? 0.008 : 0.08)) return this.phase(phase);
      if (at < 0.086) return this.operator();
    }
    if (!this.options.isUnbroken && at < 0.11) return this.random.chance(0.9) ? STORE : RESTORE;
    if (this.random.chance(0.01)) this.move();
    if (at < 0.2) return this.advance();
    if (at < 0.29) return { kind: "cancel", orderId: this.target(engine).orderId };
    if (at < 0.34) return this.reduce(engine);
    if (at < 0.47) return this.amend(engine);
    return this.enter(engine);
  }

  private enter(engine: MatchingEngine): EngineCommand {
    const { random, options } = this;
    this.lastId += 1;
    const terms = this.terms(this.lastId, engine);
    if (random.chance(0.08)) {
      this.lastId += 1;
      const second = this.terms(this.lastId, engine);
      terms.pair = second.orderId;
      second.pair = terms.orderId;
      second.account = terms.account;
      this.secondLeg = { kind: "enter", ...second };
    } else if (random.chance(0.01)) {
      terms.pair = this.target(engine).orderId;
      if (terms.pair === terms.orderId) terms.pair = 0;
    }
    if (!options.isValid && random.chance(0.03)) this.spoil(terms);
    return { kind: "enter", ...terms };
  }

  private terms(orderId: number, { state }: MatchingEngine): Mutable<EntryTerms> {
    const { random, setting } = this;
    const account = random.whole(1, ACCOUNTS);
    const side = random.pick([Side.Buy, Side.Sell]);
    const terms = new OrderEntry().reset(
      orderId,
      account,
      side,
      this.price(side),
      this.quantity(),
      random.chance(0.75) ? random.pick(RESTING_TYPES) : drawTimeInForce(random, state.phase),
    );
    if (random.chance(0.3)) terms.owner = GROUP;
    if (random.chance(0.4)) terms.selfTrade = random.pick(Object.values(SelfTrade));
    const kind = random.next();
    if (kind < 0.17) this.makeStop(terms, state.lastPrice);
    else if (kind < 0.25) this.makeMarket(terms, state.phase);
    else if (kind < 0.32 || state.phase === Phase.PostOnly) terms.postOnly = random.chance(0.9);
    else if (kind < 0.38) terms.minQuantity = setting.lot * random.whole(1, 9);
    if (terms.postOnly) terms.reprices = random.chance(0.5);
    if (terms.timeInForce === TimeInForce.GoodTillDate) {
      terms.expires = this.time + this.span(1, setting.isWide ? LONG_SECONDS : 12);
    }
    const isLimit = terms.type === OrderType.Limit || terms.type === OrderType.StopLimit;
    if (isLimit && !isImmediate(terms.timeInForce) && random.chance(0.25)) {
      terms.quantity = setting.lot * random.whole(3, 40);
      terms.display = setting.lot * random.whole(1, 3);
    }
    return terms;
  }

  private makeStop(terms: OrderEntry, lastPrice: number): void {
    const { random } = this;
    terms.type = random.pick([OrderType.Stop, OrderType.StopLimit]);
    terms.timeInForce = random.pick(RESTING_TYPES);
    const away = this.setting.tick * random.whole(1, this.setting.spread);
    const around = (lastPrice || this.setting.reference) + (terms.side === Side.Buy ? away : -away);
    terms.stopPrice = random.chance(0.8) ? this.onTick(around) : this.price(terms.side);
    terms.price = random.chance(0.5) ? this.price(terms.side) : terms.stopPrice;
    if (random.chance(0.5)) {
      terms.trail = this.setting.tick * random.whole(1, 2 * this.setting.spread);
    }
  }

  private makeMarket(terms: OrderEntry, phase: Phase): void {
    const { random, setting } = this;
    const away = setting.tick * setting.spread * 2;
    terms.type = OrderType.Market;
    const middle = setting.tick * this.middle;
    terms.price = this.onTick(middle + (terms.side === Side.Buy ? away : -away));
    if (RESTING_TYPES.some((rests) => rests === terms.timeInForce)) {
      terms.timeInForce =
        phase === Phase.Continuous
          ? random.pick([TimeInForce.ImmediateOrCancel, TimeInForce.FillOrKill])
          : random.pick([TimeInForce.AtTheOpen, TimeInForce.AtTheClose]);
    }
  }

  /** Makes one value of an order senseless, or merely odd. */
  private spoil(terms: Mutable<EntryTerms>): void {
    const { random, setting } = this;
    const others: readonly (() => Partial<Record<keyof EntryTerms, unknown>>)[] = [
      () => ({ side: random.pick([0, 3]) }),
      () => ({ type: random.pick([0, 5]) }),
      () => ({ timeInForce: random.pick([0, 8]) }),
      () => ({ selfTrade: 5 }),
      () => ({ quantity: random.pick([0, setting.lot + 1, QUANTITY_UNITS_MAX + setting.lot]) }),
      () => ({ price: random.pick([0, setting.tick + 1, PRICE_UNITS_MAX + setting.tick]) }),
      () => ({ price: setting.tick * random.whole(1, 10 ** random.whole(1, 8)) }),
      () => ({ stopPrice: random.pick([0, setting.tick, setting.tick + 1]) }),
      () => ({ stopPrice: PRICE_UNITS_MAX + setting.tick }),
      () => ({ display: random.pick([1, setting.lot, terms.quantity, terms.quantity * 2]) }),
      () => ({ expires: random.pick([0, this.time - 1, this.time, this.time + SECOND]) }),
      () => ({ postOnly: true }),
      () => ({ reprices: true }),
      () => ({ trail: random.pick([setting.tick, setting.tick + 1, PRICE_UNITS_MAX * 2]) }),
      () => ({ minQuantity: random.pick([setting.lot, setting.lot + 1, terms.quantity * 2]) }),
      () => ({ type: random.pick(Object.values(OrderType)) }),
      () => ({ timeInForce: random.pick(Object.values(TimeInForce)) }),
    ];
    Object.assign(terms, random.pick(others)());
  }

  private reduce(engine: MatchingEngine): EngineCommand {
    const { orderId, leaves } = this.target(engine);
    const { lot } = this.setting;
    return { kind: "reduce", orderId, leaves: lot * this.random.whole(0, Math.ceil(leaves / lot)) };
  }

  private amend(engine: MatchingEngine): EngineCommand {
    const { random, options } = this;
    const { tick, lot } = this.setting;
    const target = this.target(engine);
    const request = { orderId: target.orderId, price: 0, change: 0, stopPrice: 0, display: 0 };
    if (random.chance(0.4)) request.price = this.price(target.side);
    if (random.chance(0.6)) request.change = lot * random.whole(-Math.ceil(target.leaves / lot), 4);
    if (isStop(target.type) && random.chance(0.4)) request.stopPrice = this.price(target.side);
    if (target.display > 0 && random.chance(0.3)) request.display = lot * random.whole(1, 5);
    if (!options.isValid && random.chance(0.05)) {
      const spoilt: readonly Partial<typeof request>[] = [
        { price: tick + 1 },
        { price: PRICE_UNITS_MAX + tick },
        { change: 1 },
        { change: QUANTITY_UNITS_MAX },
        { stopPrice: tick },
        { stopPrice: tick + 1 },
        { stopPrice: PRICE_UNITS_MAX + tick },
        { display: 1 },
      ];
      Object.assign(request, random.pick(spoilt));
    }
    return { kind: "amend", ...request };
  }

  private phase(phase: Phase): EngineCommand {
    const { random } = this;
    const isBack = phase !== Phase.Continuous && random.chance(0.5);
    const next = isBack ? Phase.Continuous : random.pick(PHASES);
    const hasEnd = random.chance(isAuction(next) ? 0.7 : 0.05);
    const until = hasEnd ? this.time + this.span(1, 4) : 0;
    return { kind: "phase", phase: next, until };
  }

  private operator(): EngineCommand {
    const { random, setting } = this;
    const kind = random.next();
    if (kind < 0.5) {
      const isOfAll = random.chance(0.5) && !setting.isWide;
      const account = isOfAll ? 0 : random.whole(1, ACCOUNTS + 1);
      return { kind: "mass-cancel", account, side: random.pick([0, Side.Buy, Side.Sell]) };
    }
    if (kind < 0.75 && !setting.isWide)
      return { kind: "rules", rules: drawRules(random, setting.reference) };
    if (kind < 0.88) {
      const times = Array.from({ length: random.whole(0, 4) }, () => this.span(1, 20));
      const schedule = times
        .sort((a, b) => a - b)
        .map((after) => ({ time: this.time + after, phase: random.pick(PHASES) }));
      return { kind: "schedule", schedule };
    }
    return this.list(random.pick([1, 2]), random.pick([1, 2]));
  }

  private list(ticks = 1, lots = 1): EngineCommand {
    return { kind: "list", tick: this.setting.tick * ticks, lot: this.setting.lot * lots };
  }

  private advance(): EngineCommand {
    const { random } = this;
    const isLong = random.chance(0.05);
    this.time += this.span(0, isLong ? 30 : 2);
    return { kind: "advance", time: this.time };
  }

  /** An open order, or now and then one that is not. */
  private target(engine: MatchingEngine): Target {
    const { random } = this;
    if (random.chance(0.95)) {
      const open = [...engine.book(Side.Buy), ...engine.book(Side.Sell), ...engine.waiting()];
      if (open.length > 0) return random.pick(open);
    }
    const orderId = random.whole(1, this.lastId + 1);
    const leaves = this.setting.lot * 5;
    return { orderId, leaves, side: Side.Buy, type: OrderType.Limit, display: 0 };
  }

  /** A time of so many seconds at most, on a coarse grid: what is due at one time meets there. */
  private span(leastSteps: number, mostSeconds: number): number {
    return TIME_STEP * this.random.whole(leastSteps, (mostSeconds * SECOND) / TIME_STEP);
  }

  /** Prices go elsewhere, if nothing holds them. */
  private move(): void {
    const { random, setting } = this;
    const { spread, rules, isWide } = setting;
    if (rules.staticBandBps > 0 || isWide) return;
    this.middle = Math.max(spread * 3, this.middle + random.whole(-10, 10) * spread);
  }

  private price(side: Side): number {
    return this.setting.tick * Math.max(1, this.middle + this.away(side));
  }

  private away(side: Side): number {
    const { random, setting } = this;
    const { spread, isWide } = setting;
    if (!isWide) {
      const isFar = random.chance(0.01);
      return isFar ? random.whole(-10 * spread, 1_000 * spread) : random.whole(-spread, spread);
    }
    // Most are far away, by orders of magnitude; few are on the other side of the middle, and never by much.
    const isBehind = random.chance(0.9);
    const away = Math.round(
      isBehind ? spread ** Math.sqrt(random.next()) : random.whole(0, WIDE_OVERLAP),
    );
    return isBehind === (side === Side.Buy) ? -away : away;
  }

  private onTick(price: number): number {
    const { tick } = this.setting;
    return Math.max(1, Math.round(price / tick)) * tick;
  }

  private quantity(): number {
    const { random, setting } = this;
    return setting.lot * random.whole(1, random.chance(0.15) ? 60 : 9);
  }
}

const STORE: EngineCommand = { kind: "store" };
const RESTORE: EngineCommand = { kind: "restore" };

function drawTimeInForce(random: Random, phase: Phase): TimeInForce {
  if (phase === Phase.Continuous) {
    const { ImmediateOrCancel, FillOrKill, AtTheClose, AtTheOpen } = TimeInForce;
    const one = random.pick([ImmediateOrCancel, ImmediateOrCancel, FillOrKill, FillOrKill]);
    return random.chance(0.75) ? one : random.pick([AtTheClose, AtTheClose, AtTheClose, AtTheOpen]);
  }
  return random.pick([TimeInForce.AtTheOpen, TimeInForce.AtTheClose, TimeInForce.FillOrKill]);
}
