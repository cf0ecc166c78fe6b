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
  // What makes no sense in an order, in the order of the ladder (rule book, 1.8).
  INVALID_SELF_TRADE_MODE: 50,
  STOP_PRICE_WITHOUT_STOP: 51,
  STOP_PRICE_MISSING: 52,
  STOP_PRICE_OFF_TICK: 53,
  STOP_PRICE_TOO_LARGE: 54,
  DISPLAY_OFF_LOT: 55,
  DISPLAY_NOT_BELOW_QUANTITY: 56,
  DISPLAY_OF_IMMEDIATE: 57,
  POST_ONLY_NOT_LIMIT: 58,
  POST_ONLY_IMMEDIATE: 59,
  MARKET_ORDER_TIME_IN_FORCE: 60,
  STOP_TIME_IN_FORCE: 61,
  EXPIRY_WITHOUT_DATE: 62,
  EXPIRY_MISSING: 63,
  EXPIRY_IN_THE_PAST: 64,
  // Why a market does not take an order as things stand.
  MARKET_CLOSED: 70,
  MARKET_HALTED: 71,
  CANCEL_ONLY: 72,
  POST_ONLY_PHASE: 73,
  NOT_IN_AUCTION: 74,
  TOO_LATE_FOR_OPEN: 75,
  PRICE_OUTSIDE_BAND: 76,
  ORDER_QUANTITY_ABOVE_LIMIT: 77,
  ORDER_VALUE_ABOVE_LIMIT: 78,
  STOP_ALREADY_TRIGGERED: 79,
  POST_ONLY_WOULD_TRADE: 80,
  FOK_NOT_FILLABLE: 81,
  LEVELS_FULL: 82,
  // Why an order ended later.
  SELF_TRADE_PREVENTED: 90,
  SWEEP_LIMIT: 91,
  PRICE_PROTECTION: 92,
  EXPIRED: 93,
  DAY_ENDED: 94,
  AUCTION_REMAINDER: 95,
  PAIR_DONE: 96,
  CANCELLED_BY_OPERATOR: 97,
  // Why an amend came to nothing.
  AMEND_OF_NOTHING: 100,
  AMEND_BELOW_FILLED: 101,
  AMEND_OF_OTHER_TERMS: 102,
  AMEND_PENDING: 103,
  // Why a pair is refused.
  PAIR_OF_ONE_ID: 104,
  CLIENT_ORDER_ID_USED: 105,
  PAIR_SYMBOLS_DIFFER: 106,
  PAIR_SIDES_DIFFER: 107,
  PAIR_OF_IMMEDIATE: 108,
  /** Of the leg that nothing was wrong with. */
  OTHER_LEG_REJECTED: 109,
  // Why a phase changed.
  PHASE_BY_OPERATOR: 110,
  PHASE_BY_SCHEDULE: 111,
  PHASE_BY_BREAKER: 112,
  PHASE_BY_TIME: 113,
} as const;
export type Code = (typeof Code)[keyof typeof Code];

const NAMES = new Map<number, string>(
  Object.entries(Code).map(([name, number]): [number, string] => [number, name]),
);

export function codeName(code: number): string {
  return NAMES.get(code) ?? `CODE_${code}`;
}
