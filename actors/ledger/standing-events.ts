/** What an account is told of its own standing: what operators have set for it, from now on. */
import { assertNever } from "../kernel/assert.js";
import { type ByteReader, type ByteWriter, MalformedError } from "../kernel/bytes.js";
import type { Origin } from "./account-event.js";
import { decodeLimits, encodeLimits, type Limits } from "./limit-terms.js";
import { decodeOrigin, encodeOrigin } from "./origin.js";

export type StandingEvent =
  /** What the account may do (`account-state.ts`). */
  | { readonly kind: "account-state"; readonly origin: Origin; readonly state: number }
  /** Which group the account is in; 0: in none. */
  | { readonly kind: "account-group"; readonly origin: Origin; readonly group: number }
  /** Of which tier the account is, and how much it may ask for, by that or by limits of its own. */
  | {
      readonly kind: "account-tier";
      readonly origin: Origin;
      readonly tier: number;
      readonly limits: Limits;
    }
  /** How much the account may ask for (`account-limits.ts`). */
  | ({ readonly kind: "account-limits"; readonly origin: Origin } & Limits);

/** Among those of all account events. */
export const STANDING_TAGS = {
  "account-state": 21,
  "account-limits": 27,
  "account-group": 28,
  "account-tier": 29,
} as const;

/** After its tag. */
export function encodeStandingEvent(writer: ByteWriter, event: StandingEvent): void {
  encodeOrigin(writer, event.origin);
  switch (event.kind) {
    case "account-state":
      writer.u8(event.state);
      break;
    case "account-group":
      writer.uint(event.group);
      break;
    case "account-tier":
      writer.uint(event.tier);
      encodeLimits(writer, event.limits);
      break;
    case "account-limits":
      encodeLimits(writer, event);
      break;
    default:
      assertNever(event);
  }
}

/** Throws `MalformedError`. */
export function decodeStandingEvent(tag: number, reader: ByteReader): StandingEvent {
  const origin = decodeOrigin(reader);
  switch (tag) {
    case STANDING_TAGS["account-state"]:
      return { kind: "account-state", origin, state: reader.u8() };
    case STANDING_TAGS["account-group"]:
      return { kind: "account-group", origin, group: reader.uint() };
    case STANDING_TAGS["account-tier"]:
      return { kind: "account-tier", origin, tier: reader.uint(), limits: decodeLimits(reader) };
    case STANDING_TAGS["account-limits"]:
      return { kind: "account-limits", origin, ...decodeLimits(reader) };
    default:
      throw new MalformedError(`account event ${tag} is not known`);
  }
}
