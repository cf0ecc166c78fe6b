/** An open order as the contract shows it, read out of its slot. */
import { OrderType, SelfTrade, Side, TimeInForce } from "../../kernel/order.js";
import type { OpenOrder } from "../engine.js";
import { Place } from "./layout.js";
import type { OrderStore } from "./order-store.js";

export class OrderRecord implements OpenOrder {
  orderId = 0;
  account = 0;
  owner = 0;
  side: Side = Side.Buy;
  type: OrderType = OrderType.Limit;
  timeInForce: TimeInForce = TimeInForce.GoodTillCancel;
  price = 0;
  leaves = 0;
  shown = 0;
  priority = 0;
  stopPrice = 0;
  display = 0;
  expires = 0;
  pair = 0;
  selfTrade: SelfTrade = SelfTrade.Allow;
  postOnly = false;
  trail = 0;

  read(orders: OrderStore, slot: number): this {
    this.orderId = orders.orderId(slot);
    this.account = orders.account(slot);
    this.owner = orders.owner(slot);
    this.side = orders.side(slot);
    this.type = orders.type(slot);
    this.timeInForce = orders.timeInForce(slot);
    this.price = orders.price(slot);
    this.leaves = orders.leaves(slot);
    this.shown = orders.place(slot) === Place.Book ? orders.shown(slot) : 0;
    this.priority = orders.priority(slot);
    this.stopPrice = orders.stopPrice(slot);
    this.display = orders.display(slot);
    this.expires = orders.expires(slot);
    this.pair = orders.pair(slot);
    this.selfTrade = orders.selfTrade(slot);
    this.postOnly = orders.isPostOnly(slot);
    this.trail = orders.trail(slot);
    return this;
  }
}
