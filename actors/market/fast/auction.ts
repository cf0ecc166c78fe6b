/** The one price of an auction, and trading at it (rule book, 5.5 and 5.6). */
import { Code } from "../../kernel/codes.js";
import type { FastBook } from "./fast-book.js";
import type { OrderLife } from "./order-life.js";
import { isSelfTrade, preventSelfTrade } from "./self-trade.js";

export class Auction {
  /**
   * What an uncross would give, as of the last `measure`; 0, 0, 0: nothing would trade. A surplus
   * of sellers is negative.
   */
  price = 0;
  volume = 0;
  surplus = 0;

  private readonly book: FastBook;
  private readonly life: OrderLife;
  /** The bids that may trade, the best first: price and quantity of each level, in turn. */
  private readonly bids: number[] = [];
  private readonly asks: number[] = [];
  private reference = 0;
  private tick = 1;
  /** Is what was found so far all on one side: of the buyers, of the sellers? */
  private isAllOfBuyers = true;
  private isAllOfSellers = true;
  /**
   * The lowest and the highest price of those that are as good, and the one nearest to the
   * reference, with its surplus.
   */
  private highest = 0;
  private highestSurplus = 0;
  private lowest = 0;
  private lowestSurplus = 0;
  private nearest = 0;
  private nearestSurplus = 0;

  constructor(life: OrderLife) {
    this.book = life.book;
    this.life = life;
  }

  /** Finds price, volume and surplus as the book stands. */
  measure(): void {
    this.price = 0;
    this.volume = 0;
    this.surplus = 0;
    if (!this.book.isCrossed()) return;
    const { lastPrice, instrument } = this.book.state;
    this.tick = instrument!.tick;
    this.reference = lastPrice === 0 ? instrument!.referencePrice : lastPrice;
    this.gather();
    this.goThroughPrices();
    this.choose();
  }

  /** Uncrosses the book if it is crossed. */
  uncross(): void {
    const { book, life } = this;
    if (!book.isCrossed()) return;
    this.endExpired();
    let hasTraded = false;
    while (book.isCrossed()) {
      this.measure();
      hasTraded = this.tradeAt(this.price, hasTraded);
    }
    // Only who stands first can have been left with his shown part used up.
    for (const ladder of [book.bids, book.asks]) {
      if (ladder.best !== 0) life.refill(book.levels.head(ladder.best));
    }
  }

  /** Trades what stands at a price or better, until one side has nothing left. */
  private tradeAt(price: number, hadTraded: boolean): boolean {
    const { book, life } = this;
    const { orders, levels, state } = book;
    let hasTraded = hadTraded;
    for (;;) {
      const bids = book.bids.best;
      const asks = book.asks.best;
      if (bids === 0 || levels.price(bids) < price) return hasTraded;
      if (asks === 0 || levels.price(asks) > price) return hasTraded;
      const bid = levels.head(bids);
      const ask = levels.head(asks);
      const isBidOlder = orders.priority(bid) < orders.priority(ask);
      const maker = isBidOlder ? bid : ask;
      const taker = isBidOlder ? ask : bid;
      if (isSelfTrade(orders, maker, taker)) {
        preventSelfTrade(life, maker, taker);
        continue;
      }
      // The breaker's window begins anew with the first trade of an uncross (6.2).
      if (!hasTraded) state.window.clear();
      hasTraded = true;
      life.trade(maker, taker, price, Math.min(orders.leaves(maker), orders.leaves(taker)));
      state.sessionReference = price;
    }
  }

  private endExpired(): void {
    const { orders, expiries, state } = this.book;
    for (let slot = expiries.first(); slot !== 0; slot = expiries.first()) {
      if (orders.expires(slot) > state.time) return;
      this.life.end(slot, Code.EXPIRED);
    }
  }

  private gather(): void {
    const { bids, asks, levels } = this.book;
    const lowest = levels.price(asks.best);
    const highest = levels.price(bids.best);
    this.bids.length = 0;
    this.asks.length = 0;
    for (let at = bids.best; at !== 0 && levels.price(at) >= lowest; at = bids.after(at)) {
      this.bids.push(levels.price(at), levels.shown(at) + levels.hidden(at));
    }
    for (let at = asks.best; at !== 0 && levels.price(at) <= highest; at = asks.after(at)) {
      this.asks.push(levels.price(at), levels.shown(at) + levels.hidden(at));
    }
  }

  /** From the lowest price to the highest: each limit, and what is on tick between two of them. */
  private goThroughPrices(): void {
    const { bids, asks } = this;
    let demand = 0;
    for (let at = 1; at < bids.length; at += 2) demand += bids[at]!;
    let supply = 0;
    let bid = bids.length - 2;
    let ask = 0;
    let before = 0;
    while (bid >= 0 || ask < asks.length) {
      const nextBid = bid >= 0 ? bids[bid]! : Infinity;
      const nextAsk = ask < asks.length ? asks[ask]! : Infinity;
      const price = Math.min(nextBid, nextAsk);
      if (before > 0) this.considerBetween(before, price, demand, supply);
      if (nextAsk === price) supply += asks[ask + 1]!;
      this.consider(price, price, demand, supply);
      if (nextBid === price) demand -= bids[bid + 1]!;
      if (nextAsk === price) ask += 2;
      if (nextBid === price) bid -= 2;
      before = price;
    }
  }

  private considerBetween(below: number, above: number, demand: number, supply: number): void {
    const { tick } = this;
    const first = (Math.floor(below / tick) + 1) * tick;
    const last = (Math.ceil(above / tick) - 1) * tick;
    if (first <= last) this.consider(first, last, demand, supply);
  }

  /**
   * Prices from one to another, on tick between them, at all of which the same would trade. They
   * come in rising order.
   */
  private consider(first: number, last: number, demand: number, supply: number): void {
    const volume = Math.min(demand, supply);
    const surplus = demand - supply;
    const least = Math.abs(this.surplus);
    if (volume < this.volume) return;
    if (volume === this.volume && Math.abs(surplus) > least) return;
    const isBetter = volume > this.volume || Math.abs(surplus) < least;
    if (isBetter) {
      this.volume = volume;
      this.surplus = surplus;
      this.isAllOfBuyers = true;
      this.isAllOfSellers = true;
      this.lowest = first;
      this.lowestSurplus = surplus;
    }
    this.isAllOfBuyers &&= surplus > 0;
    this.isAllOfSellers &&= surplus < 0;
    this.highest = last;
    this.highestSurplus = surplus;
    const near = this.nearestWithin(first, last);
    const distance = Math.abs(near - this.reference);
    if (isBetter || distance < Math.abs(this.nearest - this.reference)) {
      this.nearest = near;
      this.nearestSurplus = surplus;
    }
  }

  /** The price on tick within these that is nearest to the reference; of two the lower. */
  private nearestWithin(first: number, last: number): number {
    const { reference, tick } = this;
    if (reference <= first) return first;
    if (reference >= last) return last;
    const below = Math.max(first, Math.floor(reference / tick) * tick);
    const above = Math.min(last, Math.ceil(reference / tick) * tick);
    return above - reference < reference - below ? above : below;
  }

  private choose(): void {
    if (this.isAllOfBuyers) {
      this.price = this.highest;
      this.surplus = this.highestSurplus;
    } else if (this.isAllOfSellers) {
      this.price = this.lowest;
      this.surplus = this.lowestSurplus;
    } else {
      this.price = this.nearest;
      this.surplus = this.nearestSurplus;
    }
  }
}
