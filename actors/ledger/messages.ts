/**
 * The commands of a ledger shard's inbox: what clients ask through a gateway's slot, and what markets answer.
 * Numbers from clients are taken as they come and judged by the shard's ladder; numbers from markets are trusted.
 */
import { assertNever } from "../kernel/assert.js";
import { ByteReader, ByteWriter, MalformedError } from "../kernel/bytes.js";
import { decodeInstrument, encodeInstrument, type Instrument } from "../kernel/instrument.js";
import { CLIENT_ORDER_ID_LENGTH_MAX, DEPOSIT_KEY_LENGTH_MAX } from "../kernel/limits.js";
import { isOneOf, OrderRequest, Side } from "../kernel/order.js";

/** From a gateway. `deadline`: microseconds since 1970; the command is refused in a batch after it. 0: none. */
export type ClientCommand =
  | { readonly kind: "open"; readonly account: number; readonly deadline: number }
  | {
      readonly kind: "deposit";
      readonly account: number;
      readonly deadline: number;
      readonly asset: number;
      readonly amount: number;
      /** Idempotency key: the same key and amount is the same deposit, for as long as the account lives. */
      readonly key: string;
    }
  | PlaceOrder
  | AmendOrder
  /** Asks what became of a client order id, and voids it if it was never seen (R10). */
  | {
      readonly kind: "resolve";
      readonly account: number;
      readonly deadline: number;
      readonly clientOrderId: string;
    };

export interface PlaceOrder {
  readonly kind: "place";
  readonly account: number;
  readonly deadline: number;
  readonly clientOrderId: string;
  readonly instrument: number;
  readonly side: number;
  readonly type: number;
  readonly timeInForce: number;
  /** In price units; 0 for a market order. */
  readonly price: number;
  readonly quantity: number;
}

/** A cancel, or a reduce to `leaves`. The order is named by its id, or (orderId 0) by its client order id. */
export interface AmendOrder {
  readonly kind: "amend";
  readonly account: number;
  readonly deadline: number;
  readonly request: OrderRequest;
  readonly orderId: number;
  readonly clientOrderId: string;
  /** For a reduce: what may stay open. */
  readonly leaves: number;
}

/** From a market; `sequence` is the market's, of the command that led to it. */
export type MarketAnswer =
  | { readonly kind: "instrument"; readonly instrument: Instrument }
  /** The price that the bands of market orders are taken around from now on. */
  | { readonly kind: "reference"; readonly instrument: number; readonly price: number }
  | TradeReport
  /** The order rests with this quantity (a new order's first stay on the book). */
  | {
      readonly kind: "rested";
      readonly orderId: number;
      readonly leaves: number;
      readonly sequence: number;
    }
  /** The order has ended unfilled by `leaves`, for the reason `code`. */
  | {
      readonly kind: "ended";
      readonly orderId: number;
      readonly leaves: number;
      readonly code: number;
      readonly sequence: number;
    }
  | {
      readonly kind: "reduced";
      readonly orderId: number;
      readonly leaves: number;
      readonly sequence: number;
    }
  /** A cancel or a reduce came to nothing. */
  | {
      readonly kind: "refused";
      readonly orderId: number;
      readonly request: OrderRequest;
      readonly code: number;
      readonly sequence: number;
    };

/** One trade. It goes once to each shard that has a side of it; a shard settles the sides it issued. */
export interface TradeReport {
  readonly kind: "trade";
  readonly instrument: number;
  readonly tradeId: number;
  readonly price: number;
  readonly quantity: number;
  readonly takerSide: Side;
  readonly makerOrder: number;
  readonly takerOrder: number;
  readonly makerLeaves: number;
  readonly takerLeaves: number;
  readonly sequence: number;
}

export type LedgerCommand = ClientCommand | MarketAnswer;

const OPEN = 1;
const DEPOSIT = 2;
const PLACE = 3;
const AMEND = 4;
const RESOLVE = 5;
const INSTRUMENT = 16;
const REFERENCE = 17;
const TRADE = 18;
const RESTED = 19;
const ENDED = 20;
const REDUCED = 21;
const REFUSED = 22;

/** One buffer for all commands: a market encodes several answers for each command it takes. */
const writer = new ByteWriter(96);

export function encodeLedgerCommand(command: LedgerCommand): Uint8Array {
  writer.reset();
  switch (command.kind) {
    case "open":
      writer.u8(OPEN).uint(command.account).uint(command.deadline);
      break;
    case "deposit":
      writer.u8(DEPOSIT).uint(command.account).uint(command.deadline);
      writer.uint(command.asset).uint(command.amount).string(command.key);
      break;
    case "place":
      writer.u8(PLACE).uint(command.account).uint(command.deadline).string(command.clientOrderId);
      writer.uint(command.instrument).u8(command.side).u8(command.type).u8(command.timeInForce);
      writer.uint(command.price).uint(command.quantity);
      break;
    case "amend":
      writer.u8(AMEND).uint(command.account).uint(command.deadline).u8(command.request);
      writer.uint(command.orderId).string(command.clientOrderId).uint(command.leaves);
      break;
    case "resolve":
      writer.u8(RESOLVE).uint(command.account).uint(command.deadline);
      writer.string(command.clientOrderId);
      break;
    case "instrument":
      encodeInstrument(writer.u8(INSTRUMENT), command.instrument);
      break;
    case "reference":
      writer.u8(REFERENCE).uint(command.instrument).uint(command.price);
      break;
    case "trade":
      writer.u8(TRADE).uint(command.instrument).uint(command.tradeId).uint(command.price);
      writer.uint(command.quantity).u8(command.takerSide);
      writer.uint(command.makerOrder).uint(command.takerOrder);
      writer.uint(command.makerLeaves).uint(command.takerLeaves).uint(command.sequence);
      break;
    case "rested":
      writer.u8(RESTED).uint(command.orderId).uint(command.leaves).uint(command.sequence);
      break;
    case "ended":
      writer.u8(ENDED).uint(command.orderId).uint(command.leaves);
      writer.uint(command.code).uint(command.sequence);
      break;
    case "reduced":
      writer.u8(REDUCED).uint(command.orderId).uint(command.leaves).uint(command.sequence);
      break;
    case "refused":
      writer.u8(REFUSED).uint(command.orderId).u8(command.request);
      writer.uint(command.code).uint(command.sequence);
      break;
    default:
      assertNever(command);
  }
  return writer.take();
}

/** Throws `MalformedError`. */
export function decodeLedgerCommand(payload: Uint8Array): LedgerCommand {
  const reader = new ByteReader(payload);
  const tag = reader.u8();
  const command = tag < INSTRUMENT ? decodeClient(tag, reader) : decodeMarket(tag, reader);
  reader.end();
  return command;
}

function decodeClient(tag: number, reader: ByteReader): ClientCommand {
  const account = reader.uint();
  const deadline = reader.uint();
  switch (tag) {
    case OPEN:
      return { kind: "open", account, deadline };
    case DEPOSIT: {
      const asset = reader.uint();
      const amount = reader.uint();
      return {
        kind: "deposit",
        account,
        deadline,
        asset,
        amount,
        key: reader.string(DEPOSIT_KEY_LENGTH_MAX),
      };
    }
    case PLACE:
      return {
        kind: "place",
        account,
        deadline,
        clientOrderId: reader.string(CLIENT_ORDER_ID_LENGTH_MAX),
        instrument: reader.uint(),
        side: reader.u8(),
        type: reader.u8(),
        timeInForce: reader.u8(),
        price: reader.uint(),
        quantity: reader.uint(),
      };
    case AMEND: {
      const request = requestOf(reader.u8());
      const orderId = reader.uint();
      const clientOrderId = reader.string(CLIENT_ORDER_ID_LENGTH_MAX);
      return {
        kind: "amend",
        account,
        deadline,
        request,
        orderId,
        clientOrderId,
        leaves: reader.uint(),
      };
    }
    case RESOLVE:
      return {
        kind: "resolve",
        account,
        deadline,
        clientOrderId: reader.string(CLIENT_ORDER_ID_LENGTH_MAX),
      };
    default:
      throw new MalformedError(`ledger command ${tag} is not known`);
  }
}

function decodeMarket(tag: number, reader: ByteReader): MarketAnswer {
  switch (tag) {
    case INSTRUMENT:
      return { kind: "instrument", instrument: decodeInstrument(reader) };
    case REFERENCE:
      return { kind: "reference", instrument: reader.uint(), price: reader.uint() };
    case TRADE:
      return {
        kind: "trade",
        instrument: reader.uint(),
        tradeId: reader.uint(),
        price: reader.uint(),
        quantity: reader.uint(),
        takerSide: sideOf(reader.u8()),
        makerOrder: reader.uint(),
        takerOrder: reader.uint(),
        makerLeaves: reader.uint(),
        takerLeaves: reader.uint(),
        sequence: reader.uint(),
      };
    case RESTED:
      return {
        kind: "rested",
        orderId: reader.uint(),
        leaves: reader.uint(),
        sequence: reader.uint(),
      };
    case ENDED:
      return {
        kind: "ended",
        orderId: reader.uint(),
        leaves: reader.uint(),
        code: reader.uint(),
        sequence: reader.uint(),
      };
    case REDUCED:
      return {
        kind: "reduced",
        orderId: reader.uint(),
        leaves: reader.uint(),
        sequence: reader.uint(),
      };
    case REFUSED:
      return {
        kind: "refused",
        orderId: reader.uint(),
        request: requestOf(reader.u8()),
        code: reader.uint(),
        sequence: reader.uint(),
      };
    default:
      throw new MalformedError(`ledger command ${tag} is not known`);
  }
}

function sideOf(value: number): Side {
  if (!isOneOf(Side, value)) throw new MalformedError(`side ${value}`);
  return value;
}

function requestOf(value: number): OrderRequest {
  if (!isOneOf(OrderRequest, value)) throw new MalformedError(`request ${value}`);
  return value;
}
