/**
 * What the gateway itself looks at in an order command, before it takes a number anywhere: whether it can be written down
 * for a ledger shard at all. Whether it may be carried out is the shard's to say.
 */
import { Code, codeName } from "../../actors/kernel/codes.js";
import { CLIENT_ORDER_ID_LENGTH_MAX } from "../../actors/kernel/limits.js";
import { isOneOf, OrderRequest, OrderType, Side, TimeInForce } from "../../actors/kernel/order.js";
import { encodeLedgerCommand } from "../../actors/ledger/messages.js";
import type {
  CancelOrderRequest,
  PlaceOrderRequest,
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
  const { side, type, timeInForce, price, quantity } = request;
  const problem = clientOrderIdProblem(request.clientOrderId);
  if (problem) return problem;
  if (!isOneOf(Side, side)) return byCode(Code.INVALID_SIDE);
  if (!isOneOf(OrderType, type)) return byCode(Code.INVALID_ORDER_TYPE);
  if (timeInForce !== 0 && !isOneOf(TimeInForce, timeInForce)) {
    return byCode(Code.INVALID_TIME_IN_FORCE);
  }
  if (quantity < 0) return byCode(Code.QUANTITY_NOT_POSITIVE);
  if (price < 0) return byCode(Code.PRICE_NOT_POSITIVE);
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

/** The command for the ledger shard. The account comes from the session, the deadline is in microseconds since 1970. */
export function encodePlace(
  request: PlaceOrderRequest,
  account: number,
  instrument: number,
  deadline: number,
): Uint8Array {
  const { clientOrderId, side, type, price, quantity } = request;
  const standard =
    type === OrderType.Market ? TimeInForce.ImmediateOrCancel : TimeInForce.GoodTillCancel;
  const timeInForce = request.timeInForce === 0 ? standard : request.timeInForce;
  return encodeLedgerCommand({
    kind: "place",
    account,
    deadline,
    clientOrderId,
    instrument,
    side,
    type,
    timeInForce,
    price,
    quantity,
  });
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
  });
}
