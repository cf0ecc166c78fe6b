/**
 * Terms of an order that few have, behind one byte of flags that says which follow. Its lowest bit is all that there was of
 * it once: bytes of that time are read as they always were (R13).
 */
import { type ByteReader, type ByteWriter, MalformedError } from "./bytes.js";
import type { OrderTerms } from "./order-terms.js";

export type FlaggedTerms = Pick<OrderTerms, "postOnly" | "reprices" | "trail" | "minQuantity">;

const POST_ONLY = 1;
const REPRICES = 2;
const HAS_TRAIL = 4;
const HAS_MIN_QUANTITY = 8;
const ALL_FLAGS = 15;

export function encodeFlaggedTerms(writer: ByteWriter, terms: FlaggedTerms): void {
  const { postOnly, reprices, trail, minQuantity } = terms;
  writer.u8(
    (postOnly ? POST_ONLY : 0) |
      (reprices ? REPRICES : 0) |
      (trail === 0 ? 0 : HAS_TRAIL) |
      (minQuantity === 0 ? 0 : HAS_MIN_QUANTITY),
  );
  if (trail !== 0) writer.uint(trail);
  if (minQuantity !== 0) writer.uint(minQuantity);
}

/** Throws `MalformedError`. */
export function decodeFlaggedTerms(reader: ByteReader): FlaggedTerms {
  const flags = reader.u8();
  if (flags > ALL_FLAGS) throw new MalformedError(`flags ${flags} of an order`);
  return {
    postOnly: (flags & POST_ONLY) !== 0,
    reprices: (flags & REPRICES) !== 0,
    trail: (flags & HAS_TRAIL) === 0 ? 0 : reader.uint(),
    minQuantity: (flags & HAS_MIN_QUANTITY) === 0 ? 0 : reader.uint(),
  };
}
