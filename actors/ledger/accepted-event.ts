/** The event of an accepted order, as the journal has it: plain, with other terms, or one of a pair. */
import type { ByteReader, ByteWriter } from "../kernel/bytes.js";
import { CLIENT_ORDER_ID_LENGTH_MAX } from "../kernel/limits.js";
import type { Side } from "../kernel/order.js";
import type { AccountEvent } from "./account-event.js";
import { decodeOrigin, encodeOrigin } from "./origin.js";
import {
  decodeOtherTerms,
  encodeOtherTerms,
  hasOtherTerms,
  NO_OTHER_TERMS,
} from "./other-terms.js";

type Accepted = Extract<AccountEvent, { readonly kind: "accepted" }>;

export const ACCEPTED = 3;
export const ACCEPTED_WITH_TERMS = 12;
export const ACCEPTED_OF_PAIR = 18;

export function tagOfAccepted(event: Accepted): number {
  if (event.pair !== 0) return ACCEPTED_OF_PAIR;
  return hasOtherTerms(event) ? ACCEPTED_WITH_TERMS : ACCEPTED;
}

export function encodeAccepted(writer: ByteWriter, event: Accepted): void {
  encodeOrigin(writer, event.origin);
  writer.uint(event.orderId).string(event.clientOrderId).uint(event.instrument);
  writer.u8(event.side).u8(event.type).u8(event.timeInForce);
  writer.uint(event.price).uint(event.quantity);
  if (event.pair !== 0 || hasOtherTerms(event)) encodeOtherTerms(writer, event);
  if (event.pair !== 0) writer.uint(event.pair);
}

export function decodeAccepted(tag: number, reader: ByteReader): Accepted {
  const origin = decodeOrigin(reader);
  const orderId = reader.uint();
  const clientOrderId = reader.string(CLIENT_ORDER_ID_LENGTH_MAX);
  const instrument = reader.uint();
  const side = reader.u8() as Side;
  const type = reader.u8();
  const timeInForce = reader.u8();
  const price = reader.uint();
  const quantity = reader.uint();
  const terms = tag === ACCEPTED ? NO_OTHER_TERMS : decodeOtherTerms(reader);
  const { stopPrice, display, expires, selfTrade, postOnly, reprices, trail, minQuantity } = terms;
  // Written out: to spread the terms costs as much as all the rest.
  return {
    kind: "accepted",
    origin,
    orderId,
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
    pair: tag === ACCEPTED_OF_PAIR ? reader.uint() : 0,
  };
}
