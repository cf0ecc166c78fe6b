import { OrderType, SelfTrade, Side, TimeInForce } from "../kernel/order.js";

/**
 * A new order on its way into a market. One record is filled again for each command, so that none becomes garbage; whoever
 * keeps something of it copies it.
 */
export class OrderEntry {
  orderId = 0;
  account = 0;
  /** Whom self-trade prevention takes it for: the account, or a group of accounts. */
  owner = 0;
  side: Side = Side.Buy;
  type: OrderType = OrderType.Limit;
  timeInForce: TimeInForce = TimeInForce.GoodTillCancel;
  /** The limit, always there: of a market order or a stop what its ledger held at. */
  price = 0;
  quantity = 0;
  /** 0: it is no stop. */
  stopPrice = 0;
  /** What an iceberg shows at most; 0: all of it. */
  display = 0;
  /** Microseconds since 1970; 0: it does not expire at a time. */
  expires = 0;
  /** The order that ends when this one does anything; 0: none. */
  pair = 0;
  selfTrade: SelfTrade = SelfTrade.Allow;
  postOnly = false;
  /** Of a post-only order: rather than to be refused it takes the nearest limit at which it rests. */
  reprices = false;
  /** How far behind the last trade a stop follows; 0: it stays where it is. */
  trail = 0;
  /** What has to trade at once, or it ends; 0: nothing has to. */
  minQuantity = 0;

  /** A plain limit order, good till cancelled: what is not set afterwards stays like this. */
  reset(
    orderId: number,
    account: number,
    side: Side,
    price: number,
    quantity: number,
    timeInForce: TimeInForce,
  ): this {
    this.orderId = orderId;
    this.account = account;
    this.owner = account;
    this.side = side;
    this.type = OrderType.Limit;
    this.timeInForce = timeInForce;
    this.price = price;
    this.quantity = quantity;
    this.stopPrice = 0;
    this.display = 0;
    this.expires = 0;
    this.pair = 0;
    this.selfTrade = SelfTrade.Allow;
    this.postOnly = false;
    this.reprices = false;
    this.trail = 0;
    this.minQuantity = 0;
    return this;
  }
}
