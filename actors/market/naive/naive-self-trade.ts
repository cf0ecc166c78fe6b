/** Self-trade prevention (rule book, 2.3), in continuous trading and in an uncross alike. */
import { Code } from "../../kernel/codes.js";
import { SelfTrade } from "../../kernel/order.js";
import { EventKind } from "../event-log.js";
import type { NaiveOrder } from "./naive-order.js";
import type { OpenOrders } from "./open-orders.js";

/** Are the two of one owner, and does the taker's mode mind? */
export function isSelfTrade(maker: NaiveOrder, taker: NaiveOrder): boolean {
  return maker.owner === taker.owner && taker.selfTrade !== SelfTrade.Allow;
}

/** First what befalls the maker, then what befalls the taker, if it still lives. */
export function preventSelfTrade(orders: OpenOrders, maker: NaiveOrder, taker: NaiveOrder): void {
  const isAuction = taker.place === "on the book";
  switch (taker.selfTrade) {
    case SelfTrade.CancelNewest:
      end(orders, taker);
      break;
    case SelfTrade.CancelOldest:
      end(orders, maker);
      break;
    case SelfTrade.CancelBoth:
      end(orders, maker);
      end(orders, taker);
      break;
    default: {
      const quantity = Math.min(maker.leaves, taker.leaves);
      decrement(orders, maker, quantity);
      if (!isAuction) orders.refill(maker);
      decrement(orders, taker, quantity);
    }
  }
}

/** Its pair may have ended it already. */
function end(orders: OpenOrders, order: NaiveOrder): void {
  if (order.place !== "gone") orders.end(order, Code.SELF_TRADE_PREVENTED);
}

/** What is taken off an iceberg is taken from its shown part first. */
function decrement(orders: OpenOrders, order: NaiveOrder, quantity: number): void {
  if (quantity === order.leaves) {
    end(orders, order);
  } else if (order.place !== "gone") {
    orders.lower(order, order.leaves - quantity, Math.max(0, order.shown - quantity));
    orders.tell(EventKind.Reduced, order, Code.SELF_TRADE_PREVENTED);
  }
}
