/** Open orders as they come from their rows: first the terms of those that are not ordinary, then the book. */
import { assert } from "../kernel/assert.js";
import { isOneOf, OrderType, SelfTrade, Side, TimeInForce } from "../kernel/order.js";
import type { MatchingEngine, OpenOrder } from "./engine.js";

type StoredRow = Readonly<Record<string, number>>;
type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

export class StoredOrders {
  private readonly engine: MatchingEngine;
  /** By order id; those whose order has not come yet. */
  private readonly terms = new Map<number, StoredRow>();
  /** Filled again for each order: a book may have a million of them. */
  private readonly order: Mutable<OpenOrder> = {
    orderId: 0,
    account: 0,
    owner: 0,
    side: Side.Buy,
    type: OrderType.Limit,
    timeInForce: TimeInForce.GoodTillCancel,
    price: 0,
    leaves: 0,
    shown: 0,
    priority: 0,
    stopPrice: 0,
    display: 0,
    expires: 0,
    pair: 0,
    selfTrade: SelfTrade.Allow,
    postOnly: false,
    trail: 0,
  };

  constructor(engine: MatchingEngine) {
    this.engine = engine;
  }

  loadPage(table: string, rows: readonly Readonly<Record<string, unknown>>[]): void {
    assert(table === "book" || table === "order_terms", "a market has no table %s", table);
    for (const row of rows as readonly StoredRow[]) {
      if (table === "order_terms") this.terms.set(row["order_id"]!, row);
      else this.restore(row);
    }
  }

  finish(): void {
    assert(this.terms.size === 0, "%s orders have terms and do not exist", this.terms.size);
    this.engine.finishLoading();
  }

  private restore(row: StoredRow): void {
    const { order } = this;
    const side = row["side"]!;
    assert(side === Side.Buy || side === Side.Sell, "side %s in a stored order", side);
    order.orderId = row["order_id"]!;
    order.account = row["account"]!;
    order.side = side;
    order.price = row["price"]!;
    order.leaves = row["leaves"]!;
    order.shown = row["shown"]!;
    order.priority = row["priority"]!;
    const terms = this.terms.size > 0 ? this.terms.get(order.orderId) : undefined;
    if (terms) {
      this.terms.delete(order.orderId);
      setTerms(order, terms);
    } else {
      setOrdinaryTerms(order);
    }
    this.engine.restore(order);
  }
}

function setOrdinaryTerms(order: Mutable<OpenOrder>): void {
  order.owner = order.account;
  order.type = OrderType.Limit;
  order.timeInForce = TimeInForce.GoodTillCancel;
  order.stopPrice = 0;
  order.display = 0;
  order.expires = 0;
  order.pair = 0;
  order.selfTrade = SelfTrade.Allow;
  order.postOnly = false;
  order.trail = 0;
}

function setTerms(order: Mutable<OpenOrder>, row: StoredRow): void {
  const { type, time_in_force, self_trade } = row;
  assert(isOneOf(OrderType, type!), "type %s in a stored order", type);
  assert(isOneOf(TimeInForce, time_in_force!), "time in force %s in a stored order", time_in_force);
  assert(isOneOf(SelfTrade, self_trade!), "self-trade mode %s in a stored order", self_trade);
  order.owner = row["owner"]!;
  order.type = type;
  order.timeInForce = time_in_force;
  order.stopPrice = row["stop_price"]!;
  order.display = row["display"]!;
  order.expires = row["expires"]!;
  order.pair = row["pair"]!;
  order.selfTrade = self_trade;
  order.postOnly = row["post_only"] === 1;
  order.trail = row["trail"]!;
}
