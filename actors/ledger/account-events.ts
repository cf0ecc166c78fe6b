/**
 * What an account is told: its journal, one gapless sequence per account (R9). The same bytes are stored in the
 * journal's rows and sent in the shard's event frames, encoded once.
 *
 * An event that answers a client's command names it by its origin (slot, the slot's token, number), so a gateway that
 * missed the frame finds its answer in the journal. Answers that take no number in a sequence (a repeated client
 * order id, an unknown account) are `Reply`s.
 */
import { assertNever } from "../kernel/assert.js";
import { ByteReader, ByteWriter, MalformedError } from "../kernel/bytes.js";
import { CLIENT_ORDER_ID_LENGTH_MAX, DEPOSIT_KEY_LENGTH_MAX } from "../kernel/limits.js";
import type { Liquidity, OrderRequest, Side } from "../kernel/order.js";

/** The command an event answers. `slot` is positive. */
export interface Origin {
  readonly slot: number;
  readonly token: number;
  readonly number: number;
}

export type AccountEvent =
  | { readonly kind: "opened"; readonly origin: Origin }
  | {
      readonly kind: "deposited";
      readonly origin: Origin;
      readonly asset: number;
      readonly amount: number;
      readonly key: string;
    }
  /** Checked, held for, durable, on its way to the market. */
  | {
      readonly kind: "accepted";
      readonly origin: Origin;
      readonly orderId: number;
      readonly clientOrderId: string;
      readonly instrument: number;
      readonly side: Side;
      readonly type: number;
      readonly timeInForce: number;
      /** For a market order: the limit that was held at. */
      readonly price: number;
      readonly quantity: number;
    }
  /** A first answer only; the client order id stays used. `orderId` names the record of the rejection. */
  | {
      readonly kind: "rejected";
      readonly origin: Origin;
      readonly orderId: number;
      readonly clientOrderId: string;
      readonly code: number;
    }
  /** A cancel or reduce was passed on to the market. */
  | {
      readonly kind: "requested";
      readonly origin: Origin;
      readonly orderId: number;
      readonly request: OrderRequest;
    }
  /** The client order id was never seen before and can never execute now. */
  | {
      readonly kind: "voided";
      readonly origin: Origin;
      readonly orderId: number;
      readonly clientOrderId: string;
    }
  | {
      readonly kind: "rested";
      readonly orderId: number;
      readonly leaves: number;
      readonly sequence: number;
    }
  | FilledEvent
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
  | {
      readonly kind: "refused";
      readonly orderId: number;
      readonly request: OrderRequest;
      readonly code: number;
      readonly sequence: number;
    };

/** The money has moved when this is seen. `sequence` is the market's. */
export interface FilledEvent {
  readonly kind: "filled";
  readonly orderId: number;
  readonly tradeId: number;
  readonly instrument: number;
  readonly side: Side;
  readonly liquidity: Liquidity;
  readonly price: number;
  readonly quantity: number;
  readonly leaves: number;
  readonly sequence: number;
}

/** An answer outside any account's sequence. `code` 0: the first answer was acceptance of `orderId`. */
export interface Reply {
  readonly origin: Origin;
  readonly account: number;
  readonly code: number;
  /** The order the command was about, or 0. */
  readonly orderId: number;
  /** Is this the first answer given again (a repeat), and not a new one? */
  readonly repeated: boolean;
}

/** The events of one account in one batch, in order, from its number `first` on. */
export interface JournalBlock {
  readonly account: number;
  readonly first: number;
  readonly count: number;
  readonly bytes: Uint8Array;
}

const TAGS = {
  opened: 1,
  deposited: 2,
  accepted: 3,
  rejected: 4,
  requested: 5,
  voided: 6,
  rested: 7,
  filled: 8,
  ended: 9,
  reduced: 10,
  refused: 11,
} as const;

export function encodeAccountEvent(writer: ByteWriter, event: AccountEvent): void {
  writer.u8(TAGS[event.kind]);
  switch (event.kind) {
    case "opened":
      encodeOrigin(writer, event.origin);
      break;
    case "deposited":
      encodeOrigin(writer, event.origin);
      writer.uint(event.asset).uint(event.amount).string(event.key);
      break;
    case "accepted":
      encodeOrigin(writer, event.origin);
      writer.uint(event.orderId).string(event.clientOrderId).uint(event.instrument);
      writer.u8(event.side).u8(event.type).u8(event.timeInForce);
      writer.uint(event.price).uint(event.quantity);
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
    case "filled":
      writer.uint(event.orderId).uint(event.tradeId).uint(event.instrument);
      writer.u8(event.side).u8(event.liquidity);
      writer.uint(event.price).uint(event.quantity).uint(event.leaves).uint(event.sequence);
      break;
    case "rested":
    case "reduced":
      writer.uint(event.orderId).uint(event.leaves).uint(event.sequence);
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
    case TAGS.accepted:
      return {
        kind: "accepted",
        origin: decodeOrigin(reader),
        orderId: reader.uint(),
        clientOrderId: reader.string(CLIENT_ORDER_ID_LENGTH_MAX),
        instrument: reader.uint(),
        side: reader.u8() as Side,
        type: reader.u8(),
        timeInForce: reader.u8(),
        price: reader.uint(),
        quantity: reader.uint(),
      };
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
    case TAGS.rested:
      return {
        kind: "rested",
        orderId: reader.uint(),
        leaves: reader.uint(),
        sequence: reader.uint(),
      };
    case TAGS.filled:
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
      };
    case TAGS.ended:
      return {
        kind: "ended",
        orderId: reader.uint(),
        leaves: reader.uint(),
        code: reader.uint(),
        sequence: reader.uint(),
      };
    case TAGS.reduced:
      return {
        kind: "reduced",
        orderId: reader.uint(),
        leaves: reader.uint(),
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

function encodeOrigin(writer: ByteWriter, origin: Origin): void {
  writer.uint(origin.slot).uint(origin.token).uint(origin.number);
}

function decodeOrigin(reader: ByteReader): Origin {
  return { slot: reader.uint(), token: reader.uint(), number: reader.uint() };
}

export function encodeReply(writer: ByteWriter, reply: Reply): void {
  encodeOrigin(writer, reply.origin);
  writer
    .uint(reply.account)
    .uint(reply.code)
    .uint(reply.orderId)
    .u8(reply.repeated ? 1 : 0);
}

/** Throws `MalformedError`. */
export function decodeReplies(bytes: Uint8Array): Reply[] {
  const reader = new ByteReader(bytes);
  const replies: Reply[] = [];
  while (reader.remaining > 0) {
    const origin = decodeOrigin(reader);
    const account = reader.uint();
    const code = reader.uint();
    const orderId = reader.uint();
    replies.push({ origin, account, code, orderId, repeated: reader.u8() === 1 });
  }
  return replies;
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
