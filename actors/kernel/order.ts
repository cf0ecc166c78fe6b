/** The words that orders are made of, with the numbers they have on the wire and in rows. */

export const Side = { Buy: 1, Sell: 2 } as const;
export type Side = (typeof Side)[keyof typeof Side];

/** What each does: `actors/market/RULEBOOK.md`, 1.3 to 1.6. */
export const OrderType = { Limit: 1, Market: 2, Stop: 3, StopLimit: 4 } as const;
export type OrderType = (typeof OrderType)[keyof typeof OrderType];

export const TimeInForce = {
  GoodTillCancel: 1,
  ImmediateOrCancel: 2,
  Day: 3,
  GoodTillDate: 4,
  FillOrKill: 5,
  AtTheOpen: 6,
  AtTheClose: 7,
} as const;
export type TimeInForce = (typeof TimeInForce)[keyof typeof TimeInForce];

/** What happens when an order would trade with one of its own owner (rule 2.3): the mode of the taker rules. */
export const SelfTrade = {
  Allow: 0,
  CancelNewest: 1,
  CancelOldest: 2,
  CancelBoth: 3,
  Decrement: 4,
} as const;
export type SelfTrade = (typeof SelfTrade)[keyof typeof SelfTrade];

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
  /** Its time in force ran out. */
  Expired: 8,
} as const;
export type OrderStatus = (typeof OrderStatus)[keyof typeof OrderStatus];

export function isFinal(status: OrderStatus): boolean {
  return status >= OrderStatus.Filled;
}

export const Liquidity = { Maker: 1, Taker: 2, Auction: 3 } as const;
export type Liquidity = (typeof Liquidity)[keyof typeof Liquidity];

/** What a client asked of an order that exists. */
export const OrderRequest = { Cancel: 1, Reduce: 2, Amend: 3 } as const;
export type OrderRequest = (typeof OrderRequest)[keyof typeof OrderRequest];

/** The values of each enumeration that was asked about: commands are judged one by one, and often. */
const members = new WeakMap<Readonly<Record<string, number>>, ReadonlySet<number>>();

/** Is this one of the values of an enumeration above? */
export function isOneOf<T extends number>(values: Record<string, T>, value: number): value is T {
  let known = members.get(values);
  if (!known) {
    known = new Set(Object.values(values));
    members.set(values, known);
  }
  return known.has(value);
}
