/**
 * The bytes of what accounts are told: the same bytes are stored in the journal's rows and sent in the shard's event
 * frames, encoded once. What there was before orders had more terms has the bytes it always had (R13).
 */
import { assertNever } from "../kernel/assert.js";
import { ByteReader, ByteWriter, MalformedError } from "../kernel/bytes.js";
import { Code } from "../kernel/codes.js";
import { CLIENT_ORDER_ID_LENGTH_MAX, DEPOSIT_KEY_LENGTH_MAX } from "../kernel/limits.js";
import { type Liquidity, type OrderRequest, type Side } from "../kernel/order.js";
import {
  ACCEPTED,
  ACCEPTED_OF_PAIR,
  ACCEPTED_WITH_TERMS,
  decodeAccepted,
  encodeAccepted,
  tagOfAccepted,
} from "./accepted-event.js";
import type { AccountEvent, JournalBlock } from "./account-event.js";
import { decodeLimits, encodeLimits } from "./limit-terms.js";
import { decodeOrigin, encodeOrigin } from "./origin.js";
import { decodeReviewEvent, encodeReviewEvent, REVIEW_TAGS } from "./review-events.js";
import { decodeStandingEvent, encodeStandingEvent, STANDING_TAGS } from "./standing-events.js";
import { decodeWarning, encodeWarning, WARNING_TAG } from "./warnings.js";

export { decodeReplies, encodeReply } from "./replies.js";
export type {
  AccountEvent,
  FilledEvent,
  JournalBlock,
  Origin,
  PairReply,
  Reply,
} from "./account-event.js";

const TAGS = {
  opened: 1,
  deposited: 2,
  accepted: ACCEPTED,
  rejected: 4,
  requested: 5,
  voided: 6,
  rested: 7,
  filled: 8,
  ended: 9,
  reduced: 10,
  refused: 11,
  waiting: 14,
  triggered: 15,
  amended: 16,
  "cancel-all": 17,
  repriced: 19,
  withdrawal: 20,
  fee: 23,
  transfer: 24,
  "transfer-ended": 25,
  "transfer-received": 26,
  ...STANDING_TAGS,
  warning: WARNING_TAG,
  ...REVIEW_TAGS,
} as const;
/** An account with limits from the first. */
const OPENED_WITH_LIMITS = 30;
const OPENED_UNDER_PARENT = 31;
/** Reduced by something else than its client's wish. */
const REDUCED_FOR = 13;
/** Filled, and charged for it. */
const FILLED_WITH_FEE = 22;

export function encodeAccountEvent(writer: ByteWriter, event: AccountEvent): void {
  writer.u8(tagOf(event));
  switch (event.kind) {
    case "opened":
      encodeOrigin(writer, event.origin);
      if (event.parent !== undefined) writer.uint(event.parent);
      else if (event.limits) encodeLimits(writer, event.limits);
      break;
    case "deposited":
      encodeOrigin(writer, event.origin);
      writer.uint(event.asset).uint(event.amount).string(event.key);
      break;
    case "withdrawal":
      encodeOrigin(writer, event.origin);
      writer.uint(event.asset).uint(event.amount).string(event.key).u8(event.status);
      break;
    case "transfer":
      encodeOrigin(writer, event.origin);
      writer.uint(event.recipient).uint(event.asset).uint(event.amount).string(event.key);
      break;
    case "transfer-ended":
      writer.uint(event.recipient).uint(event.asset).uint(event.amount).string(event.key);
      writer.uint(event.code);
      break;
    case "transfer-received":
      writer.uint(event.sender).uint(event.asset).uint(event.amount).string(event.key);
      break;
    case "account-state":
    case "account-group":
    case "account-tier":
    case "account-limits":
      encodeStandingEvent(writer, event);
      break;
    case "warning":
      encodeWarning(writer, event);
      break;
    case "review":
    case "reviewed":
    case "review-limit":
      encodeReviewEvent(writer, event);
      break;
    case "accepted":
      encodeAccepted(writer, event);
      break;
    case "rejected":
      encodeOrigin(writer, event.origin);
      writer.uint(event.orderId).string(event.clientOrderId).uint(event.code);
      break;
    case "requested":
      encodeOrigin(writer, event.origin);
      writer.uint(event.orderId).u8(event.request);
      break;
    case "voided":
      encodeOrigin(writer, event.origin);
      writer.uint(event.orderId).string(event.clientOrderId);
      break;
    case "cancel-all":
      encodeOrigin(writer, event.origin);
      writer.uint(event.instrument).u8(event.side).uint(event.orders);
      break;
    case "filled":
      writer.uint(event.orderId).uint(event.tradeId).uint(event.instrument);
      writer.u8(event.side).u8(event.liquidity);
      writer.uint(event.price).uint(event.quantity).uint(event.leaves).uint(event.sequence);
      if (event.fee !== 0) writer.int(event.fee);
      break;
    case "fee":
      writer.uint(event.orderId).uint(event.tradeId).uint(event.instrument);
      writer.uint(event.asset).int(event.fee);
      break;
    case "rested":
    case "waiting":
    case "triggered":
      writer.uint(event.orderId).uint(event.leaves).uint(event.sequence);
      break;
    case "reduced":
      writer.uint(event.orderId).uint(event.leaves).uint(event.sequence);
      if (event.code !== Code.OK) writer.uint(event.code);
      break;
    case "amended":
      writer.uint(event.orderId).uint(event.price).uint(event.quantity).uint(event.leaves);
      writer.uint(event.stopPrice).uint(event.display).uint(event.sequence);
      break;
    case "repriced":
      writer.uint(event.orderId).uint(event.price).uint(event.sequence);
      break;
    case "ended":
      writer.uint(event.orderId).uint(event.leaves).uint(event.code).uint(event.sequence);
      break;
    case "refused":
      writer.uint(event.orderId).u8(event.request).uint(event.code).uint(event.sequence);
      break;
    default:
      assertNever(event);
  }
}

function tagOf(event: AccountEvent): number {
  if (event.kind === "opened" && event.parent !== undefined) return OPENED_UNDER_PARENT;
  if (event.kind === "opened" && event.limits) return OPENED_WITH_LIMITS;
  if (event.kind === "accepted") return tagOfAccepted(event);
  if (event.kind === "filled" && event.fee !== 0) return FILLED_WITH_FEE;
  if (event.kind === "reduced" && event.code !== Code.OK) return REDUCED_FOR;
  return TAGS[event.kind];
}

/** The events of a block's bytes. Throws `MalformedError`. */
export function decodeAccountEvents(bytes: Uint8Array): AccountEvent[] {
  const reader = new ByteReader(bytes);
  const events: AccountEvent[] = [];
  while (reader.remaining > 0) events.push(decodeEvent(reader));
  return events;
}

function decodeEvent(reader: ByteReader): AccountEvent {
  const tag = reader.u8();
  switch (tag) {
    case TAGS.opened:
      return { kind: "opened", origin: decodeOrigin(reader) };
    case OPENED_UNDER_PARENT:
      return { kind: "opened", origin: decodeOrigin(reader), parent: reader.uint() };
    case OPENED_WITH_LIMITS:
      return { kind: "opened", origin: decodeOrigin(reader), limits: decodeLimits(reader) };
    case TAGS.deposited: {
      const origin = decodeOrigin(reader);
      const asset = reader.uint();
      const amount = reader.uint();
      return {
        kind: "deposited",
        origin,
        asset,
        amount,
        key: reader.string(DEPOSIT_KEY_LENGTH_MAX),
      };
    }
    case TAGS.withdrawal: {
      const origin = decodeOrigin(reader);
      const asset = reader.uint();
      const amount = reader.uint();
      const key = reader.string(DEPOSIT_KEY_LENGTH_MAX);
      return { kind: "withdrawal", origin, asset, amount, key, status: reader.u8() };
    }
    case TAGS.transfer:
    case TAGS["transfer-ended"]:
    case TAGS["transfer-received"]:
      return decodeTransfer(tag, reader);
    case TAGS["account-state"]:
    case TAGS["account-group"]:
    case TAGS["account-tier"]:
    case TAGS["account-limits"]:
      return decodeStandingEvent(tag, reader);
    case TAGS.warning:
      return decodeWarning(reader);
    case TAGS.review:
    case TAGS.reviewed:
    case TAGS["review-limit"]:
      return decodeReviewEvent(tag, reader);
    case TAGS.accepted:
    case ACCEPTED_WITH_TERMS:
    case ACCEPTED_OF_PAIR:
      return decodeAccepted(tag, reader);
    case TAGS.rejected: {
      const origin = decodeOrigin(reader);
      const orderId = reader.uint();
      const clientOrderId = reader.string(CLIENT_ORDER_ID_LENGTH_MAX);
      return { kind: "rejected", origin, orderId, clientOrderId, code: reader.uint() };
    }
    case TAGS.requested: {
      const origin = decodeOrigin(reader);
      return {
        kind: "requested",
        origin,
        orderId: reader.uint(),
        request: reader.u8() as OrderRequest,
      };
    }
    case TAGS.voided: {
      const origin = decodeOrigin(reader);
      const orderId = reader.uint();
      return {
        kind: "voided",
        origin,
        orderId,
        clientOrderId: reader.string(CLIENT_ORDER_ID_LENGTH_MAX),
      };
    }
    case TAGS["cancel-all"]: {
      const origin = decodeOrigin(reader);
      const instrument = reader.uint();
      const side = reader.u8();
      return { kind: "cancel-all", origin, instrument, side, orders: reader.uint() };
    }
    default:
      return decodeMarketsWord(tag, reader);
  }
}

/** What a market's answer has led to. */
function decodeMarketsWord(tag: number, reader: ByteReader): AccountEvent {
  switch (tag) {
    case TAGS.rested:
      return decodeStanding("rested", reader);
    case TAGS.waiting:
      return decodeStanding("waiting", reader);
    case TAGS.triggered:
      return decodeStanding("triggered", reader);
    case TAGS.reduced:
    case REDUCED_FOR:
      return {
        kind: "reduced",
        orderId: reader.uint(),
        leaves: reader.uint(),
        sequence: reader.uint(),
        code: tag === REDUCED_FOR ? reader.uint() : Code.OK,
      };
    case TAGS.amended:
      return {
        kind: "amended",
        orderId: reader.uint(),
        price: reader.uint(),
        quantity: reader.uint(),
        leaves: reader.uint(),
        stopPrice: reader.uint(),
        display: reader.uint(),
        sequence: reader.uint(),
      };
    case TAGS.repriced: {
      const orderId = reader.uint();
      const price = reader.uint();
      return { kind: "repriced", orderId, price, sequence: reader.uint() };
    }
    case TAGS.fee: {
      const [orderId, tradeId, instrument] = [reader.uint(), reader.uint(), reader.uint()];
      const asset = reader.uint();
      return { kind: "fee", orderId, tradeId, instrument, asset, fee: reader.int() };
    }
    case TAGS.filled:
    case FILLED_WITH_FEE:
      return {
        kind: "filled",
        orderId: reader.uint(),
        tradeId: reader.uint(),
        instrument: reader.uint(),
        side: reader.u8() as Side,
        liquidity: reader.u8() as Liquidity,
        price: reader.uint(),
        quantity: reader.uint(),
        leaves: reader.uint(),
        sequence: reader.uint(),
        fee: tag === TAGS.filled ? 0 : reader.int(),
      };
    case TAGS.ended:
      return {
        kind: "ended",
        orderId: reader.uint(),
        leaves: reader.uint(),
        code: reader.uint(),
        sequence: reader.uint(),
      };
    case TAGS.refused:
      return {
        kind: "refused",
        orderId: reader.uint(),
        request: reader.u8() as OrderRequest,
        code: reader.uint(),
        sequence: reader.uint(),
      };
    default:
      throw new MalformedError(`account event ${tag} is not known`);
  }
}

function decodeTransfer(tag: number, reader: ByteReader): AccountEvent {
  const origin = tag === TAGS.transfer ? decodeOrigin(reader) : null;
  const [other, asset, amount] = [reader.uint(), reader.uint(), reader.uint()];
  const terms = { asset, amount, key: reader.string(DEPOSIT_KEY_LENGTH_MAX) };
  if (origin) return { kind: "transfer", origin, recipient: other, ...terms };
  if (tag === TAGS["transfer-received"]) {
    return { kind: "transfer-received", sender: other, ...terms };
  }
  return { kind: "transfer-ended", recipient: other, ...terms, code: reader.uint() };
}

function decodeStanding(
  kind: "rested" | "waiting" | "triggered",
  reader: ByteReader,
): AccountEvent {
  return { kind, orderId: reader.uint(), leaves: reader.uint(), sequence: reader.uint() };
}

/** The body of a shard's event frame: blocks, one after the other. Replies travel beside it. */
export function encodeBlocks(writer: ByteWriter, blocks: readonly JournalBlock[]): void {
  for (const block of blocks) {
    writer.uint(block.account).uint(block.first).uint(block.count).bytes(block.bytes);
  }
}

/** Throws `MalformedError`. */
export function decodeBlocks(body: Uint8Array): JournalBlock[] {
  const reader = new ByteReader(body);
  const blocks: JournalBlock[] = [];
  while (reader.remaining > 0) {
    const account = reader.uint();
    const first = reader.uint();
    const count = reader.uint();
    blocks.push({ account, first, count, bytes: reader.bytes() });
  }
  return blocks;
}
