/** Self-trade prevention (rule book, 2.3), in continuous trading and in an uncross alike. */
import { Code } from "../../kernel/codes.js";
import { SelfTrade } from "../../kernel/order.js";
import type { OrderLife } from "./order-life.js";
import { Place } from "./layout.js";
import type { OrderStore } from "./order-store.js";

/** Are the two of one owner, and does the taker's mode mind? */
export function isSelfTrade(orders: OrderStore, maker: number, taker: number): boolean {
  if (orders.selfTrade(taker) === SelfTrade.Allow) return false;
  return orders.owner(maker) === orders.owner(taker);
}

/** First what befalls the maker, then what befalls the taker, if it still lives. */
export function preventSelfTrade(life: OrderLife, maker: number, taker: number): void {
  const { orders } = life.book;
  switch (orders.selfTrade(taker)) {
    case SelfTrade.CancelNewest:
      life.end(taker, Code.SELF_TRADE_PREVENTED);
      break;
    case SelfTrade.CancelOldest:
      life.end(maker, Code.SELF_TRADE_PREVENTED);
      break;
    case SelfTrade.CancelBoth:
      life.end(maker, Code.SELF_TRADE_PREVENTED);
      life.endIfOpen(taker, Code.SELF_TRADE_PREVENTED);
      break;
    default: {
      const isAuction = orders.place(taker) === Place.Book;
      const quantity = Math.min(orders.leaves(maker), orders.leaves(taker));
      life.decrement(maker, quantity, isAuction);
      if (orders.isOpen(taker)) life.decrement(taker, quantity, isAuction);
    }
  }
}
