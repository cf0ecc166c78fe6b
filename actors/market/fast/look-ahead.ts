/**
 * Would so much of an order trade at once (rule book, 2.2)? Looks at what a sweep would meet, and
 * changes nothing.
 */
import { OrderType, SelfTrade, Side } from "../../kernel/order.js";
import { TakerBounds } from "../protection.js";
import type { FastBook } from "./fast-book.js";

export class LookAhead {
  private readonly book: FastBook;
  private readonly bounds = new TakerBounds();
  private taker = 0;
  /** What still has to trade, what the taker still leaves, and how many makers it may still meet. */
  private wanted = 0;
  private leaves = 0;
  private meetings = 0;
  /** Orders that would have ended before they were met: as the pair of another. */
  private readonly ended = new Set<number>();
  /**
   * Icebergs of a level that would stand at its end with something left: the slot and what is left,
   * in turn.
   */
  private readonly refilled: number[] = [];

  constructor(book: FastBook) {
    this.book = book;
  }

  /** Would an order in hand trade this quantity at once, or more? */
  wouldTrade(taker: number, quantity: number): boolean {
    const { orders, limits } = this.book;
    this.taker = taker;
    this.wanted = quantity;
    this.leaves = orders.leaves(taker);
    this.meetings = limits.sweepMakersMax;
    this.ended.clear();
    return this.look() && this.wanted <= 0;
  }

  /** Goes from level to level; false: it would end before it has all. */
  private look(): boolean {
    const { book, taker } = this;
    const { orders, levels } = book;
    const isBuy = orders.side(taker) === Side.Buy;
    const makers = isBuy ? book.asks : book.bids;
    this.bounds.aim(book.state, orders.side(taker), orders.type(taker) === OrderType.Market);
    const limit = isBuy
      ? Math.min(orders.price(taker), this.bounds.limit)
      : Math.max(orders.price(taker), this.bounds.limit);
    for (let level = makers.best; level !== 0; level = makers.after(level)) {
      const price = levels.price(level);
      if (isBuy ? price > limit : price < limit) return false;
      if (!this.lookAt(level)) return false;
      if (this.wanted <= 0) return true;
    }
    return false;
  }

  private lookAt(level: number): boolean {
    const { orders, levels } = this.book;
    const { refilled } = this;
    refilled.length = 0;
    for (let maker = levels.head(level); maker !== level; maker = orders.next(maker)) {
      if (!this.meet(maker, orders.leaves(maker), orders.shown(maker))) return false;
      if (this.wanted <= 0) return true;
    }
    // What shows again stands behind all others, and is met again.
    for (let at = 0; at < refilled.length; at += 2) {
      const left = refilled[at + 1]!;
      const shown = Math.min(left, orders.display(refilled[at]!));
      if (!this.meet(refilled[at]!, left, shown)) return false;
      if (this.wanted <= 0) return true;
    }
    return true;
  }

  /** Counts what an order would give; false: the taker would have ended. */
  private meet(maker: number, leaves: number, shown: number): boolean {
    const { book, taker } = this;
    const { orders, state } = book;
    if (this.ended.has(maker)) return true;
    if (this.meetings === 0) return false;
    this.meetings -= 1;
    const pair = book.pairOf(maker);
    const expires = orders.expires(maker);
    const isExpired = expires !== 0 && expires <= state.time;
    const mode = orders.selfTrade(taker);
    const isOwn = mode !== SelfTrade.Allow && orders.owner(maker) === orders.owner(taker);
    if (!isExpired && isOwn && mode !== SelfTrade.CancelOldest) {
      if (mode !== SelfTrade.Decrement) return false;
      this.leaves -= leaves;
      if (this.leaves < this.wanted) return false;
    }
    if (pair !== 0) this.ended.add(pair);
    if (isExpired || isOwn) return pair !== taker;
    const quantity = Math.min(shown, this.leaves);
    this.wanted -= quantity;
    this.leaves -= quantity;
    const takerPair = book.pairOf(taker);
    if (takerPair !== 0) this.ended.add(takerPair);
    // Whoever trades with its own pair ends with it.
    if (pair === taker) return this.wanted <= 0;
    if (leaves > shown && quantity === shown) this.refilled.push(maker, leaves - shown);
    return true;
  }
}
