/**
 * The commands of a market's inbox. Prices and quantities are in the instrument's units, times in microseconds since 1970.
 * A ledger shard sends what its accounts ask for; an operator's commands come through a gateway's slot.
 */
import { assertNever } from "../kernel/assert.js";
import { ByteReader, ByteWriter, MalformedError } from "../kernel/bytes.js";
import { decodeInstrument, encodeInstrument, type Instrument } from "../kernel/instrument.js";
import { decodeFlaggedTerms, encodeFlaggedTerms } from "../kernel/flagged-terms.js";
import { isOneOf, OrderType, SelfTrade, Side, TimeInForce } from "../kernel/order.js";
import type { AmendRequest } from "./engine.js";
import { decodeSchedule, encodeSchedule, phaseOf, type ScheduledPhase } from "./market-state.js";
import { OrderEntry } from "./order-entry.js";
import type { Phase } from "./phase.js";
import { decodeRules, encodeRules, type MarketRules } from "./rules.js";

/** What a ledger shard asks for. */
export type OrderCommand =
  | EnterOrder
  | { readonly kind: "cancel"; readonly orderId: number }
  /** Leaves at most this quantity open; priority is kept. */
  | { readonly kind: "reduce"; readonly orderId: number; readonly leaves: number }
  | AmendOrder;

/** What an operator orders. */
export type OperatorCommand =
  /** Lists or changes the instrument. */
  | { readonly kind: "list"; readonly instrument: Instrument; readonly shards: number }
  /** `until`: when the phase ends by itself, into continuous trading; 0: it does not. */
  | { readonly kind: "phase"; readonly phase: Phase; readonly until: number }
  | { readonly kind: "rules"; readonly rules: MarketRules }
  | { readonly kind: "schedule"; readonly schedule: readonly ScheduledPhase[] }
  /** Account 0: everybody's; side 0: both. */
  | { readonly kind: "mass-cancel"; readonly account: number; readonly side: Side | 0 };

export type MarketCommand = OrderCommand | OperatorCommand;

/** A new order. Its price is there in any case: of a market order or a stop it is what its ledger held at. */
export interface EnterOrder extends Readonly<Omit<OrderEntry, "reset">> {
  readonly kind: "enter";
}

export interface AmendOrder extends AmendRequest {
  readonly kind: "amend";
}

const LIST = 1;
/** A plain limit order, good till cancelled or immediate. */
const ENTER = 2;
const CANCEL = 3;
const REDUCE = 4;
/** Any other order, with all its terms. */
const ENTER_TERMS = 5;
const AMEND = 6;
const PHASE = 7;
const RULES = 8;
const SCHEDULE = 9;
const MASS_CANCEL = 10;

/** One buffer for all commands: a ledger shard encodes one for nearly every command it takes. */
const writer = new ByteWriter(64);

export function encodeMarketCommand(command: MarketCommand): Uint8Array {
  writer.reset();
  switch (command.kind) {
    case "enter":
      if (isPlain(command)) encodePlain(command);
      else encodeTerms(command);
      break;
    case "cancel":
      writer.u8(CANCEL).uint(command.orderId);
      break;
    case "reduce":
      writer.u8(REDUCE).uint(command.orderId).uint(command.leaves);
      break;
    case "amend":
      writer.u8(AMEND).uint(command.orderId).uint(command.price).int(command.change);
      writer.uint(command.stopPrice).uint(command.display);
      break;
    default:
      encodeOperatorCommand(command);
  }
  return writer.take();
}

function encodeOperatorCommand(command: OperatorCommand): void {
  switch (command.kind) {
    case "list":
      encodeInstrument(writer.u8(LIST), command.instrument);
      writer.uint(command.shards);
      break;
    case "phase":
      writer.u8(PHASE).u8(command.phase).uint(command.until);
      break;
    case "rules":
      encodeRules(writer.u8(RULES), command.rules);
      break;
    case "schedule":
      encodeSchedule(writer.u8(SCHEDULE), command.schedule);
      break;
    case "mass-cancel":
      writer.u8(MASS_CANCEL).uint(command.account).u8(command.side);
      break;
    default:
      assertNever(command);
  }
}

function isPlain(order: EnterOrder): boolean {
  const { type, timeInForce, owner, account, stopPrice, display, expires, pair } = order;
  return (
    type === OrderType.Limit &&
    isPlainTimeInForce(timeInForce) &&
    owner === account &&
    stopPrice === 0 &&
    display === 0 &&
    expires === 0 &&
    pair === 0 &&
    order.selfTrade === SelfTrade.Allow &&
    !order.postOnly &&
    !order.reprices &&
    order.trail === 0 &&
    order.minQuantity === 0
  );
}

function isPlainTimeInForce(value: number): value is TimeInForce {
  return value === TimeInForce.GoodTillCancel || value === TimeInForce.ImmediateOrCancel;
}

function encodePlain({ orderId, account, side, timeInForce, price, quantity }: EnterOrder): void {
  writer.u8(ENTER).uint(orderId).uint(account);
  writer.u8(side).u8(timeInForce).uint(price).uint(quantity);
}

function encodeTerms(order: EnterOrder): void {
  writer.u8(ENTER_TERMS).uint(order.orderId).uint(order.account).uint(order.owner);
  writer.u8(order.side).u8(order.type).u8(order.timeInForce);
  writer.uint(order.price).uint(order.quantity).uint(order.stopPrice).uint(order.display);
  writer.uint(order.expires).uint(order.pair);
  writer.u8(order.selfTrade);
  encodeFlaggedTerms(writer, order);
}

/** An entry as a command that may be kept. */
export function enterOrder(entry: OrderEntry): EnterOrder {
  const { orderId, account, owner, side, type, timeInForce, price, quantity } = entry;
  const { stopPrice, display, expires, pair, selfTrade, postOnly } = entry;
  const { reprices, trail, minQuantity } = entry;
  const limit = { orderId, account, owner, side, type, timeInForce, price, quantity };
  const terms = { stopPrice, display, expires, pair, selfTrade, postOnly };
  return { kind: "enter", ...limit, ...terms, reprices, trail, minQuantity };
}

/** A limit order without any other terms, for whoever has no entry. */
export function plainOrder(
  terms: Pick<EnterOrder, "orderId" | "account" | "side" | "price" | "quantity" | "timeInForce">,
): EnterOrder {
  const { orderId, account, side, price, quantity, timeInForce } = terms;
  return enterOrder(new OrderEntry().reset(orderId, account, side, price, quantity, timeInForce));
}

/**
 * Fills an entry from a command that enters an order, without making anything new; false when the command is another.
 * Throws `MalformedError`.
 */
export function readOrderEntry(payload: Uint8Array, entry: OrderEntry): boolean {
  const tag = payload[0];
  if (tag !== ENTER && tag !== ENTER_TERMS) return false;
  const reader = new ByteReader(payload);
  reader.u8();
  if (tag === ENTER) readPlain(reader, entry);
  else readTerms(reader, entry);
  reader.end();
  return true;
}

function readPlain(reader: ByteReader, entry: OrderEntry): void {
  const orderId = reader.uint();
  const account = reader.uint();
  const side = sideOf(reader.u8());
  const timeInForce = reader.u8();
  if (!isPlainTimeInForce(timeInForce)) throw new MalformedError(`time in force ${timeInForce}`);
  const price = reader.uint();
  entry.reset(orderId, account, side, price, reader.uint(), timeInForce);
}

function readTerms(reader: ByteReader, entry: OrderEntry): void {
  const orderId = reader.uint();
  const account = reader.uint();
  const owner = reader.uint();
  const side = sideOf(reader.u8());
  const type = reader.u8();
  const timeInForce = reader.u8();
  if (!isOneOf(OrderType, type)) throw new MalformedError(`order type ${type}`);
  if (!isOneOf(TimeInForce, timeInForce)) throw new MalformedError(`time in force ${timeInForce}`);
  const price = reader.uint();
  entry.reset(orderId, account, side, price, reader.uint(), timeInForce);
  entry.owner = owner;
  entry.type = type;
  entry.stopPrice = reader.uint();
  entry.display = reader.uint();
  entry.expires = reader.uint();
  entry.pair = reader.uint();
  const selfTrade = reader.u8();
  if (!isOneOf(SelfTrade, selfTrade)) throw new MalformedError(`self-trade mode ${selfTrade}`);
  entry.selfTrade = selfTrade;
  const { postOnly, reprices, trail, minQuantity } = decodeFlaggedTerms(reader);
  entry.postOnly = postOnly;
  entry.reprices = reprices;
  entry.trail = trail;
  entry.minQuantity = minQuantity;
}

/** Throws `MalformedError`. */
export function decodeMarketCommand(payload: Uint8Array): MarketCommand {
  const entry = new OrderEntry();
  if (readOrderEntry(payload, entry)) return enterOrder(entry);
  const reader = new ByteReader(payload);
  const command = decodeBody(reader);
  reader.end();
  return command;
}

/** An operator's command; nothing when it cannot be read, or is one that only a ledger shard may give. */
export function readOperatorCommand(payload: Uint8Array): OperatorCommand | undefined {
  try {
    const command = decodeMarketCommand(payload);
    return isOrderCommand(command) ? undefined : command;
  } catch (error) {
    if (error instanceof MalformedError) return undefined;
    throw error;
  }
}

export function isOrderCommand(command: MarketCommand): command is OrderCommand {
  const { kind } = command;
  return kind === "enter" || kind === "cancel" || kind === "reduce" || kind === "amend";
}

function decodeBody(reader: ByteReader): MarketCommand {
  const tag = reader.u8();
  switch (tag) {
    case LIST:
      return { kind: "list", instrument: decodeInstrument(reader), shards: reader.uint() };
    case CANCEL:
      return { kind: "cancel", orderId: reader.uint() };
    case REDUCE:
      return { kind: "reduce", orderId: reader.uint(), leaves: reader.uint() };
    case AMEND:
      return decodeAmend(reader);
    case PHASE:
      return { kind: "phase", phase: phaseOf(reader.u8()), until: reader.uint() };
    case RULES:
      return { kind: "rules", rules: decodeRules(reader) };
    case SCHEDULE:
      return { kind: "schedule", schedule: decodeSchedule(reader) };
    case MASS_CANCEL: {
      const account = reader.uint();
      const side = reader.u8();
      return { kind: "mass-cancel", account, side: side === 0 ? 0 : sideOf(side) };
    }
    default:
      throw new MalformedError(`market command ${tag} is not known`);
  }
}

function decodeAmend(reader: ByteReader): AmendOrder {
  return {
    kind: "amend",
    orderId: reader.uint(),
    price: reader.uint(),
    change: reader.int(),
    stopPrice: reader.uint(),
    display: reader.uint(),
  };
}

function sideOf(value: number): Side {
  if (value === Side.Buy || value === Side.Sell) return value;
  throw new MalformedError(`side ${value}`);
}
