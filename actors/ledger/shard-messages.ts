/** What ledger shards say to each other: a transfer's amount on its way to an account of another shard, and what became of it. */
import { assertNever } from "../kernel/assert.js";
import { type ByteReader, type ByteWriter, MalformedError } from "../kernel/bytes.js";
import { DEPOSIT_KEY_LENGTH_MAX } from "../kernel/limits.js";

export type ShardMessage =
  /** Give this to an account of yours: it has left the sender's. */
  | {
      readonly kind: "credit";
      readonly sender: number;
      readonly key: string;
      readonly recipient: number;
      readonly asset: number;
      readonly amount: number;
    }
  /** It was given (`OK`), or why not. */
  | {
      readonly kind: "credited";
      readonly sender: number;
      readonly key: string;
      readonly code: number;
    };

const CREDIT = 40;
const CREDITED = 41;

export function encodeShardMessage(writer: ByteWriter, message: ShardMessage): void {
  switch (message.kind) {
    case "credit":
      writer.u8(CREDIT).uint(message.sender).string(message.key);
      writer.uint(message.recipient).uint(message.asset).uint(message.amount);
      break;
    case "credited":
      writer.u8(CREDITED).uint(message.sender).string(message.key).uint(message.code);
      break;
    default:
      assertNever(message);
  }
}

/** Throws `MalformedError`. */
export function decodeShardMessage(tag: number, reader: ByteReader): ShardMessage {
  const sender = reader.uint();
  const key = reader.string(DEPOSIT_KEY_LENGTH_MAX);
  switch (tag) {
    case CREDIT: {
      const [recipient, asset] = [reader.uint(), reader.uint()];
      return { kind: "credit", sender, key, recipient, asset, amount: reader.uint() };
    }
    case CREDITED:
      return { kind: "credited", sender, key, code: reader.uint() };
    default:
      throw new MalformedError(`ledger command ${tag} is not known`);
  }
}
