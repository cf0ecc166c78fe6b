/** The terms that a plain order does not have: in commands, events and orders alike. */
import type { ByteWriter } from "../kernel/bytes.js";
import { SelfTrade } from "../kernel/order.js";

export interface OtherTerms {
  /** 0: it is no stop. */
  readonly stopPrice: number;
  /** What an iceberg shows at most; 0: all of it. */
  readonly display: number;
  /** Microseconds since 1970; 0: it does not expire at a time. */
  readonly expires: number;
  readonly selfTrade: number;
  readonly postOnly: boolean;
}

export const NO_OTHER_TERMS: OtherTerms = {
  stopPrice: 0,
  display: 0,
  expires: 0,
  selfTrade: SelfTrade.Allow,
  postOnly: false,
};

export function hasOtherTerms(terms: OtherTerms): boolean {
  const { stopPrice, display, expires, selfTrade, postOnly } = terms;
  return stopPrice !== 0 || display !== 0 || expires !== 0 || selfTrade !== 0 || postOnly;
}

export function encodeOtherTerms(writer: ByteWriter, terms: OtherTerms): void {
  writer.uint(terms.stopPrice).uint(terms.display).uint(terms.expires);
  writer.u8(terms.selfTrade).u8(terms.postOnly ? 1 : 0);
}
