/** One open order as a plain object, and what can be said of it alone. */
import { Side } from "../../kernel/order.js";
import type { OpenOrder } from "../engine.js";
import type { MarketState } from "../market-state.js";
import type { OrderEntry } from "../order-entry.js";

/** Where an order is. Only within a command is one on its way: a new, amended or triggered one, before it rests or ends. */
export type Place = "on its way" | "on the book" | "waiting" | "gone";

export type NaiveOrder = { -readonly [Term in keyof OpenOrder]: OpenOrder[Term] } & {
  place: Place;
};

export function newOrder(entry: OrderEntry): NaiveOrder {
  return {
    orderId: entry.orderId,
    account: entry.account,
    owner: entry.owner,
    side: entry.side,
    type: entry.type,
    timeInForce: entry.timeInForce,
    price: entry.price,
    leaves: entry.quantity,
    shown: 0,
    priority: 0,
    stopPrice: entry.stopPrice,
    display: entry.display,
    expires: entry.expires,
    pair: entry.pair,
    selfTrade: entry.selfTrade,
    postOnly: entry.postOnly,
    trail: entry.trail,
    place: "on its way",
  };
}

export function asOpenOrder(order: NaiveOrder): OpenOrder {
  return {
    orderId: order.orderId,
    account: order.account,
    owner: order.owner,
    side: order.side,
    type: order.type,
    timeInForce: order.timeInForce,
    price: order.price,
    leaves: order.leaves,
    shown: order.shown,
    priority: order.priority,
    stopPrice: order.stopPrice,
    display: order.display,
    expires: order.expires,
    pair: order.pair,
    selfTrade: order.selfTrade,
    postOnly: order.postOnly,
    trail: order.trail,
  };
}

export function isExpired(order: OpenOrder, state: MarketState): boolean {
  return order.expires > 0 && order.expires <= state.time;
}

export function otherSide(side: Side): Side {
  return side === Side.Buy ? Side.Sell : Side.Buy;
}

/** Is a price worse for a taker of this side than a bound? */
export function isBeyond(side: Side, price: number, bound: number): boolean {
  return side === Side.Buy ? price > bound : price < bound;
}
