/**
 * The body of a market's event frame: what the market did, in the order of its sequence. Each command it applied, and each
 * thing that happened because of the time alone, has one number of that sequence; the events behind it carry that number.
 */
import { ByteReader, ByteWriter, MalformedError } from "../kernel/bytes.js";
import { isOneOf, Side } from "../kernel/order.js";
import { phaseOf } from "./market-state.js";
import type { Phase } from "./phase.js";

export type MarketEvent =
  | {
      readonly kind: "trade";
      readonly sequence: number;
      readonly tradeId: number;
      readonly price: number;
      readonly quantity: number;
      readonly takerSide: Side;
    }
  /** What a level shows is now this; zero: the level is gone. */
  | {
      readonly kind: "depth";
      readonly sequence: number;
      readonly side: Side;
      readonly price: number;
      readonly quantity: number;
    }
  /** `until`: when the phase ends by itself, in microseconds since 1970; 0: it does not. */
  | {
      readonly kind: "phase";
      readonly sequence: number;
      readonly phase: Phase;
      readonly until: number;
      readonly code: number;
    }
  /** What an uncross would give now; 0, 0, 0: nothing. A surplus of sellers is negative. */
  | {
      readonly kind: "indicative";
      readonly sequence: number;
      readonly price: number;
      readonly volume: number;
      readonly surplus: number;
    };

const TRADE = 1;
const DEPTH = 2;
const PHASE = 3;
const INDICATIVE = 4;

export function encodeMarketEvent(writer: ByteWriter, event: MarketEvent): void {
  switch (event.kind) {
    case "trade":
      writer.u8(TRADE).uint(event.sequence).uint(event.tradeId);
      writer.uint(event.price).uint(event.quantity).u8(event.takerSide);
      break;
    case "depth":
      writer.u8(DEPTH).uint(event.sequence);
      writer.u8(event.side).uint(event.price).uint(event.quantity);
      break;
    case "phase":
      writer.u8(PHASE).uint(event.sequence);
      writer.u8(event.phase).uint(event.until).uint(event.code);
      break;
    default:
      writer.u8(INDICATIVE).uint(event.sequence);
      writer.uint(event.price).uint(event.volume).int(event.surplus);
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
  switch (tag) {
    case TRADE: {
      const tradeId = reader.uint();
      const price = reader.uint();
      const quantity = reader.uint();
      return { kind: "trade", sequence, tradeId, price, quantity, takerSide: sideOf(reader.u8()) };
    }
    case DEPTH: {
      const side = sideOf(reader.u8());
      return { kind: "depth", sequence, side, price: reader.uint(), quantity: reader.uint() };
    }
    case PHASE: {
      const phase = phaseOf(reader.u8());
      return { kind: "phase", sequence, phase, until: reader.uint(), code: reader.uint() };
    }
    case INDICATIVE: {
      const price = reader.uint();
      const volume = reader.uint();
      return { kind: "indicative", sequence, price, volume, surplus: reader.int() };
    }
    default:
      throw new MalformedError(`market event ${tag} is not known`);
  }
}

function sideOf(value: number): Side {
  if (!isOneOf(Side, value)) throw new MalformedError(`side ${value}`);
  return value;
}
