/**
 * What clients ask of a ledger shard, through a gateway's slot. Its numbers are taken as they come and judged by the
 * shard's ladder. What was written before there were other orders than plain ones is read as it always was, and a plain
 * order is still written so (R13).
 */
import { type ByteReader, type ByteWriter, MalformedError } from "../kernel/bytes.js";
import { CLIENT_ORDER_ID_LENGTH_MAX, DEPOSIT_KEY_LENGTH_MAX } from "../kernel/limits.js";
import { isOneOf, OrderRequest } from "../kernel/order.js";
import { decodeLimits, encodeLimits, type Limits } from "./limit-terms.js";
import {
  decodeOperatorCommand,
  encodeOperatorCommand,
  type OperatorCommand,
} from "./operator-commands.js";
import {
  decodeOtherTerms,
  encodeOtherTerms,
  hasOtherTerms,
  NO_OTHER_TERMS,
  type OtherTerms,
} from "./other-terms.js";

/** From a gateway. `deadline`: microseconds since 1970; the command is refused in a batch after it. 0: none. */
export type ClientCommand =
  | {
      readonly kind: "open";
      readonly account: number;
      readonly deadline: number;
      /** Those of the tier that it is of at first; absent: none. */
      readonly limits?: Limits;
    }
  /** Under a parent of the same shard. */
  | {
      readonly kind: "open-sub-account";
      readonly account: number;
      readonly deadline: number;
      readonly parent: number;
    }
  | {
      readonly kind: "deposit";
      readonly account: number;
      readonly deadline: number;
      readonly asset: number;
      readonly amount: number;
      /** Idempotency key: the same key and amount is the same deposit, for as long as the account lives. */
      readonly key: string;
    }
  /** Held for from now on; an operator decides what becomes of it. Its key is as a deposit's. */
  | {
      readonly kind: "withdraw";
      readonly account: number;
      readonly deadline: number;
      readonly asset: number;
      readonly amount: number;
      readonly key: string;
    }
  /** To another account. Its key is as a deposit's. `shard` is the recipient's, as the gateway knows it. */
  | {
      readonly kind: "transfer";
      readonly account: number;
      readonly deadline: number;
      readonly recipient: number;
      readonly shard: number;
      readonly asset: number;
      readonly amount: number;
      readonly key: string;
    }
  | OperatorCommand
  | PlaceOrder
  | PlacePair
  | AmendOrder
  | CancelAll
  /** Asks what became of a client order id, and voids it if it was never seen (R10). */
  | {
      readonly kind: "resolve";
      readonly account: number;
      readonly deadline: number;
      readonly clientOrderId: string;
    };

/** A new order, as its client wants it. */
export interface NewOrder extends OtherTerms {
  readonly clientOrderId: string;
  readonly instrument: number;
  readonly side: number;
  readonly type: number;
  readonly timeInForce: number;
  /** In price units; 0 for a market order or a stop. */
  readonly price: number;
  readonly quantity: number;
}

export interface PlaceOrder extends NewOrder {
  readonly kind: "place";
  readonly account: number;
  readonly deadline: number;
}

/** Two orders that are accepted or rejected together; what one of them does ends the other (rule book, 1.7). */
export interface PlacePair {
  readonly kind: "place-pair";
  readonly account: number;
  readonly deadline: number;
  /** In the order in which they enter the market. */
  readonly legs: readonly [NewOrder, NewOrder];
}

/** A cancel, a reduce or an amend. The order is named by its id, or (orderId 0) by its client order id. */
export interface AmendOrder {
  readonly kind: "amend";
  readonly account: number;
  readonly deadline: number;
  readonly request: OrderRequest;
  readonly orderId: number;
  readonly clientOrderId: string;
  /** For a reduce: what may stay open. */
  readonly leaves: number;
  // For an amend; 0 keeps what is.
  readonly price: number;
  /** The new total: what is filled and what is open together. */
  readonly quantity: number;
  readonly stopPrice: number;
  readonly display: number;
}

/** A cancel of each live order of the account: of an instrument or (0) all, of a side or (0) both. */
export interface CancelAll {
  readonly kind: "cancel-all";
  readonly account: number;
  readonly deadline: number;
  readonly instrument: number;
  readonly side: number;
}

/** What a cancel or a reduce has of an amend's terms. */
export const NO_NEW_TERMS = { price: 0, quantity: 0, stopPrice: 0, display: 0 } as const;

const OPEN = 1;
const DEPOSIT = 2;
const PLACE = 3;
const AMEND = 4;
const RESOLVE = 5;
/** An order that is more than plain. */
const PLACE_WITH_TERMS = 6;
const AMEND_TERMS = 7;
const CANCEL_ALL = 8;
const PLACE_PAIR = 9;
const WITHDRAW = 10;
const TRANSFER = 13;
// Among the tags of operators, as those of clients are used up.
const OPEN_WITH_LIMITS = 49;
const OPEN_SUB_ACCOUNT = 50;

export function encodeClientCommand(writer: ByteWriter, command: ClientCommand): void {
  switch (command.kind) {
    case "open":
      writer.u8(command.limits ? OPEN_WITH_LIMITS : OPEN);
      writer.uint(command.account).uint(command.deadline);
      if (command.limits) encodeLimits(writer, command.limits);
      break;
    case "open-sub-account":
      writer.u8(OPEN_SUB_ACCOUNT).uint(command.account).uint(command.deadline);
      writer.uint(command.parent);
      break;
    case "deposit":
      writer.u8(DEPOSIT).uint(command.account).uint(command.deadline);
      writer.uint(command.asset).uint(command.amount).string(command.key);
      break;
    case "withdraw":
      writer.u8(WITHDRAW).uint(command.account).uint(command.deadline);
      writer.uint(command.asset).uint(command.amount).string(command.key);
      break;
    case "transfer":
      writer.u8(TRANSFER).uint(command.account).uint(command.deadline);
      writer.uint(command.recipient).uint(command.shard);
      writer.uint(command.asset).uint(command.amount).string(command.key);
      break;
    case "place":
      encodePlace(writer, command);
      break;
    case "place-pair":
      writer.u8(PLACE_PAIR).uint(command.account).uint(command.deadline);
      for (const leg of command.legs) {
        encodeNewOrder(writer, leg);
        encodeOtherTerms(writer, leg);
      }
      break;
    case "amend":
      encodeAmend(writer, command);
      break;
    case "cancel-all":
      writer.u8(CANCEL_ALL).uint(command.account).uint(command.deadline);
      writer.uint(command.instrument).u8(command.side);
      break;
    case "resolve":
      writer.u8(RESOLVE).uint(command.account).uint(command.deadline);
      writer.string(command.clientOrderId);
      break;
    default:
      encodeOperatorCommand(writer, command);
  }
}

function encodePlace(writer: ByteWriter, command: PlaceOrder): void {
  const isPlain = !hasOtherTerms(command);
  writer
    .u8(isPlain ? PLACE : PLACE_WITH_TERMS)
    .uint(command.account)
    .uint(command.deadline);
  encodeNewOrder(writer, command);
  if (!isPlain) encodeOtherTerms(writer, command);
}

/** All of it but its other terms. */
function encodeNewOrder(writer: ByteWriter, order: NewOrder): void {
  writer.string(order.clientOrderId).uint(order.instrument);
  writer.u8(order.side).u8(order.type).u8(order.timeInForce);
  writer.uint(order.price).uint(order.quantity);
}

function encodeAmend(writer: ByteWriter, command: AmendOrder): void {
  const { account, deadline, request, orderId, clientOrderId } = command;
  if (request === OrderRequest.Amend) {
    writer.u8(AMEND_TERMS).uint(account).uint(deadline).uint(orderId).string(clientOrderId);
    writer.uint(command.price).uint(command.quantity);
    writer.uint(command.stopPrice).uint(command.display);
    return;
  }
  writer.u8(AMEND).uint(account).uint(deadline).u8(request);
  writer.uint(orderId).string(clientOrderId).uint(command.leaves);
}

/** Throws `MalformedError`. */
export function decodeClientCommand(tag: number, reader: ByteReader): ClientCommand {
  const account = reader.uint();
  const deadline = reader.uint();
  switch (tag) {
    case OPEN:
      return { kind: "open", account, deadline };
    case OPEN_WITH_LIMITS:
      return { kind: "open", account, deadline, limits: decodeLimits(reader) };
    case OPEN_SUB_ACCOUNT:
      return { kind: "open-sub-account", account, deadline, parent: reader.uint() };
    case DEPOSIT:
    case WITHDRAW: {
      const asset = reader.uint();
      const amount = reader.uint();
      const key = reader.string(DEPOSIT_KEY_LENGTH_MAX);
      const kind = tag === DEPOSIT ? "deposit" : "withdraw";
      return { kind, account, deadline, asset, amount, key };
    }
    case TRANSFER: {
      const [recipient, shard, asset, amount] = [
        reader.uint(),
        reader.uint(),
        reader.uint(),
        reader.uint(),
      ];
      const key = reader.string(DEPOSIT_KEY_LENGTH_MAX);
      return { kind: "transfer", account, deadline, recipient, shard, asset, amount, key };
    }
    case PLACE:
    case PLACE_WITH_TERMS:
      return decodePlace(account, deadline, tag === PLACE, reader);
    case PLACE_PAIR: {
      const first = decodeLeg(reader);
      return { kind: "place-pair", account, deadline, legs: [first, decodeLeg(reader)] };
    }
    case AMEND:
      return decodeRequest(account, deadline, reader);
    case AMEND_TERMS:
      return {
        kind: "amend",
        account,
        deadline,
        request: OrderRequest.Amend,
        orderId: reader.uint(),
        clientOrderId: reader.string(CLIENT_ORDER_ID_LENGTH_MAX),
        leaves: 0,
        price: reader.uint(),
        quantity: reader.uint(),
        stopPrice: reader.uint(),
        display: reader.uint(),
      };
    case CANCEL_ALL:
      return {
        kind: "cancel-all",
        account,
        deadline,
        instrument: reader.uint(),
        side: reader.u8(),
      };
    case RESOLVE:
      return {
        kind: "resolve",
        account,
        deadline,
        clientOrderId: reader.string(CLIENT_ORDER_ID_LENGTH_MAX),
      };
    default:
      return decodeOperatorCommand(tag, account, deadline, reader);
  }
}

function decodePlace(
  account: number,
  deadline: number,
  isPlain: boolean,
  reader: ByteReader,
): PlaceOrder {
  const clientOrderId = reader.string(CLIENT_ORDER_ID_LENGTH_MAX);
  const instrument = reader.uint();
  const side = reader.u8();
  const type = reader.u8();
  const timeInForce = reader.u8();
  const price = reader.uint();
  const quantity = reader.uint();
  const terms = isPlain ? NO_OTHER_TERMS : decodeOtherTerms(reader);
  const { stopPrice, display, expires, selfTrade, postOnly, reprices, trail, minQuantity } = terms;
  // Written out: to spread the terms costs as much as all the rest of an order.
  return {
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
    stopPrice,
    display,
    expires,
    selfTrade,
    postOnly,
    reprices,
    trail,
    minQuantity,
  };
}

/** An order of a pair, which has no account and no deadline of its own. */
function decodeLeg(reader: ByteReader): NewOrder {
  const place = decodePlace(0, 0, false, reader);
  const { clientOrderId, instrument, side, type, timeInForce, price, quantity } = place;
  const { stopPrice, display, expires, selfTrade, postOnly, reprices, trail, minQuantity } = place;
  const terms = { stopPrice, display, expires, selfTrade, postOnly, reprices, trail, minQuantity };
  return { clientOrderId, instrument, side, type, timeInForce, price, quantity, ...terms };
}

/** A cancel or a reduce. */
function decodeRequest(account: number, deadline: number, reader: ByteReader): AmendOrder {
  const request = requestOf(reader.u8());
  if (request === OrderRequest.Amend) throw new MalformedError("an amend without its terms");
  return {
    kind: "amend",
    account,
    deadline,
    request,
    orderId: reader.uint(),
    clientOrderId: reader.string(CLIENT_ORDER_ID_LENGTH_MAX),
    leaves: reader.uint(),
    price: NO_NEW_TERMS.price,
    quantity: NO_NEW_TERMS.quantity,
    stopPrice: NO_NEW_TERMS.stopPrice,
    display: NO_NEW_TERMS.display,
  };
}

function requestOf(value: number): OrderRequest {
  if (!isOneOf(OrderRequest, value)) throw new MalformedError(`request ${value}`);
  return value;
}
