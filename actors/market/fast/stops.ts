/**
 * Stops that follow the last price, and those that it triggers, wave after wave, for as long as the
 * market trades (rule book, 3).
 */
import { Code } from "../../kernel/codes.js";
import { followedStopPrice } from "../ladder.js";
import { Phase } from "../phase.js";
import type { FastBook } from "./fast-book.js";
import type { OrderLife } from "./order-life.js";
import { Place } from "./layout.js";
import type { Sweep } from "./sweep.js";

const CONTINUOUS = Phase.Continuous;

export class Stops {
  private readonly book: FastBook;
  private readonly life: OrderLife;
  private readonly sweep: Sweep;

  constructor(life: OrderLife, sweep: Sweep) {
    this.book = life.book;
    this.life = life;
    this.sweep = sweep;
  }

  /** After a command is done with everything else. */
  followAndTrigger(): void {
    const { state, trailing } = this.book;
    if (trailing.size > 0) this.follow();
    while (state.phase === CONTINUOUS && this.isAnyTriggered()) {
      this.executeWave();
      if (trailing.size > 0) this.follow();
    }
  }

  private follow(): void {
    const { book } = this;
    const { orders, state } = book;
    for (const slot of book.trailing) {
      const before = orders.stopPrice(slot);
      const trail = orders.trail(slot);
      const after = followedStopPrice(orders.side(slot), before, trail, state.lastPrice);
      if (after !== before) book.moveStop(slot, after);
    }
  }

  private isAnyTriggered(): boolean {
    const { levels, buyStops, sellStops, state } = this.book;
    if (buyStops.count + sellStops.count === 0) return false;
    const { lastPrice } = state;
    if (lastPrice === 0) return false;
    const buy = buyStops.best;
    if (buy !== 0 && levels.price(buy) <= lastPrice) return true;
    const sell = sellStops.best;
    return sell !== 0 && levels.price(sell) >= lastPrice;
  }

  private executeWave(): void {
    const { orders, state } = this.book;
    for (const slot of this.wave()) {
      // Whom a halt in mid-wave has spared goes on waiting (3.3).
      if (state.phase !== CONTINUOUS) return;
      if (!orders.isOpen(slot) || orders.place(slot) !== Place.Stops) continue;
      const expires = orders.expires(slot);
      if (expires !== 0 && expires <= state.time) {
        this.life.end(slot, Code.EXPIRED);
        continue;
      }
      this.life.trigger(slot);
      this.sweep.take(slot, true);
    }
  }

  /** All stops that the last price triggers, in order of their arrival. */
  private wave(): number[] {
    const { orders, levels, buyStops, sellStops, state } = this.book;
    const { lastPrice } = state;
    const wave: number[] = [];
    for (
      let at = buyStops.best;
      at !== 0 && levels.price(at) <= lastPrice;
      at = buyStops.after(at)
    ) {
      for (let slot = levels.head(at); slot !== at; slot = orders.next(slot)) wave.push(slot);
    }
    for (
      let at = sellStops.best;
      at !== 0 && levels.price(at) >= lastPrice;
      at = sellStops.after(at)
    ) {
      for (let slot = levels.head(at); slot !== at; slot = orders.next(slot)) wave.push(slot);
    }
    return wave.sort((a, b) => orders.priority(a) - orders.priority(b));
  }
}
