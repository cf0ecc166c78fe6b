/** The words that orders are made of, with the numbers they have on the wire and in rows. */

export const Side = { Buy: 1, Sell: 2 } as const;
export type Side = (typeof Side)[keyof typeof Side];

export const OrderType = { Limit: 1, Market: 2 } as const;
export type OrderType = (typeof OrderType)[keyof typeof OrderType];

export const TimeInForce = { GoodTillCancel: 1, ImmediateOrCancel: 2 } as const;
export type TimeInForce = (typeof TimeInForce)[keyof typeof TimeInForce];

/** An order's status as its account sees it (FIX 4.4, OrdStatus, in words of our own numbering). */
export const OrderStatus = {
  /** Held for and sent to the market; the market has not answered yet. */
  PendingNew: 1,
  /** Resting, nothing filled. */
  New: 2,
  PartiallyFilled: 3,
  Filled: 4,
  Cancelled: 5,
  Rejected: 6,
  /** The client order id was asked for, had never been seen, and can never execute now (R10). */
  Voided: 7,
} as const;
export type OrderStatus = (typeof OrderStatus)[keyof typeof OrderStatus];

export function isFinal(status: OrderStatus): boolean {
  return status >= OrderStatus.Filled;
}

export const Liquidity = { Maker: 1, Taker: 2 } as const;
export type Liquidity = (typeof Liquidity)[keyof typeof Liquidity];

/** What a client asked of an order that exists. */
export const OrderRequest = { Cancel: 1, Reduce: 2 } as const;
export type OrderRequest = (typeof OrderRequest)[keyof typeof OrderRequest];

/** Is this one of the values of an enumeration above? */
export function isOneOf<T extends number>(values: Record<string, T>, value: number): value is T {
  return Object.values(values).includes(value as T);
}
