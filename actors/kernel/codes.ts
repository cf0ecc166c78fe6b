/**
 * Every reason an order or a request can be refused or end with. Names are stable for ever and are what clients see;
 * numbers are what rows and frames hold.
 */
export const Code = {
  OK: 0,
  // Refusals of the ledger shard, in the order of its ladder.
  MALFORMED_COMMAND: 1,
  DEADLINE_PASSED: 2,
  UNKNOWN_ACCOUNT: 3,
  ACCOUNT_EXISTS: 4,
  CLIENT_ORDER_ID_MISSING: 5,
  CLIENT_ORDER_ID_VOIDED: 6,
  UNKNOWN_SYMBOL: 7,
  INVALID_SIDE: 8,
  INVALID_ORDER_TYPE: 9,
  INVALID_TIME_IN_FORCE: 10,
  QUANTITY_NOT_POSITIVE: 11,
  QUANTITY_OFF_LOT: 12,
  QUANTITY_TOO_LARGE: 13,
  PRICE_NOT_POSITIVE: 14,
  PRICE_OFF_TICK: 15,
  PRICE_TOO_LARGE: 16,
  NOTIONAL_TOO_LARGE: 17,
  TOO_MANY_OPEN_ORDERS: 18,
  INSUFFICIENT_FUNDS: 19,
  MARKET_ORDER_WITH_PRICE: 20,
  UNKNOWN_ORDER: 21,
  ORDER_ALREADY_FINAL: 22,
  REDUCE_NOT_BELOW_QUANTITY: 23,
  UNKNOWN_ASSET: 24,
  AMOUNT_NOT_POSITIVE: 25,
  AMOUNT_TOO_LARGE: 26,
  DEPOSIT_KEY_MISSING: 27,
  DEPOSIT_KEY_REUSED: 28,
  // Why an order ended, and refusals of the market.
  CANCELLED_BY_CLIENT: 40,
  IMMEDIATE_REMAINDER: 41,
  BOOK_FULL: 42,
  TOO_LATE: 43,
  REDUCE_NOT_BELOW_LEAVES: 44,
  INSTRUMENT_UNKNOWN_TO_MARKET: 45,
} as const;
export type Code = (typeof Code)[keyof typeof Code];

const NAMES = new Map<number, string>(
  Object.entries(Code).map(([name, number]): [number, string] => [number, name]),
);

export function codeName(code: number): string {
  return NAMES.get(code) ?? `CODE_${code}`;
}
