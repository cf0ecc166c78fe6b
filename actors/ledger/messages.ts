/** The commands of a ledger shard's inbox: what clients ask through a gateway's slot, what markets answer, what other shards say. */
import { ByteReader, ByteWriter } from "../kernel/bytes.js";
import { type ClientCommand, decodeClientCommand, encodeClientCommand } from "./client-commands.js";
import { decodeMarketAnswer, encodeMarketAnswer, type MarketAnswer } from "./market-answers.js";
import { OPERATOR_TAG_MIN } from "./operator-commands.js";
import { decodeShardMessage, encodeShardMessage, type ShardMessage } from "./shard-messages.js";

export type {
  AmendOrder,
  CancelAll,
  ClientCommand,
  NewOrder,
  PlaceOrder,
  PlacePair,
} from "./client-commands.js";
export { NO_NEW_TERMS } from "./client-commands.js";
export type { MarketAnswer, TradeReport } from "./market-answers.js";
export { NO_OTHER_TERMS, type OtherTerms } from "./other-terms.js";
export type { ShardMessage } from "./shard-messages.js";

export type LedgerCommand = ClientCommand | MarketAnswer | ShardMessage;

/** The commands of clients have tags below this, then come the answers of markets, what shards say, and more of operators. */
const MARKET_TAG_MIN = 16;
const SHARD_TAG_MIN = 40;

/** One buffer for all commands: a market encodes several answers for each command it takes. */
const writer = new ByteWriter(96);

export function encodeLedgerCommand(command: LedgerCommand): Uint8Array {
  writer.reset();
  if (isFromClient(command)) encodeClientCommand(writer, command);
  else if (isFromShard(command)) encodeShardMessage(writer, command);
  else encodeMarketAnswer(writer, command);
  return writer.take();
}

/** Throws `MalformedError`. */
export function decodeLedgerCommand(payload: Uint8Array): LedgerCommand {
  const reader = new ByteReader(payload);
  const tag = reader.u8();
  const command = decodeTagged(tag, reader);
  reader.end();
  return command;
}

function decodeTagged(tag: number, reader: ByteReader): LedgerCommand {
  if (tag < MARKET_TAG_MIN || tag >= OPERATOR_TAG_MIN) return decodeClientCommand(tag, reader);
  return tag < SHARD_TAG_MIN ? decodeMarketAnswer(tag, reader) : decodeShardMessage(tag, reader);
}

export function isFromClient(command: LedgerCommand): command is ClientCommand {
  return "deadline" in command;
}

function isFromShard(command: LedgerCommand): command is ShardMessage {
  return "sender" in command;
}
