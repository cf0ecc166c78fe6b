/**
 * The body of a market's event frame: what the market did, in the order of its sequence. Each command it applied has
 * one number of the market's sequence; the events behind it carry that number.
 */
import { ByteReader, ByteWriter, MalformedError } from "../kernel/bytes.js";
import { isOneOf, Side } from "../kernel/order.js";

export type MarketEvent =
  | {
      readonly kind: "trade";
      readonly sequence: number;
      readonly tradeId: number;
      readonly price: number;
      readonly quantity: number;
      readonly takerSide: Side;
    }
  /** A level's quantity is now this; zero: the level is gone. */
  | {
      readonly kind: "depth";
      readonly sequence: number;
      readonly side: Side;
      readonly price: number;
      readonly quantity: number;
    };

const TRADE = 1;
const DEPTH = 2;

export function encodeMarketEvent(writer: ByteWriter, event: MarketEvent): void {
  writer.u8(event.kind === "trade" ? TRADE : DEPTH).uint(event.sequence);
  if (event.kind === "trade") {
    writer.uint(event.tradeId).uint(event.price).uint(event.quantity).u8(event.takerSide);
  } else {
    writer.u8(event.side).uint(event.price).uint(event.quantity);
  }
}

/** All events of a body. Throws `MalformedError`. */
export function decodeMarketEvents(body: Uint8Array): MarketEvent[] {
  const reader = new ByteReader(body);
  const events: MarketEvent[] = [];
  while (reader.remaining > 0) events.push(decodeEvent(reader));
  return events;
}

function decodeEvent(reader: ByteReader): MarketEvent {
  const tag = reader.u8();
  const sequence = reader.uint();
  if (tag === TRADE) {
    const tradeId = reader.uint();
    const price = reader.uint();
    const quantity = reader.uint();
    return { kind: "trade", sequence, tradeId, price, quantity, takerSide: sideOf(reader.u8()) };
  }
  if (tag !== DEPTH) throw new MalformedError(`market event ${tag} is not known`);
  const side = sideOf(reader.u8());
  return { kind: "depth", sequence, side, price: reader.uint(), quantity: reader.uint() };
}

function sideOf(value: number): Side {
  if (!isOneOf(Side, value)) throw new MalformedError(`side ${value}`);
  return value;
}
