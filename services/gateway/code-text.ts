/** What codes mean, in a sentence for people, and the gRPC status they are given with where a call fails by one. */
import { status } from "@grpc/grpc-js";
import { Code, codeName } from "../../actors/kernel/codes.js";
import {
  MARKET_ORDER_BAND_DIVISOR,
  OPEN_ORDERS_PER_ACCOUNT_MAX,
} from "../../actors/kernel/limits.js";
import { Refusal } from "./refusal.js";

const TEXTS: Readonly<Record<Code, string>> = {
  [Code.OK]: "",
  [Code.MALFORMED_COMMAND]: "the command could not be read",
  [Code.DEADLINE_PASSED]: "the command came too late to be carried out",
  [Code.UNKNOWN_ACCOUNT]: "there is no such account",
  [Code.ACCOUNT_EXISTS]: "the account is open already",
  [Code.CLIENT_ORDER_ID_MISSING]: "a client order id is needed",
  [Code.CLIENT_ORDER_ID_VOIDED]: "this client order id was asked for before it came, and is void",
  [Code.UNKNOWN_SYMBOL]: "there is no instrument with this symbol",
  [Code.INVALID_SIDE]: "the side is buy or sell",
  [Code.INVALID_ORDER_TYPE]: "the order type is limit or market",
  [Code.INVALID_TIME_IN_FORCE]: "the time in force is good till cancel or immediate or cancel",
  [Code.QUANTITY_NOT_POSITIVE]: "the quantity has to be above zero",
  [Code.QUANTITY_OFF_LOT]: "the quantity is not a multiple of the instrument's lot",
  [Code.QUANTITY_TOO_LARGE]: "the quantity is too large",
  [Code.PRICE_NOT_POSITIVE]: "the price has to be above zero",
  [Code.PRICE_OFF_TICK]: "the price is not a multiple of the instrument's tick",
  [Code.PRICE_TOO_LARGE]: "the price is too large",
  [Code.NOTIONAL_TOO_LARGE]: "price times quantity is too large",
  [Code.TOO_MANY_OPEN_ORDERS]: `an account has at most ${OPEN_ORDERS_PER_ACCOUNT_MAX} open orders`,
  [Code.INSUFFICIENT_FUNDS]: "the account has less available than the order can cost",
  [Code.MARKET_ORDER_WITH_PRICE]: `a market order has no price (its limit is the reference price ± 1/${MARKET_ORDER_BAND_DIVISOR})`,
  [Code.UNKNOWN_ORDER]: "the account has no such order",
  [Code.ORDER_ALREADY_FINAL]: "the order has ended already",
  [Code.REDUCE_NOT_BELOW_QUANTITY]: "what is left open has to be above zero and below the quantity",
  [Code.UNKNOWN_ASSET]: "there is no such asset",
  [Code.AMOUNT_NOT_POSITIVE]: "the amount has to be above zero",
  [Code.AMOUNT_TOO_LARGE]: "the amount is more than can be kept of one asset",
  [Code.DEPOSIT_KEY_MISSING]: "an idempotency key is needed",
  [Code.DEPOSIT_KEY_REUSED]: "the idempotency key was used for another deposit",
  [Code.CANCELLED_BY_CLIENT]: "cancelled as asked",
  [Code.IMMEDIATE_REMAINDER]: "what could not be filled at once was cancelled",
  [Code.BOOK_FULL]: "the book takes no more orders",
  [Code.TOO_LATE]: "the order had ended before the request reached the market",
  [Code.REDUCE_NOT_BELOW_LEAVES]: "the order has no more open than that",
  [Code.INSTRUMENT_UNKNOWN_TO_MARKET]: "the market does not know its instrument yet",
};

export function codeText(code: number): string {
  return TEXTS[code as Code] ?? codeName(code);
}

const STATUSES: Readonly<Partial<Record<Code, number>>> = {
  [Code.UNKNOWN_ACCOUNT]: status.NOT_FOUND,
  [Code.UNKNOWN_ASSET]: status.NOT_FOUND,
  [Code.UNKNOWN_ORDER]: status.NOT_FOUND,
  [Code.DEPOSIT_KEY_REUSED]: status.ALREADY_EXISTS,
  // It was published, but nothing has happened and nothing will: it may be tried again.
  [Code.DEADLINE_PASSED]: status.UNAVAILABLE,
};

/** The error of a call that a receiver has refused. */
export function refusalOfCode(code: number): Refusal {
  const grpcStatus = STATUSES[code as Code] ?? status.INVALID_ARGUMENT;
  return new Refusal(grpcStatus, codeName(code), codeText(code));
}
