/**
 * What the gateway itself looks at in an order command, before it takes a number anywhere: whether it can be written down
 * for a ledger shard at all. Whether it may be carried out is the shard's to say.
 */
import { Code, codeName } from "../../actors/kernel/codes.js";
import { CLIENT_ORDER_ID_LENGTH_MAX } from "../../actors/kernel/limits.js";
import {
  isOneOf,
  OrderRequest,
  OrderType,
  SelfTrade,
  Side,
  TimeInForce,
} from "../../actors/kernel/order.js";
import {
  encodeLedgerCommand,
  NO_NEW_TERMS,
  type PlaceOrder,
} from "../../actors/ledger/messages.js";
import type {
  AmendOrderRequest,
  CancelAllRequest,
  CancelOrderRequest,
  PlaceOrderRequest,
  PlacePairRequest,
  ReduceOrderRequest,
} from "../../proto/gen/exchange/v1/exchange.js";
import { codeText } from "./code-text.js";
import { invalid, type Refusal } from "./refusal.js";

export interface OrderName {
  readonly orderId: number;
  readonly clientOrderId: string;
}

const byCode = (code: Code): Refusal => invalid(codeName(code), codeText(code));

/** Why a client order id cannot be one, or nothing. */
export function clientOrderIdProblem(clientOrderId: string): Refusal | undefined {
  if (clientOrderId === "") return byCode(Code.CLIENT_ORDER_ID_MISSING);
  if (!/^[!-~]+$/.test(clientOrderId) || clientOrderId.length > CLIENT_ORDER_ID_LENGTH_MAX) {
    const message = `a client order id is 1 to ${CLIENT_ORDER_ID_LENGTH_MAX} visible ASCII characters`;
    return invalid("CLIENT_ORDER_ID_INVALID", message);
  }
  return undefined;
}

/** Why an order cannot be written down, or nothing. */
export function placeProblem(request: PlaceOrderRequest): Refusal | undefined {
  const { side, type, timeInForce, price, quantity, selfTradePrevention } = request;
  const problem = clientOrderIdProblem(request.clientOrderId);
  if (problem) return problem;
  if (!isOneOf(Side, side)) return byCode(Code.INVALID_SIDE);
  if (!isOneOf(OrderType, type)) return byCode(Code.INVALID_ORDER_TYPE);
  if (timeInForce !== 0 && !isOneOf(TimeInForce, timeInForce)) {
    return byCode(Code.INVALID_TIME_IN_FORCE);
  }
  if (!isOneOf(SelfTrade, selfTradePrevention)) return byCode(Code.INVALID_SELF_TRADE_MODE);
  if (quantity < 0) return byCode(Code.QUANTITY_NOT_POSITIVE);
  if (price < 0) return byCode(Code.PRICE_NOT_POSITIVE);
  if (request.expiresAt < 0) return byCode(Code.EXPIRY_IN_THE_PAST);
  if (request.trail < 0) return invalid("TRAIL_NEGATIVE", "a trail is above zero");
  if (request.minQuantity < 0) {
    return invalid("MIN_QUANTITY_NEGATIVE", "a minimum quantity is above zero");
  }
  return termsProblem(request);
}

/** Numbers below zero cannot be written down. */
function termsProblem(
  request: Pick<PlaceOrderRequest, "stopPrice" | "displayQuantity">,
): Refusal | undefined {
  const { stopPrice, displayQuantity } = request;
  if (stopPrice < 0) return invalid("STOP_PRICE_NEGATIVE", "a stop price is above zero");
  if (displayQuantity < 0) return invalid("DISPLAY_NEGATIVE", "a display quantity is above zero");
  return undefined;
}

/** Why an order's name is none, or nothing. */
export function nameProblem({ orderId, clientOrderId }: OrderName): Refusal | undefined {
  if (orderId < 0) return invalid("ORDER_ID_INVALID", "order ids are above zero");
  if (orderId > 0 && clientOrderId !== "") {
    return invalid("ORDER_NAMED_TWICE", "name the order by its id or by its client order id");
  }
  return orderId > 0 ? undefined : clientOrderIdProblem(clientOrderId);
}

export function reduceProblem(request: ReduceOrderRequest): Refusal | undefined {
  if (request.leaves < 0) return byCode(Code.REDUCE_NOT_BELOW_QUANTITY);
  return nameProblem(request);
}

export function amendProblem(request: AmendOrderRequest): Refusal | undefined {
  if (request.quantity < 0) return byCode(Code.QUANTITY_NOT_POSITIVE);
  if (request.price < 0) return byCode(Code.PRICE_NOT_POSITIVE);
  return termsProblem(request) ?? nameProblem(request);
}

export function sideProblem({ side }: CancelAllRequest): Refusal | undefined {
  return side === 0 || isOneOf(Side, side) ? undefined : byCode(Code.INVALID_SIDE);
}

/** Why two orders cannot be written down as a pair, or nothing. */
export function pairProblem({ first, second }: PlacePairRequest): Refusal | undefined {
  if (!first || !second) return invalid("PAIR_INCOMPLETE", "a pair has two orders");
  const problem = placeProblem(first)?.ofLeg(1) ?? placeProblem(second)?.ofLeg(2);
  if (problem) return problem;
  return first.clientOrderId === second.clientOrderId ? byCode(Code.PAIR_OF_ONE_ID) : undefined;
}

/** The command for the ledger shard. The account comes from the session, the deadline is in microseconds since 1970. */
export function encodePlace(
  request: PlaceOrderRequest,
  account: number,
  instrument: number,
  deadline: number,
): Uint8Array {
  return encodeLedgerCommand(placeOf(request, account, instrument, deadline));
}

function timeInForceOf({ type, timeInForce }: PlaceOrderRequest): number {
  if (timeInForce !== 0) return timeInForce;
  return type === OrderType.Market ? TimeInForce.ImmediateOrCancel : TimeInForce.GoodTillCancel;
}

/** The orders with the numbers of their instruments. */
export function encodePair(
  orders: readonly [PlaceOrderRequest, PlaceOrderRequest],
  account: number,
  instruments: readonly [number, number],
  deadline: number,
): Uint8Array {
  const [first, second] = orders;
  const legs = [
    placeOf(first, account, instruments[0], deadline),
    placeOf(second, account, instruments[1], deadline),
  ] as const;
  return encodeLedgerCommand({ kind: "place-pair", account, deadline, legs });
}

/** Written out: to spread the order behind the command's head takes five times as long. */
function placeOf(
  request: PlaceOrderRequest,
  account: number,
  instrument: number,
  deadline: number,
): PlaceOrder {
  const { clientOrderId, side, type, price, quantity, stopPrice, postOnly } = request;
  const { reprices, trail, minQuantity } = request;
  return {
    kind: "place",
    account,
    deadline,
    clientOrderId,
    instrument,
    side,
    type,
    timeInForce: timeInForceOf(request),
    price,
    quantity,
    stopPrice,
    display: request.displayQuantity,
    expires: request.expiresAt,
    selfTrade: request.selfTradePrevention,
    postOnly,
    reprices,
    trail,
    minQuantity,
  };
}

export function encodeCancel(
  { orderId, clientOrderId }: CancelOrderRequest,
  account: number,
  deadline: number,
): Uint8Array {
  return encodeLedgerCommand({
    kind: "amend",
    account,
    deadline,
    request: OrderRequest.Cancel,
    orderId,
    clientOrderId,
    leaves: 0,
    ...NO_NEW_TERMS,
  });
}

export function encodeReduce(
  { orderId, clientOrderId, leaves }: ReduceOrderRequest,
  account: number,
  deadline: number,
): Uint8Array {
  return encodeLedgerCommand({
    kind: "amend",
    account,
    deadline,
    request: OrderRequest.Reduce,
    orderId,
    clientOrderId,
    leaves,
    ...NO_NEW_TERMS,
  });
}

export function encodeAmend(
  request: AmendOrderRequest,
  account: number,
  deadline: number,
): Uint8Array {
  const { orderId, clientOrderId, price, quantity, stopPrice, displayQuantity } = request;
  return encodeLedgerCommand({
    kind: "amend",
    account,
    deadline,
    request: OrderRequest.Amend,
    orderId,
    clientOrderId,
    leaves: 0,
    price,
    quantity,
    stopPrice,
    display: displayQuantity,
  });
}
