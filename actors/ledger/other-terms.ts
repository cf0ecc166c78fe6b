/** The terms that a plain order does not have: in commands, events and orders alike. */
import type { ByteReader, ByteWriter } from "../kernel/bytes.js";
import {
  decodeFlaggedTerms,
  encodeFlaggedTerms,
  type FlaggedTerms,
} from "../kernel/flagged-terms.js";
import { SelfTrade } from "../kernel/order.js";

export interface OtherTerms extends FlaggedTerms {
  /** 0: it is no stop. */
  readonly stopPrice: number;
  /** What an iceberg shows at most; 0: all of it. */
  readonly display: number;
  /** Microseconds since 1970; 0: it does not expire at a time. */
  readonly expires: number;
  readonly selfTrade: number;
}

export const NO_OTHER_TERMS: OtherTerms = {
  stopPrice: 0,
  display: 0,
  expires: 0,
  selfTrade: SelfTrade.Allow,
  postOnly: false,
  reprices: false,
  trail: 0,
  minQuantity: 0,
};

export function hasOtherTerms(terms: OtherTerms): boolean {
  const { stopPrice, display, expires, selfTrade, postOnly } = terms;
  if (stopPrice !== 0 || display !== 0 || expires !== 0 || selfTrade !== 0) return true;
  return postOnly || terms.reprices || terms.trail !== 0 || terms.minQuantity !== 0;
}

export function encodeOtherTerms(writer: ByteWriter, terms: OtherTerms): void {
  writer.uint(terms.stopPrice).uint(terms.display).uint(terms.expires).u8(terms.selfTrade);
  encodeFlaggedTerms(writer, terms);
}

/** Throws `MalformedError`. */
export function decodeOtherTerms(reader: ByteReader): OtherTerms {
  const stopPrice = reader.uint();
  const display = reader.uint();
  const expires = reader.uint();
  const selfTrade = reader.u8();
  // Written out: to spread objects of this size costs as much as all the rest of an order.
  const { postOnly, reprices, trail, minQuantity } = decodeFlaggedTerms(reader);
  return { stopPrice, display, expires, selfTrade, postOnly, reprices, trail, minQuantity };
}
