/**
 * What operators say about one account, through a gateway's slot as clients do. They were commands among those of clients
 * first: their tags lie between those, and new ones begin at `OPERATOR_TAG_MIN`.
 */
import { assertNever } from "../kernel/assert.js";
import { type ByteReader, type ByteWriter, MalformedError } from "../kernel/bytes.js";
import { CLIENT_ORDER_ID_LENGTH_MAX, DEPOSIT_KEY_LENGTH_MAX } from "../kernel/limits.js";
import { decodeLimits, encodeLimits, type Limits } from "./limit-terms.js";

export type OperatorCommand =
  /** On a withdrawal: the status that it is to have. */
  | {
      readonly kind: "decide-withdrawal";
      readonly account: number;
      readonly deadline: number;
      readonly key: string;
      readonly decision: number;
    }
  /** On what an account may do (`account-state.ts`). */
  | {
      readonly kind: "set-account";
      readonly account: number;
      readonly deadline: number;
      readonly state: number;
    }
  /** On which group an account is in; 0: in none. */
  | {
      readonly kind: "set-group";
      readonly account: number;
      readonly deadline: number;
      readonly group: number;
    }
  /**
   * On which tier an account is of, and so on the fees of its orders from then on, and on how much it may ask for: what the tier's
   * limits are is said with it. An account with limits of its own keeps those, but if they are reset.
   */
  | {
      readonly kind: "set-tier";
      readonly account: number;
      readonly deadline: number;
      readonly tier: number;
      readonly limits: Limits;
      readonly resetsLimits: boolean;
    }
  /** On how much an account may ask for (`account-limits.ts`). */
  | ({
      readonly kind: "set-limits";
      readonly account: number;
      readonly deadline: number;
    } & Limits)
  /** On above which value an order has to be looked at, in an asset that orders are quoted in (`review-limits.ts`); 0: none has. */
  | {
      readonly kind: "set-review-limit";
      readonly account: number;
      readonly deadline: number;
      readonly asset: number;
      readonly value: number;
    }
  /** On an order that is held for review. It is named by its id, or (orderId 0) by its client order id. */
  | {
      readonly kind: "decide-review";
      readonly account: number;
      readonly deadline: number;
      readonly orderId: number;
      readonly clientOrderId: string;
      readonly isApproved: boolean;
    };

const DECIDE_WITHDRAWAL = 11;
const SET_ACCOUNT = 12;
const SET_LIMITS = 14;
const SET_GROUP = 15;
/** Above those of clients, markets and shards (`messages.ts`). */
export const OPERATOR_TAG_MIN = 48;
const SET_TIER = 48;
const DECIDE_REVIEW = 52;
const SET_REVIEW_LIMIT = 53;

export function encodeOperatorCommand(writer: ByteWriter, command: OperatorCommand): void {
  const { account, deadline } = command;
  switch (command.kind) {
    case "decide-withdrawal":
      writer.u8(DECIDE_WITHDRAWAL).uint(account).uint(deadline);
      writer.string(command.key).u8(command.decision);
      break;
    case "set-account":
      writer.u8(SET_ACCOUNT).uint(account).uint(deadline).u8(command.state);
      break;
    case "set-group":
      writer.u8(SET_GROUP).uint(account).uint(deadline).uint(command.group);
      break;
    case "set-tier":
      writer.u8(SET_TIER).uint(account).uint(deadline).uint(command.tier);
      encodeLimits(writer, command.limits);
      writer.u8(command.resetsLimits ? 1 : 0);
      break;
    case "set-limits":
      writer.u8(SET_LIMITS).uint(account).uint(deadline);
      encodeLimits(writer, command);
      break;
    case "set-review-limit":
      writer.u8(SET_REVIEW_LIMIT).uint(account).uint(deadline);
      writer.uint(command.asset).uint(command.value);
      break;
    case "decide-review":
      writer.u8(DECIDE_REVIEW).uint(account).uint(deadline);
      writer.uint(command.orderId).string(command.clientOrderId);
      writer.u8(command.isApproved ? 1 : 0);
      break;
    default:
      assertNever(command);
  }
}

/** After its account and deadline. Throws `MalformedError`. */
export function decodeOperatorCommand(
  tag: number,
  account: number,
  deadline: number,
  reader: ByteReader,
): OperatorCommand {
  switch (tag) {
    case DECIDE_WITHDRAWAL: {
      const key = reader.string(DEPOSIT_KEY_LENGTH_MAX);
      return { kind: "decide-withdrawal", account, deadline, key, decision: reader.u8() };
    }
    case SET_ACCOUNT:
      return { kind: "set-account", account, deadline, state: reader.u8() };
    case SET_GROUP:
      return { kind: "set-group", account, deadline, group: reader.uint() };
    case SET_TIER:
      return {
        kind: "set-tier",
        account,
        deadline,
        tier: reader.uint(),
        limits: decodeLimits(reader),
        resetsLimits: reader.u8() === 1,
      };
    case SET_LIMITS:
      return { kind: "set-limits", account, deadline, ...decodeLimits(reader) };
    case SET_REVIEW_LIMIT: {
      const asset = reader.uint();
      return { kind: "set-review-limit", account, deadline, asset, value: reader.uint() };
    }
    case DECIDE_REVIEW: {
      const orderId = reader.uint();
      const clientOrderId = reader.string(CLIENT_ORDER_ID_LENGTH_MAX);
      const name = { orderId, clientOrderId };
      return { kind: "decide-review", account, deadline, ...name, isApproved: flagIn(reader) };
    }
    default:
      throw new MalformedError(`ledger command ${tag} is not known`);
  }
}

/** Throws `MalformedError`. */
export function flagIn(reader: ByteReader): boolean {
  const value = reader.u8();
  if (value > 1) throw new MalformedError(`${value} is neither yes nor no`);
  return value === 1;
}
