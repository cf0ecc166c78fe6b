/**
 * The order flow: passive orders around a fixed middle that rest, crossing ones that take from them and never rest,
 * and cancels of the oldest passive orders. The same seed gives the same wishes.
 */
import {
  type Instrument,
  OrderType,
  Side,
  TimeInForce,
} from "../../proto/gen/exchange/v1/exchange.js";
import { Random } from "../../services/participants/random.js";
import type { Wish } from "../../services/participants/strategy.js";

/** Passive orders stand up to this many ticks from the middle; crossing ones reach beyond all of them. */
const DEPTH_TICKS = 8;
const REACH_TICKS = DEPTH_TICKS + 2;
/** A passive order is good for several crossing ones, so that books stay deep enough to cross into. */
const PASSIVE_LOTS_MIN = 4;
const PASSIVE_LOTS_MAX = 12;
const CROSSING_LOTS_MAX = 2;

export class OrderFlow {
  private readonly random: Random;
  private readonly instruments: readonly Instrument[];
  private readonly crossingShare: number;
  /** Cancels per order, so that they are the wanted part of all messages. */
  private readonly cancelsPerOrder: number;
  private cancelsDue = 0;

  constructor(
    seed: number,
    instruments: readonly Instrument[],
    shares: { readonly crossingShare: number; readonly cancelShare: number },
  ) {
    this.random = new Random(seed);
    this.instruments = instruments;
    this.crossingShare = shares.crossingShare;
    this.cancelsPerOrder = shares.cancelShare / (1 - shares.cancelShare);
  }

  /** A whole number below `count`: which account acts. */
  pick(count: number): number {
    return this.random.whole(0, count - 1);
  }

  /** The next order, and whether it crosses. */
  next(): { readonly wish: Wish; readonly isCrossing: boolean } {
    this.cancelsDue += this.cancelsPerOrder;
    const instrument = this.random.pick(this.instruments);
    const isCrossing = this.random.chance(this.crossingShare);
    return { wish: isCrossing ? this.crossing(instrument) : this.passive(instrument), isCrossing };
  }

  /** Is a cancel due now? Asked until it says no, it keeps the share. */
  takeCancel(): boolean {
    if (this.cancelsDue < 1) return false;
    this.cancelsDue -= 1;
    return true;
  }

  private passive(instrument: Instrument): Wish {
    const { symbol, tick, lot, referencePrice } = instrument;
    const isBuy = this.random.chance(0.5);
    const away = this.random.whole(1, DEPTH_TICKS) * tick;
    return {
      symbol,
      side: isBuy ? Side.SIDE_BUY : Side.SIDE_SELL,
      type: OrderType.ORDER_TYPE_LIMIT,
      timeInForce: TimeInForce.TIME_IN_FORCE_GOOD_TILL_CANCEL,
      price: isBuy ? referencePrice - away : referencePrice + away,
      quantity: lot * this.random.whole(PASSIVE_LOTS_MIN, PASSIVE_LOTS_MAX),
    };
  }

  private crossing(instrument: Instrument): Wish {
    const { symbol, tick, lot, referencePrice } = instrument;
    const isBuy = this.random.chance(0.5);
    const reach = REACH_TICKS * tick;
    return {
      symbol,
      side: isBuy ? Side.SIDE_BUY : Side.SIDE_SELL,
      type: OrderType.ORDER_TYPE_LIMIT,
      timeInForce: TimeInForce.TIME_IN_FORCE_IMMEDIATE_OR_CANCEL,
      price: isBuy ? referencePrice + reach : referencePrice - reach,
      quantity: lot * this.random.whole(1, CROSSING_LOTS_MAX),
    };
  }
}
