/** What makers and takers want next: quotes around a price that walks at random, and orders across. */
import {
  type Instrument,
  OrderType,
  type PlaceOrderRequest,
  Side,
  TimeInForce,
} from "../../proto/gen/exchange/v1/exchange.js";
import type { Random } from "./random.js";

/** Quotes are this part of the price apart, or a tick where that is more. */
const STEP_DIVISOR = 2_000;
const QUOTE_LEVELS = 8;
/** How far a taker's limit goes beyond the middle, in steps. */
const TAKER_REACH_STEPS = 5;
/** How far the middle walks from where it began before it is certain to turn back. */
const WALK_STEPS_MAX = 150;
const WALK_CHANCE = 0.05;
const MAKER_LOTS_MAX = 10;
const TAKER_LOTS_MAX = 5;
const MARKET_ORDER_CHANCE = 0.3;

/** What is wanted of a plain order. */
export type Wish = Pick<
  PlaceOrderRequest,
  "symbol" | "side" | "type" | "timeInForce" | "price" | "quantity"
>;

export class MarketView {
  readonly symbol: string;
  readonly lot: number;
  readonly #tick: number;
  readonly #step: number;
  readonly #random: Random;
  readonly #start: number;
  #middle: number;

  constructor(instrument: Instrument, random: Random) {
    this.symbol = instrument.symbol;
    this.lot = instrument.lot;
    this.#tick = instrument.tick;
    this.#step = this.#onTick(Math.max(instrument.tick, instrument.referencePrice / STEP_DIVISOR));
    this.#random = random;
    this.#start = instrument.referencePrice;
    this.#middle = instrument.referencePrice;
  }

  /** A resting order on one side of the middle. */
  quote(): Wish {
    this.#walk();
    const side = this.#side();
    const away = this.#random.whole(1, QUOTE_LEVELS) * this.#step;
    const price = side === Side.SIDE_BUY ? this.#middle - away : this.#middle + away;
    return {
      symbol: this.symbol,
      side,
      type: OrderType.ORDER_TYPE_LIMIT,
      timeInForce: TimeInForce.TIME_IN_FORCE_GOOD_TILL_CANCEL,
      price: Math.max(price, this.#tick),
      quantity: this.lot * this.#random.whole(1, MAKER_LOTS_MAX),
    };
  }

  /** An order that takes what is there, at any price or up to a limit across the middle. */
  cross(): Wish {
    const side = this.#side();
    const isMarket = this.#random.chance(MARKET_ORDER_CHANCE);
    const reach = (side === Side.SIDE_BUY ? 1 : -1) * TAKER_REACH_STEPS * this.#step;
    return {
      symbol: this.symbol,
      side,
      type: isMarket ? OrderType.ORDER_TYPE_MARKET : OrderType.ORDER_TYPE_LIMIT,
      timeInForce: TimeInForce.TIME_IN_FORCE_IMMEDIATE_OR_CANCEL,
      price: isMarket ? 0 : Math.max(this.#middle + reach, this.#tick),
      quantity: this.lot * this.#random.whole(1, TAKER_LOTS_MAX),
    };
  }

  #side(): Side {
    return this.#random.chance(0.5) ? Side.SIDE_BUY : Side.SIDE_SELL;
  }

  /** The further from its start, the likelier it turns back. */
  #walk(): void {
    if (!this.#random.chance(WALK_CHANCE)) return;
    const away = (this.#middle - this.#start) / (WALK_STEPS_MAX * this.#step);
    const up = this.#random.chance((1 - away) / 2);
    this.#middle += up ? this.#step : -this.#step;
  }

  #onTick(price: number): number {
    return Math.round(price / this.#tick) * this.#tick;
  }
}
