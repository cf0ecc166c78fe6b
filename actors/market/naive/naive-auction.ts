/** One price for all: what it would be, and trading at it (rule book, 5.5 and 5.6). */
import { Code } from "../../kernel/codes.js";
import { Side } from "../../kernel/order.js";
import { isSelfTrade, preventSelfTrade } from "./naive-self-trade.js";
import type { NaiveOrder } from "./naive-order.js";
import type { OpenOrders } from "./open-orders.js";

/** What would be traded at a price; a surplus of sellers is negative. */
export interface AuctionPrice {
  readonly price: number;
  readonly volume: number;
  readonly surplus: number;
}

const NOTHING: AuctionPrice = { price: 0, volume: 0, surplus: 0 };

export function isCrossed(orders: OpenOrders): boolean {
  const bid = orders.best(Side.Buy);
  const ask = orders.best(Side.Sell);
  return bid !== undefined && ask !== undefined && bid.price >= ask.price;
}

/** The price at which an uncross would trade now; 0, 0, 0: nothing would trade. */
export function auctionPrice(orders: OpenOrders): AuctionPrice {
  if (!isCrossed(orders)) return NOTHING;
  const offers = candidates(orders).map((price) => offerAt(orders, price));
  const most = Math.max(...offers.map(({ volume }) => volume));
  const largest = offers.filter(({ volume }) => volume === most);
  const least = Math.min(...largest.map(({ surplus }) => Math.abs(surplus)));
  const best = largest.filter(({ surplus }) => Math.abs(surplus) === least);
  if (best.every(({ surplus }) => surplus > 0)) return best[best.length - 1]!;
  if (best.every(({ surplus }) => surplus < 0)) return best[0]!;
  const reference = orders.state.lastPrice || orders.state.instrument!.referencePrice;
  const distance = ({ price }: AuctionPrice): number => Math.abs(price - reference);
  return best.reduce((nearest, offer) => (distance(offer) < distance(nearest) ? offer : nearest));
}

/** Uncrosses the book if it is crossed. */
export function uncross(orders: OpenOrders): void {
  if (!isCrossed(orders)) return;
  for (const order of orders.expired()) {
    if (order.place !== "gone") orders.end(order, Code.EXPIRED);
  }
  let hasTraded = false;
  while (isCrossed(orders)) {
    const { price } = auctionPrice(orders);
    let bid = bestBidAt(orders, price);
    let ask = bestAskAt(orders, price);
    while (bid && ask) {
      const [maker, taker] = bid.priority < ask.priority ? [bid, ask] : [ask, bid];
      if (isSelfTrade(maker, taker)) {
        preventSelfTrade(orders, maker, taker);
      } else {
        // The breaker's window begins anew with the first trade of an uncross (6.2).
        if (!hasTraded) orders.state.window.clear();
        hasTraded = true;
        orders.trade(maker, taker, price, Math.min(maker.leaves, taker.leaves));
        orders.state.sessionReference = price;
      }
      bid = bestBidAt(orders, price);
      ask = bestAskAt(orders, price);
    }
  }
  for (const order of orders.inOrderOfEnding()) orders.refill(order);
}

function bestBidAt(orders: OpenOrders, price: number): NaiveOrder | undefined {
  const bid = orders.best(Side.Buy);
  return bid && bid.price >= price ? bid : undefined;
}

function bestAskAt(orders: OpenOrders, price: number): NaiveOrder | undefined {
  const ask = orders.best(Side.Sell);
  return ask && ask.price <= price ? ask : undefined;
}

function offerAt(orders: OpenOrders, price: number): AuctionPrice {
  const sum = (side: NaiveOrder[]): number => side.reduce((total, { leaves }) => total + leaves, 0);
  const bids = sum(orders.book(Side.Buy).filter((bid) => bid.price >= price));
  const asks = sum(orders.book(Side.Sell).filter((ask) => ask.price <= price));
  return { price, volume: Math.min(bids, asks), surplus: bids - asks };
}

/**
 * The prices that matter, the lowest first, between the best ask and the best bid. What would trade is the same at all prices
 * between two neighbouring limits: so of these only the first, the last and those next to the reference price can be chosen.
 */
function candidates(orders: OpenOrders): number[] {
  const { tick, referencePrice } = orders.state.instrument!;
  const limits = [...orders.book(Side.Buy), ...orders.book(Side.Sell)].map(({ price }) => price);
  const reference = orders.state.lastPrice || referencePrice;
  const onTick = [...limits, reference].flatMap((price) => [
    (Math.ceil(price / tick) - 1) * tick,
    Math.floor(price / tick) * tick,
    Math.ceil(price / tick) * tick,
    (Math.floor(price / tick) + 1) * tick,
  ]);
  const highest = orders.best(Side.Buy)!.price;
  const lowest = orders.best(Side.Sell)!.price;
  const prices = [...new Set([...limits, ...onTick])].sort((a, b) => a - b);
  return prices.filter((price) => price >= lowest && price <= highest);
}
