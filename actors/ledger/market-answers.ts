/**
 * What markets answer a ledger shard. Its numbers are trusted, and checked against the shard's own books. The bytes of
 * what there was before auctions and amends are as they always were (R13).
 */
import { assertNever } from "../kernel/assert.js";
import { type ByteReader, type ByteWriter, MalformedError } from "../kernel/bytes.js";
import { Code } from "../kernel/codes.js";
import { decodeInstrument, encodeInstrument, type Instrument } from "../kernel/instrument.js";
import { isOneOf, OrderRequest, Side } from "../kernel/order.js";

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
  /** The order waits for its trigger, or for the closing auction. */
  | {
      readonly kind: "waiting";
      readonly orderId: number;
      readonly leaves: number;
      readonly sequence: number;
    }
  /** A stop is executed from now on. */
  | {
      readonly kind: "triggered";
      readonly orderId: number;
      readonly leaves: number;
      readonly sequence: number;
    }
  /** The order has these terms from now on. */
  | {
      readonly kind: "amended";
      readonly orderId: number;
      readonly price: number;
      readonly leaves: number;
      readonly stopPrice: number;
      readonly display: number;
      readonly sequence: number;
    }
  /** The order came with a limit at which it would have traded, and has this one instead. */
  | {
      readonly kind: "repriced";
      readonly orderId: number;
      readonly price: number;
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
  /** Less is open, without a trade. `code` `OK`: its client asked for it; else why. */
  | {
      readonly kind: "reduced";
      readonly orderId: number;
      readonly leaves: number;
      readonly code: number;
      readonly sequence: number;
    }
  /** A cancel, a reduce or an amend came to nothing. */
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
  /** One of an uncross: all at one price, and nobody was there first. */
  readonly isAuction: boolean;
  readonly makerOrder: number;
  readonly takerOrder: number;
  readonly makerLeaves: number;
  readonly takerLeaves: number;
  readonly sequence: number;
}

const INSTRUMENT = 16;
const REFERENCE = 17;
const TRADE = 18;
const RESTED = 19;
const ENDED = 20;
const REDUCED = 21;
const REFUSED = 22;
const WAITING = 23;
const TRIGGERED = 24;
const AMENDED = 25;
/** Reduced by something else than its client's wish. */
const REDUCED_FOR = 26;
const REPRICED = 27;

/** What is added to the taker's side in the bytes of an auction's trade. */
const AUCTION_SIDE_OFFSET = 2;

export function encodeMarketAnswer(writer: ByteWriter, answer: MarketAnswer): void {
  switch (answer.kind) {
    case "instrument":
      encodeInstrument(writer.u8(INSTRUMENT), answer.instrument);
      break;
    case "reference":
      writer.u8(REFERENCE).uint(answer.instrument).uint(answer.price);
      break;
    case "trade":
      writer.u8(TRADE).uint(answer.instrument).uint(answer.tradeId).uint(answer.price);
      writer.uint(answer.quantity);
      writer.u8(answer.takerSide + (answer.isAuction ? AUCTION_SIDE_OFFSET : 0));
      writer.uint(answer.makerOrder).uint(answer.takerOrder);
      writer.uint(answer.makerLeaves).uint(answer.takerLeaves).uint(answer.sequence);
      break;
    case "rested":
      writer.u8(RESTED).uint(answer.orderId).uint(answer.leaves).uint(answer.sequence);
      break;
    case "waiting":
      writer.u8(WAITING).uint(answer.orderId).uint(answer.leaves).uint(answer.sequence);
      break;
    case "triggered":
      writer.u8(TRIGGERED).uint(answer.orderId).uint(answer.leaves).uint(answer.sequence);
      break;
    case "amended":
      writer.u8(AMENDED).uint(answer.orderId).uint(answer.price).uint(answer.leaves);
      writer.uint(answer.stopPrice).uint(answer.display).uint(answer.sequence);
      break;
    case "repriced":
      writer.u8(REPRICED).uint(answer.orderId).uint(answer.price).uint(answer.sequence);
      break;
    case "ended":
      writer.u8(ENDED).uint(answer.orderId).uint(answer.leaves);
      writer.uint(answer.code).uint(answer.sequence);
      break;
    case "reduced":
      writer.u8(answer.code === Code.OK ? REDUCED : REDUCED_FOR);
      writer.uint(answer.orderId).uint(answer.leaves).uint(answer.sequence);
      if (answer.code !== Code.OK) writer.uint(answer.code);
      break;
    case "refused":
      writer.u8(REFUSED).uint(answer.orderId).u8(answer.request);
      writer.uint(answer.code).uint(answer.sequence);
      break;
    default:
      assertNever(answer);
  }
}

/** Throws `MalformedError`. */
export function decodeMarketAnswer(tag: number, reader: ByteReader): MarketAnswer {
  switch (tag) {
    case INSTRUMENT:
      return { kind: "instrument", instrument: decodeInstrument(reader) };
    case REFERENCE:
      return { kind: "reference", instrument: reader.uint(), price: reader.uint() };
    case TRADE:
      return decodeTrade(reader);
    case RESTED:
    case WAITING:
    case TRIGGERED:
      return {
        kind: tag === RESTED ? "rested" : tag === WAITING ? "waiting" : "triggered",
        orderId: reader.uint(),
        leaves: reader.uint(),
        sequence: reader.uint(),
      };
    case AMENDED:
      return {
        kind: "amended",
        orderId: reader.uint(),
        price: reader.uint(),
        leaves: reader.uint(),
        stopPrice: reader.uint(),
        display: reader.uint(),
        sequence: reader.uint(),
      };
    case REPRICED: {
      const orderId = reader.uint();
      const price = reader.uint();
      return { kind: "repriced", orderId, price, sequence: reader.uint() };
    }
    case ENDED:
      return {
        kind: "ended",
        orderId: reader.uint(),
        leaves: reader.uint(),
        code: reader.uint(),
        sequence: reader.uint(),
      };
    case REDUCED:
    case REDUCED_FOR: {
      const orderId = reader.uint();
      const leaves = reader.uint();
      const sequence = reader.uint();
      const code = tag === REDUCED ? Code.OK : reader.uint();
      return { kind: "reduced", orderId, leaves, code, sequence };
    }
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

function decodeTrade(reader: ByteReader): TradeReport {
  const instrument = reader.uint();
  const tradeId = reader.uint();
  const price = reader.uint();
  const quantity = reader.uint();
  const side = reader.u8();
  const isAuction = side > AUCTION_SIDE_OFFSET;
  return {
    kind: "trade",
    instrument,
    tradeId,
    price,
    quantity,
    takerSide: sideOf(isAuction ? side - AUCTION_SIDE_OFFSET : side),
    isAuction,
    makerOrder: reader.uint(),
    takerOrder: reader.uint(),
    makerLeaves: reader.uint(),
    takerLeaves: reader.uint(),
    sequence: reader.uint(),
  };
}

function sideOf(value: number): Side {
  if (!isOneOf(Side, value)) throw new MalformedError(`side ${value}`);
  return value;
}

function requestOf(value: number): OrderRequest {
  if (!isOneOf(OrderRequest, value)) throw new MalformedError(`request ${value}`);
  return value;
}
