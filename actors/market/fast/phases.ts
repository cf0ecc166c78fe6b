/**
 * How the phase of a market changes, and what each change does to its orders (rule book, 5 and
 * 7.2).
 */
import { Code } from "../../kernel/codes.js";
import { OrderType, TimeInForce } from "../../kernel/order.js";
import { judgeSize } from "../ladder.js";
import { isAuction, isBeforeOpen, Phase } from "../phase.js";
import { isWithinBand } from "../protection.js";
import { Auction } from "./auction.js";
import type { FastBook } from "./fast-book.js";
import { ordersInOrderOfEnding, ordersWaiting } from "./order-groups.js";
import type { OrderLife } from "./order-life.js";
import { Place } from "./layout.js";

export class Phases {
  readonly auction: Auction;
  private readonly book: FastBook;
  private readonly life: OrderLife;

  constructor(life: OrderLife) {
    this.book = life.book;
    this.life = life;
    this.auction = new Auction(life);
  }

  /** 5.8. `until` counts for auctions only. */
  change(phase: Phase, until: number, code: Code): void {
    const { state } = this.book;
    const before = state.phase;
    if (phase === before) return;
    state.phase = phase;
    state.phaseUntil = isAuction(phase) ? until : 0;
    state.indicativePrice = 0;
    state.indicativeVolume = 0;
    state.indicativeSurplus = 0;
    this.life.log.phaseChanged(state.sequence, phase, state.phaseUntil, code);
    if (before === Phase.Closed) this.beginSession();
    if (isUncrossing(before, phase)) this.auction.uncross();
    if (isBeforeOpen(before) && !isBeforeOpen(phase)) {
      this.endAll(TimeInForce.AtTheOpen, Code.AUCTION_REMAINDER, Infinity);
    }
    if (before === Phase.ClosingAuction || phase === Phase.Closed) {
      this.endAll(TimeInForce.AtTheClose, Code.AUCTION_REMAINDER, Infinity);
    }
    if (phase === Phase.ClosingAuction) this.beginClosingAuction();
    if (phase === Phase.Closed) this.endDayOrders(this.book.limits.expiriesAtOnceMax);
  }

  /** Announces what an uncross would give now, if that has changed (5.6). */
  tellIndicative(): void {
    const { auction } = this;
    const { state } = this.book;
    if (!isAuction(state.phase)) return;
    auction.measure();
    const { price, volume, surplus } = auction;
    const isSame =
      price === state.indicativePrice &&
      volume === state.indicativeVolume &&
      surplus === state.indicativeSurplus;
    if (isSame) return;
    state.indicativePrice = price;
    state.indicativeVolume = volume;
    state.indicativeSurplus = surplus;
    this.life.log.indicative(state.sequence, price, volume, surplus);
  }

  /**
   * Is there something to end because of the time: an expired order, or one of a day that is over?
   */
  isLookDue(): boolean {
    const { book } = this;
    if (book.state.hasDayOrders && book.countOf(TimeInForce.Day) > 0) return true;
    const first = book.expiries.first();
    return first !== 0 && book.orders.expires(first) <= book.state.time;
  }

  /** 7.2: ends day orders that are left of a session, then expired orders. */
  look(): void {
    const { state, expiries, orders, limits } = this.book;
    let most = limits.expiriesAtOnceMax;
    if (state.hasDayOrders) most -= this.endDayOrders(most);
    for (let slot = expiries.first(); slot !== 0 && most > 0; slot = expiries.first()) {
      if (orders.expires(slot) > state.time) return;
      this.life.end(slot, Code.EXPIRED);
      most -= 1;
    }
  }

  private endDayOrders(most: number): number {
    const ended = this.endAll(TimeInForce.Day, Code.DAY_ENDED, most);
    this.book.state.hasDayOrders = this.book.countOf(TimeInForce.Day) > 0;
    return ended;
  }

  /**
   * 5.3: the first phase after `closed`. What the breaker counts and measures begins anew (6.2,
   * 6.3).
   */
  private beginSession(): void {
    const { state } = this.book;
    if (state.hasDayOrders) this.endDayOrders(Infinity);
    state.halts = 0;
    state.window.clear();
    if (state.lastPrice > 0) state.sessionReference = state.lastPrice;
  }

  /** 5.4: what waits for the closing auction rests, unless section 6 refuses it. */
  private beginClosingAuction(): void {
    const { book, life } = this;
    const { orders } = book;
    for (const slot of ordersWaiting(book)) {
      if (!orders.isOpen(slot) || orders.place(slot) !== Place.Closing) continue;
      const code = this.judgeByProtection(slot);
      if (code === Code.OK) {
        book.leave(slot);
        life.rest(slot);
      } else {
        life.end(slot, code);
      }
    }
  }

  private judgeByProtection(slot: number): Code {
    const { orders, state } = this.book;
    const price = orders.price(slot);
    const isHeld = orders.type(slot) !== OrderType.Market;
    if (isHeld && !isWithinBand(price, state)) return Code.PRICE_OUTSIDE_BAND;
    return judgeSize(price, orders.leaves(slot), state);
  }

  /**
   * Ends orders of a time in force, in the order of 4.4; returns how many, those that end as their
   * pairs apart.
   */
  private endAll(timeInForce: TimeInForce, code: Code, most: number): number {
    const { book, life } = this;
    const { orders } = book;
    let ended = 0;
    while (ended < most && book.countOf(timeInForce) > 0) {
      const wanted = Math.min(most - ended, book.countOf(timeInForce));
      const isOne = (slot: number): boolean => orders.timeInForce(slot) === timeInForce;
      for (const slot of ordersInOrderOfEnding(book, isOne, wanted)) {
        if (!orders.isOpen(slot)) continue;
        life.end(slot, code);
        ended += 1;
      }
    }
    return ended;
  }
}

function isUncrossing(before: Phase, phase: Phase): boolean {
  if (phase === Phase.Continuous || phase === Phase.PostOnly) return true;
  return isAuction(before) && phase === Phase.Closed;
}
