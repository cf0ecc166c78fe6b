/**
 * What operators say about one account, through a gateway's slot as clients do. They were commands among those of clients
 * first: their tags lie between those, and new ones begin at `OPERATOR_TAG_MIN`.
 */
import { assertNever } from "../kernel/assert.js";
import { type ByteReader, type ByteWriter, MalformedError } from "../kernel/bytes.js";
import { DEPOSIT_KEY_LENGTH_MAX } from "../kernel/limits.js";
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
    } & Limits);

const DECIDE_WITHDRAWAL = 11;
const SET_ACCOUNT = 12;
const SET_LIMITS = 14;
const SET_GROUP = 15;
/** Above those of clients, markets and shards (`messages.ts`). */
export const OPERATOR_TAG_MIN = 48;
const SET_TIER = 48;

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
    default:
      throw new MalformedError(`ledger command ${tag} is not known`);
  }
}
