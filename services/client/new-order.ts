/** A new order as a client thinks of it: only what is not plain has to be said. */
import {
  type PlaceOrderRequest,
  SelfTradePrevention,
  TimeInForce,
} from "../../proto/gen/exchange/v1/exchange.js";

/** What a plain order has besides its type, price and quantity: nothing. */
export const PLAIN_TERMS = {
  stopPrice: 0,
  displayQuantity: 0,
  expiresAt: 0,
  selfTradePrevention: SelfTradePrevention.SELF_TRADE_PREVENTION_UNSPECIFIED,
  postOnly: false,
  reprices: false,
  trail: 0,
  minQuantity: 0,
} as const;

/** The session's only account; the type's own time in force; no price; plain. */
const DEFAULTS = {
  account: 0,
  timeInForce: TimeInForce.TIME_IN_FORCE_UNSPECIFIED,
  price: 0,
  ...PLAIN_TERMS,
} as const;

/** What may be left out of a new order: whatever has a default. */
export type NewOrder = Omit<PlaceOrderRequest, keyof typeof DEFAULTS> &
  Partial<Pick<PlaceOrderRequest, keyof typeof DEFAULTS>>;

export function fullOrder(order: NewOrder): PlaceOrderRequest {
  return { ...DEFAULTS, ...order };
}
