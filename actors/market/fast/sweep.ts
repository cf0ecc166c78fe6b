/**
 * What an order does that may trade at once: it meets the other side's orders one by one (rule
 * book, 2 and 6.2 to 6.3).
 */
import { Code } from "../../kernel/codes.js";
import { OrderType, SelfTrade, Side } from "../../kernel/order.js";
import { isImmediate } from "../../kernel/order-terms.js";
import { Phase } from "../phase.js";
import { TakerBounds } from "../protection.js";
import type { FastBook } from "./fast-book.js";
import type { OrderLife } from "./order-life.js";
import type { Phases } from "./phases.js";
import { isSelfTrade, preventSelfTrade } from "./self-trade.js";

const BUY = Side.Buy;
const MARKET = OrderType.Market;
const ALLOW = SelfTrade.Allow;
const MICROSECONDS_PER_SECOND = 1_000_000;

export class Sweep {
  private readonly book: FastBook;
  private readonly life: OrderLife;
  private readonly phases: Phases;
  private readonly bounds = new TakerBounds();

  constructor(life: OrderLife, phases: Phases) {
    this.book = life.book;
    this.life = life;
    this.phases = phases;
  }

  /**
   * An order in hand trades as far as it goes; what is left rests or ends. `isTriggered`: it is a
   * stop that was just triggered.
   */
  take(taker: number, isTriggered: boolean): void {
    this.go(taker, 0, this.aim(taker, isTriggered));
  }

  /** An order that nothing but its limit stops, and that has met so many makers, goes on. */
  goOn(taker: number, met: number): void {
    this.go(taker, met, false);
  }

  private go(taker: number, metBefore: number, isBounded: boolean): void {
    const { orders, levels, limits } = this.book;
    const isBuy = orders.side(taker) === BUY;
    const makers = isBuy ? this.book.asks : this.book.bids;
    const limit = orders.price(taker);
    for (let met = metBefore; ; met++) {
      const level = makers.best;
      if (level === 0) break;
      const price = levels.price(level);
      if (isBuy ? price > limit : price < limit) break;
      if (isBounded && this.isStopped(taker, price)) return;
      if (met === limits.sweepMakersMax) {
        this.life.end(taker, Code.SWEEP_LIMIT);
        return;
      }
      this.meet(levels.head(level), taker, price);
      if (!orders.isOpen(taker)) return;
    }
    this.settle(taker, Code.IMMEDIATE_REMAINDER);
  }

  /** Measures how far the taker may go; false: as far as its limit. */
  private aim(taker: number, isTriggered: boolean): boolean {
    const { state, orders } = this.book;
    const { rules } = state;
    const isHeld = isTriggered || orders.type(taker) === MARKET;
    if (!isHeld && rules.dynamicBandBps === 0 && rules.breakerBps === 0) return false;
    this.bounds.aim(state, orders.side(taker), isHeld);
    return true;
  }

  private meet(maker: number, taker: number, price: number): void {
    const { orders, state } = this.book;
    const expires = orders.expires(maker);
    if (expires !== 0 && expires <= state.time) {
      this.life.end(maker, Code.EXPIRED);
      return;
    }
    if (orders.selfTrade(taker) !== ALLOW && isSelfTrade(orders, maker, taker)) {
      preventSelfTrade(this.life, maker, taker);
      return;
    }
    const shown = orders.shown(maker);
    const leaves = orders.leaves(taker);
    this.life.trade(maker, taker, price, shown < leaves ? shown : leaves);
  }

  /** Does the taker stop before this price (6.3)? Then it has come to its end, or rests. */
  private isStopped(taker: number, price: number): boolean {
    const { bounds } = this;
    const isBuy = this.book.orders.side(taker) === BUY;
    if (isBuy ? price > bounds.breaker : price < bounds.breaker) {
      this.halt();
      this.settle(taker, Code.PRICE_PROTECTION);
      return true;
    }
    if (isBuy ? price <= bounds.limit : price >= bounds.limit) return false;
    this.life.end(taker, Code.PRICE_PROTECTION);
    return true;
  }

  /** 2.5: what is left rests if it may, else ends. */
  private settle(taker: number, code: Code): void {
    if (isImmediate(this.book.orders.timeInForce(taker))) this.life.end(taker, code);
    else this.life.rest(taker);
  }

  /** 6.3: the breaker halts the market into an auction, for its next duration. */
  private halt(): void {
    const { state } = this.book;
    const durations = state.rules.breakerHaltSeconds;
    const seconds = durations[Math.min(state.halts, durations.length - 1)]!;
    state.halts += 1;
    const until = state.time + seconds * MICROSECONDS_PER_SECOND;
    this.phases.change(Phase.VolatilityAuction, until, Code.PHASE_BY_BREAKER);
  }
}
