/** The commands of a ledger shard's inbox: what clients ask through a gateway's slot, and what markets answer. */
import { ByteReader, ByteWriter } from "../kernel/bytes.js";
import { type ClientCommand, decodeClientCommand, encodeClientCommand } from "./client-commands.js";
import { decodeMarketAnswer, encodeMarketAnswer, type MarketAnswer } from "./market-answers.js";

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

export type LedgerCommand = ClientCommand | MarketAnswer;

/** The commands of clients have tags below this, the answers of markets from here on. */
const MARKET_TAG_MIN = 16;

/** One buffer for all commands: a market encodes several answers for each command it takes. */
const writer = new ByteWriter(96);

export function encodeLedgerCommand(command: LedgerCommand): Uint8Array {
  writer.reset();
  if (isFromClient(command)) encodeClientCommand(writer, command);
  else encodeMarketAnswer(writer, command);
  return writer.take();
}

/** Throws `MalformedError`. */
export function decodeLedgerCommand(payload: Uint8Array): LedgerCommand {
  const reader = new ByteReader(payload);
  const tag = reader.u8();
  const command =
    tag < MARKET_TAG_MIN ? decodeClientCommand(tag, reader) : decodeMarketAnswer(tag, reader);
  reader.end();
  return command;
}

export function isFromClient(command: LedgerCommand): command is ClientCommand {
  return "deadline" in command;
}
