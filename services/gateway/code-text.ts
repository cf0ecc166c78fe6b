/**
 * What codes mean, in a sentence for people: what is wrong, what is allowed, what to do. And the gRPC status they are given
 * with where a call fails by one.
 */
import { status } from "@grpc/grpc-js";
import { Code, codeName } from "../../actors/kernel/codes.js";
import {
  ACCOUNT_GROUP_MAX,
  ACCOUNT_LIMIT_MAX,
  ACCOUNT_TIER_MAX,
  LEVELS_PER_SIDE_MAX,
  MARKET_ORDER_BAND_DIVISOR,
  OPEN_ORDERS_PER_ACCOUNT_MAX,
  PRICE_UNITS_MAX,
  QUANTITY_UNITS_MAX,
  RESTING_ORDERS_MAX,
  REVIEW_TIME_LIMIT_SECONDS,
  SHARD_DEPOSITS_UNITS_MAX,
  SWEEP_MAKERS_MAX,
  TRAILING_STOPS_MAX,
  UNITS_MAX,
  SUB_ACCOUNTS_MAX,
} from "../../actors/kernel/limits.js";
import { Refusal } from "./refusal.js";

const TIMES_IN_FORCE =
  "good till cancel, day, good till date, immediate or cancel, fill or kill, at the open or at the close";
const BAND = `the reference price ± 1/${MARKET_ORDER_BAND_DIVISOR}`;

const TEXTS: Readonly<Record<Code, string>> = {
  [Code.OK]: "",
  [Code.MALFORMED_COMMAND]: "the command could not be read; send what the interface describes",
  [Code.DEADLINE_PASSED]:
    "the command came too late to be carried out; nothing was done; try again, an order under another id",
  [Code.UNKNOWN_ACCOUNT]: "there is no such account; open it first",
  [Code.ACCOUNT_EXISTS]: "the account is open already; nothing is left to do",
  [Code.CLIENT_ORDER_ID_MISSING]: "a client order id is needed; give each order one of its own",
  [Code.CLIENT_ORDER_ID_VOIDED]:
    "this client order id was asked for before it came, and is void for a day; take another",
  [Code.UNKNOWN_SYMBOL]:
    "there is no instrument with this symbol; ListInstruments and npx palisade instruments have all there are",
  [Code.INVALID_SIDE]: "the side is not known; it is buy or sell",
  [Code.INVALID_ORDER_TYPE]: "the order type is not known; it is limit, market, stop or stop-limit",
  [Code.INVALID_TIME_IN_FORCE]: `the time in force is not known; it is ${TIMES_IN_FORCE}`,
  [Code.QUANTITY_NOT_POSITIVE]: "the quantity has to be above zero",
  [Code.QUANTITY_OFF_LOT]:
    "the quantity is not a multiple of the instrument's lot (ListInstruments and npx palisade instruments have it); round it to one",
  [Code.QUANTITY_TOO_LARGE]: `the quantity is above ${QUANTITY_UNITS_MAX} units; split the order`,
  [Code.PRICE_NOT_POSITIVE]: "a limit order and a stop-limit order need a price above zero",
  [Code.PRICE_OFF_TICK]:
    "the price is not a multiple of the instrument's tick (ListInstruments and npx palisade instruments have it); round it to one",
  [Code.PRICE_TOO_LARGE]: `the price is above ${PRICE_UNITS_MAX} units`,
  [Code.NOTIONAL_TOO_LARGE]: `price times quantity is above ${UNITS_MAX} units of the quote asset; split the order`,
  [Code.TOO_MANY_OPEN_ORDERS]: `an account has at most ${OPEN_ORDERS_PER_ACCOUNT_MAX} open orders; cancel some first`,
  [Code.INSUFFICIENT_FUNDS]:
    "the account has less available than this needs (an order with its fees, a withdrawal, a transfer); ask for less, or deposit",
  [Code.MARKET_ORDER_WITH_PRICE]: `a market order and a stop have no price (the limit of a market order is ${BAND}, of a stop likewise around its stop price); leave it out, or take a limit or stop-limit order`,
  [Code.UNKNOWN_ORDER]: "the account has no such order; name one of its own by its id",
  [Code.ORDER_ALREADY_FINAL]: "the order has ended already; nothing is left to cancel or change",
  [Code.REDUCE_NOT_BELOW_QUANTITY]: "what is left open has to be above zero and below the quantity",
  [Code.UNKNOWN_ASSET]: "there is no such asset; instruments name all there are",
  [Code.AMOUNT_NOT_POSITIVE]: "the amount has to be above zero",
  [Code.AMOUNT_TOO_LARGE]: `the deposits of an asset are at most ${SHARD_DEPOSITS_UNITS_MAX} units for each ledger shard`,
  [Code.DEPOSIT_KEY_MISSING]: "an idempotency key is needed; give each deposit one of its own",
  [Code.DEPOSIT_KEY_REUSED]:
    "the idempotency key was used for another deposit; take another key, or send the same deposit",
  [Code.CANCELLED_BY_CLIENT]: "cancelled as asked",
  [Code.IMMEDIATE_REMAINDER]:
    "what could not be filled at once was cancelled, as an immediate order asks",
  [Code.BOOK_FULL]: `the market has ${RESTING_ORDERS_MAX} open orders and takes no more to rest; try again later`,
  [Code.TOO_LATE]: "the order had ended before the request reached the market; its end was told",
  [Code.REDUCE_NOT_BELOW_LEAVES]: "the order has no more open than that; nothing was changed",
  [Code.INSTRUMENT_UNKNOWN_TO_MARKET]:
    "the market does not know its instrument yet; try again soon",
  [Code.INVALID_SELF_TRADE_MODE]:
    "the self-trade prevention is not known; it is none, cancel newest, cancel oldest, cancel both or decrement",
  [Code.STOP_PRICE_WITHOUT_STOP]:
    "only a stop or a stop-limit order has a stop price; leave it out",
  [Code.STOP_PRICE_MISSING]: "a stop or a stop-limit order needs a stop price above zero",
  [Code.STOP_PRICE_OFF_TICK]:
    "the stop price is not a multiple of the instrument's tick; round it to one",
  [Code.STOP_PRICE_TOO_LARGE]: `the stop price is above ${PRICE_UNITS_MAX} units`,
  [Code.DISPLAY_OFF_LOT]:
    "the display quantity is not a multiple of the instrument's lot; round it to one",
  [Code.DISPLAY_NOT_BELOW_QUANTITY]:
    "the display quantity has to be below the quantity; leave it out to show all of the order",
  [Code.DISPLAY_OF_IMMEDIATE]:
    "an order that never rests (a market order, a stop, immediate or cancel, fill or kill) shows nothing; leave the display quantity out",
  [Code.POST_ONLY_NOT_LIMIT]: "only a limit order can be post-only",
  [Code.POST_ONLY_IMMEDIATE]:
    "a post-only order has to be one that may rest, and not immediate or cancel or fill or kill",
  [Code.MARKET_ORDER_TIME_IN_FORCE]:
    "a market order never rests; it is immediate or cancel, fill or kill, at the open or at the close",
  [Code.STOP_TIME_IN_FORCE]: "a stop has to wait; it is good till cancel, day or good till date",
  [Code.EXPIRY_WITHOUT_DATE]: "only an order good till date has an expiry; leave it out",
  [Code.EXPIRY_MISSING]: "an order good till date needs an expiry",
  [Code.EXPIRY_IN_THE_PAST]:
    "the expiry has to be in the future, by the exchange's clock (GetServerTime)",
  [Code.TRAIL_WITHOUT_STOP]: "only a stop follows the last trade; leave the trail out",
  [Code.TRAIL_OFF_TICK]: "the trail has to be a multiple of the instrument's tick",
  [Code.TRAIL_TOO_LARGE]: `the trail is at most ${PRICE_UNITS_MAX} price units`,
  [Code.MIN_QUANTITY_OFF_LOT]: "the minimum quantity has to be a multiple of the instrument's lot",
  [Code.MIN_QUANTITY_ABOVE_QUANTITY]: "the minimum quantity is at most the quantity",
  [Code.MARKET_CLOSED]:
    "the market is closed and takes no orders or amends; try again when it has opened",
  [Code.MARKET_HALTED]:
    "the market is halted and takes no orders; cancels are taken, and amends that only take away",
  [Code.CANCEL_ONLY]:
    "the market takes cancels only, and amends that only take away; try again when it trades",
  [Code.POST_ONLY_PHASE]: "the market takes post-only limit orders only for now",
  [Code.NOT_IN_AUCTION]:
    "the market collects orders for an auction and takes only those that may rest, or that are at the open or at the close",
  [Code.TOO_LATE_FOR_OPEN]: "the opening auction is over; at the open is taken before it ends",
  [Code.PRICE_OUTSIDE_BAND]:
    "the limit is further from the session's reference price than the market's band allows (GetMarket has both); move it inside",
  [Code.ORDER_QUANTITY_ABOVE_LIMIT]:
    "the quantity is above the largest order that the market takes (GetMarket has the rules); split the order",
  [Code.ORDER_VALUE_ABOVE_LIMIT]:
    "price times quantity is above the largest order that the market takes (GetMarket has the rules); split the order",
  [Code.STOP_ALREADY_TRIGGERED]:
    "the last trade has reached the stop price already; a buy stop waits above it, a sell stop below",
  [Code.POST_ONLY_WOULD_TRADE]:
    "the post-only order would trade at once; move its price away from the other side",
  [Code.FOK_NOT_FILLABLE]: "all of the order could not be filled at once, so nothing of it was",
  [Code.LEVELS_FULL]: `a side of the market has orders at ${LEVELS_PER_SIDE_MAX} prices and takes no other; take one of those`,
  [Code.MIN_QUANTITY_NOT_FILLABLE]:
    "less than the minimum quantity could be filled at once, so nothing was",
  [Code.TRAILING_STOPS_FULL]: `${TRAILING_STOPS_MAX} stops of this market follow its price, and no more may; take one that stays`,
  [Code.MIN_QUANTITY_NOT_IMMEDIATE]:
    "a minimum quantity is for limit and market orders that trade at once: none that are post-only, fill or kill, stops, at the open or at the close",
  [Code.REPRICES_NOT_POST_ONLY]: "only a post-only order can take another limit than its own",
  [Code.SELF_TRADE_PREVENTED]:
    "the order met another of its own account, and its self-trade prevention took it off",
  [Code.SWEEP_LIMIT]: `the order met ${SWEEP_MAKERS_MAX} others, the most that one command may; send the rest again`,
  [Code.PRICE_PROTECTION]:
    "the rest of the order would have traded further away than the market's rules allow, and was cancelled",
  [Code.EXPIRED]: "the order's expiry has come",
  [Code.DAY_ENDED]: "the market has closed, and the order was for the day",
  [Code.AUCTION_REMAINDER]: "the auction that the order was for has not filled this part of it",
  [Code.PAIR_DONE]: "the other order of the pair has traded, been triggered or ended",
  [Code.CANCELLED_BY_OPERATOR]: "an operator has cancelled the order",
  [Code.AMEND_OF_NOTHING]: "the amend would change nothing; name what is to be another",
  [Code.AMEND_BELOW_FILLED]:
    "the new quantity has to be above what is filled already, as it counts that too; cancel the order to end it",
  [Code.AMEND_OF_OTHER_TERMS]:
    "only what the order has can be amended: a market order and a stop have no price, only stops a stop price, only icebergs a display quantity; cancel it and place another",
  [Code.AMEND_PENDING]:
    "another amend of the order is on its way to the market; wait for its answer",
  [Code.PAIR_OF_ONE_ID]:
    "both orders of the pair have the same client order id; give each one of its own",
  [Code.CLIENT_ORDER_ID_USED]:
    "the client order id was used before by an order that is not of this pair; nothing was done; take another",
  [Code.PAIR_SYMBOLS_DIFFER]:
    "the orders of a pair are of one instrument; place them by themselves, or give both one symbol",
  [Code.PAIR_SIDES_DIFFER]: "the orders of a pair both buy or both sell; give both one side",
  [Code.PAIR_OF_IMMEDIATE]:
    "an order of a pair has to be able to wait: no market order, immediate or cancel, or fill or kill; place it by itself",
  [Code.OTHER_LEG_REJECTED]:
    "nothing was wrong with this order, but the other of its pair was rejected; see its code, and send both under other ids",
  [Code.ACCOUNT_CLOSE_ONLY]:
    "the account may only part with what it has: it may sell, cancel, withdraw and transfer, and still receives; an operator has set that, for it or its parent",
  [Code.ACCOUNT_FROZEN]:
    "the account may cancel and reduce orders and nothing else, though it still receives deposits and transfers; an operator has set that, for it or its parent",
  [Code.ACCOUNT_CLOSED]: "the account is closed",
  [Code.ACCOUNT_NOT_EMPTY]:
    "only an account without orders, withdrawals, transfers under way and balances can be closed; cancel and withdraw first",
  [Code.INVALID_ACCOUNT_STATE]:
    "the account state is not known; it is active, close-only, frozen or closed",
  [Code.TOO_MANY_ORDERS_TODAY]:
    "the account has sent as many orders today (UTC) as an operator allows it; nothing was done, and its id is still free tomorrow",
  [Code.TOO_MANY_REQUESTS]:
    "the account sends more orders and amends a second than an operator allows it; nothing was done; wait a second, then send it again",
  [Code.INVALID_ACCOUNT_GROUP]: `a group of accounts is a whole number from 1 to ${ACCOUNT_GROUP_MAX}; 0 is none`,
  [Code.INVALID_ACCOUNT_TIER]: `a tier of accounts is a whole number from 0 to ${ACCOUNT_TIER_MAX}`,
  [Code.UNKNOWN_PARENT]:
    "there is no account of the parent's number, or it is of another ledger shard than the sub-account's number; open the parent first, or leave the sub-account's number out, and one of its parent's shard is taken",
  [Code.PARENT_IS_SUB_ACCOUNT]:
    "the parent is a sub-account itself, and those have none; name its parent",
  [Code.TOO_MANY_SUB_ACCOUNTS]: `an account has at most ${SUB_ACCOUNTS_MAX} sub-accounts`,
  [Code.SHARED_WITH_PARENT]:
    "a sub-account has its parent's group, tier and limits; set it for the parent",
  [Code.INVALID_ACCOUNT_LIMIT]: `a limit of an account is a whole number from 0 (as much as the exchange allows) to ${ACCOUNT_LIMIT_MAX}`,
  [Code.WITHDRAWAL_KEY_MISSING]:
    "a withdrawal needs an idempotency key; the same key is the same withdrawal",
  [Code.WITHDRAWAL_KEY_REUSED]:
    "this idempotency key was used for another withdrawal; take another key",
  [Code.UNKNOWN_WITHDRAWAL]: "the account has no withdrawal with this idempotency key",
  [Code.WITHDRAWAL_NOT_APPROVED]: "the withdrawal has to be approved before it is settled",
  [Code.WITHDRAWAL_FINAL]: "the withdrawal is settled or refused, and nothing changes that",
  [Code.INVALID_DECISION]:
    "the decision is not known; it is approved, settled or refused, and of an order that is held for review approved or refused",
  [Code.TRANSFER_KEY_MISSING]:
    "a transfer needs an idempotency key; the same key is the same transfer",
  [Code.TRANSFER_KEY_REUSED]:
    "this idempotency key was used for another transfer; take another key",
  [Code.TRANSFER_TO_ITSELF]: "an account transfers to another account, not to itself",
  [Code.UNKNOWN_RECIPIENT]:
    "there is no account of the recipient's number; nothing was sent, or it came back",
  [Code.RECIPIENT_CLOSED]: "the recipient's account is closed; nothing was sent, or it came back",
  [Code.ORDER_UNDER_REVIEW]:
    "the order is held for review by an operator and is not at its market; until then it can be cancelled, and nothing else",
  [Code.REVIEW_REFUSED]: "an operator has looked at the order and refused it",
  [Code.REVIEW_TIME_OVER]: `no operator has decided on the order within ${REVIEW_TIME_LIMIT_SECONDS} seconds; send it again under another id, or a smaller one`,
  [Code.ORDER_NOT_UNDER_REVIEW]:
    "the order is not held for review: it never was, or it was decided on, cancelled, or its time was over; GetOrder says what became of it",
  [Code.AMEND_NEEDS_REVIEW]:
    "the amend would make the order worth more than the account may send without a review; place another order, which is held for one",
  [Code.PHASE_BY_OPERATOR]: "an operator has changed the phase",
  [Code.PHASE_BY_SCHEDULE]: "the schedule has changed the phase",
  [Code.PHASE_BY_BREAKER]: "the circuit breaker has changed the phase",
  [Code.PHASE_BY_TIME]: "the time of the phase was over",
};

export function codeText(code: number): string {
  return TEXTS[code as Code] ?? codeName(code);
}

const STATUSES: Readonly<Partial<Record<Code, number>>> = {
  [Code.UNKNOWN_ACCOUNT]: status.NOT_FOUND,
  [Code.UNKNOWN_ASSET]: status.NOT_FOUND,
  [Code.UNKNOWN_PARENT]: status.NOT_FOUND,
  [Code.PARENT_IS_SUB_ACCOUNT]: status.FAILED_PRECONDITION,
  [Code.TOO_MANY_SUB_ACCOUNTS]: status.RESOURCE_EXHAUSTED,
  [Code.SHARED_WITH_PARENT]: status.FAILED_PRECONDITION,
  [Code.UNKNOWN_ORDER]: status.NOT_FOUND,
  [Code.DEPOSIT_KEY_REUSED]: status.ALREADY_EXISTS,
  [Code.WITHDRAWAL_KEY_REUSED]: status.ALREADY_EXISTS,
  [Code.UNKNOWN_WITHDRAWAL]: status.NOT_FOUND,
  [Code.TRANSFER_KEY_REUSED]: status.ALREADY_EXISTS,
  [Code.UNKNOWN_RECIPIENT]: status.NOT_FOUND,
  [Code.RECIPIENT_CLOSED]: status.FAILED_PRECONDITION,
  [Code.INSUFFICIENT_FUNDS]: status.FAILED_PRECONDITION,
  [Code.WITHDRAWAL_NOT_APPROVED]: status.FAILED_PRECONDITION,
  [Code.WITHDRAWAL_FINAL]: status.FAILED_PRECONDITION,
  [Code.ACCOUNT_FROZEN]: status.FAILED_PRECONDITION,
  [Code.ACCOUNT_CLOSED]: status.FAILED_PRECONDITION,
  [Code.ACCOUNT_CLOSE_ONLY]: status.FAILED_PRECONDITION,
  [Code.ACCOUNT_NOT_EMPTY]: status.FAILED_PRECONDITION,
  [Code.ORDER_NOT_UNDER_REVIEW]: status.FAILED_PRECONDITION,
  [Code.REVIEW_TIME_OVER]: status.FAILED_PRECONDITION,
  // It was published, but nothing has happened and nothing will: it may be tried again.
  [Code.DEADLINE_PASSED]: status.UNAVAILABLE,
};

/** The error of a call that a receiver has refused. */
export function refusalOfCode(code: number): Refusal {
  const grpcStatus = STATUSES[code as Code] ?? status.INVALID_ARGUMENT;
  return new Refusal(grpcStatus, codeName(code), codeText(code));
}
