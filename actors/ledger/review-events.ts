/** What an account is told of reviews: above which values its orders are held for one, that one is, and what an operator has said. */
import { assertNever } from "../kernel/assert.js";
import { type ByteReader, type ByteWriter, MalformedError } from "../kernel/bytes.js";
import type { Origin } from "./account-event.js";
import { flagIn } from "./operator-commands.js";
import { decodeOrigin, encodeOrigin } from "./origin.js";

export type ReviewEvent =
  /** The order is held for review, and ends when nobody has decided by this time (microseconds since 1970). */
  | { readonly kind: "review"; readonly orderId: number; readonly until: number }
  /** Approved, it is on its way to the market; refused, it ends next. */
  | {
      readonly kind: "reviewed";
      readonly origin: Origin;
      readonly orderId: number;
      readonly isApproved: boolean;
    }
  /** In units of the asset; 0: none is held. */
  | {
      readonly kind: "review-limit";
      readonly origin: Origin;
      readonly asset: number;
      readonly value: number;
    };

/** Among those of all account events. */
export const REVIEW_TAGS = { review: 33, reviewed: 34, "review-limit": 35 } as const;

/** After its tag. */
export function encodeReviewEvent(writer: ByteWriter, event: ReviewEvent): void {
  switch (event.kind) {
    case "review":
      writer.uint(event.orderId).uint(event.until);
      break;
    case "reviewed":
      encodeOrigin(writer, event.origin);
      writer.uint(event.orderId).u8(event.isApproved ? 1 : 0);
      break;
    case "review-limit":
      encodeOrigin(writer, event.origin);
      writer.uint(event.asset).uint(event.value);
      break;
    default:
      assertNever(event);
  }
}

/** Throws `MalformedError`. */
export function decodeReviewEvent(tag: number, reader: ByteReader): ReviewEvent {
  switch (tag) {
    case REVIEW_TAGS.review: {
      const orderId = reader.uint();
      return { kind: "review", orderId, until: reader.uint() };
    }
    case REVIEW_TAGS.reviewed: {
      const origin = decodeOrigin(reader);
      const orderId = reader.uint();
      return { kind: "reviewed", origin, orderId, isApproved: flagIn(reader) };
    }
    case REVIEW_TAGS["review-limit"]: {
      const origin = decodeOrigin(reader);
      const asset = reader.uint();
      return { kind: "review-limit", origin, asset, value: reader.uint() };
    }
    default:
      throw new MalformedError(`account event ${tag} is not known`);
  }
}
