/** The commands of a market's inbox. Prices and quantities are in the instrument's units. */
import { assertNever } from "../kernel/assert.js";
import { ByteReader, ByteWriter, MalformedError } from "../kernel/bytes.js";
import { decodeInstrument, encodeInstrument, type Instrument } from "../kernel/instrument.js";
import { isOneOf, Side, TimeInForce } from "../kernel/order.js";

export type MarketCommand =
  /** Lists or changes the instrument; from an operator through a gateway's slot. */
  | { readonly kind: "list"; readonly instrument: Instrument; readonly shards: number }
  | EnterOrder
  | { readonly kind: "cancel"; readonly orderId: number }
  /** Leaves at most this quantity open; priority is kept. */
  | { readonly kind: "reduce"; readonly orderId: number; readonly leaves: number };

/** A new order. A market order arrives as an immediate one with the limit its ledger held at. */
export interface EnterOrder {
  readonly kind: "enter";
  readonly orderId: number;
  readonly account: number;
  readonly side: Side;
  readonly timeInForce: TimeInForce;
  readonly price: number;
  readonly quantity: number;
}

const LIST = 1;
const ENTER = 2;
const CANCEL = 3;
const REDUCE = 4;

/** One buffer for all commands: a ledger shard encodes one for nearly every command it takes. */
const writer = new ByteWriter(64);

export function encodeMarketCommand(command: MarketCommand): Uint8Array {
  writer.reset();
  switch (command.kind) {
    case "list":
      encodeInstrument(writer.u8(LIST), command.instrument);
      writer.uint(command.shards);
      break;
    case "enter":
      writer.u8(ENTER).uint(command.orderId).uint(command.account);
      writer.u8(command.side).u8(command.timeInForce).uint(command.price).uint(command.quantity);
      break;
    case "cancel":
      writer.u8(CANCEL).uint(command.orderId);
      break;
    case "reduce":
      writer.u8(REDUCE).uint(command.orderId).uint(command.leaves);
      break;
    default:
      assertNever(command);
  }
  return writer.take();
}

/** Throws `MalformedError`. */
export function decodeMarketCommand(payload: Uint8Array): MarketCommand {
  const reader = new ByteReader(payload);
  const command = decodeBody(reader);
  reader.end();
  return command;
}

function decodeBody(reader: ByteReader): MarketCommand {
  const tag = reader.u8();
  switch (tag) {
    case LIST:
      return { kind: "list", instrument: decodeInstrument(reader), shards: reader.uint() };
    case ENTER: {
      const orderId = reader.uint();
      const account = reader.uint();
      const side = reader.u8();
      const timeInForce = reader.u8();
      if (!isOneOf(Side, side)) throw new MalformedError(`side ${side}`);
      if (!isOneOf(TimeInForce, timeInForce))
        throw new MalformedError(`time in force ${timeInForce}`);
      const price = reader.uint();
      const quantity = reader.uint();
      return { kind: "enter", orderId, account, side, timeInForce, price, quantity };
    }
    case CANCEL:
      return { kind: "cancel", orderId: reader.uint() };
    case REDUCE:
      return { kind: "reduce", orderId: reader.uint(), leaves: reader.uint() };
    default:
      throw new MalformedError(`market command ${tag} is not known`);
  }
}
