/** What frames, batches and journals say, read for the checks alone. Numbers as on the wire. */
import { Bytes, Unreadable } from "./bytes.js";

const VERSION = 1;
/** The lags are what a leader believes: nothing is to be held against them. */
const ANNOUNCEMENT_WITH_LAGS_VERSION = 2;

export interface SeenFrame {
  readonly source: number;
  readonly token: number;
  readonly first: number;
  readonly commands: readonly Uint8Array[];
}

export function readFrame(data: Uint8Array): SeenFrame {
  const bytes = new Bytes(data);
  if (bytes.byte() !== VERSION) throw new Unreadable("another version");
  const token = bytes.token();
  const source = bytes.signed();
  const first = bytes.number();
  const count = bytes.number();
  const commands: Uint8Array[] = [];
  for (let n = 0; n < count; n++) commands.push(bytes.block());
  if (bytes.hasMore) throw new Unreadable("too long");
  return { source, token, first, commands };
}

/** The frames of a row of the batch log. */
export function readLog(commands: Uint8Array): SeenFrame[] {
  const bytes = new Bytes(commands);
  const frames: SeenFrame[] = [];
  while (bytes.hasMore) frames.push(readFrame(bytes.block()));
  return frames;
}

export interface SeenEnter {
  readonly kind: "enter";
  readonly orderId: number;
  readonly account: number;
  readonly side: number;
  /** 1: limit, 2: market. */
  readonly type: number;
  readonly timeInForce: number;
  readonly price: number;
  readonly quantity: number;
  /** 0: it does not expire at a time. */
  readonly expires: number;
}

export type SeenMarketCommand =
  | SeenEnter
  | { readonly kind: "cancel"; readonly orderId: number }
  | { readonly kind: "reduce"; readonly orderId: number; readonly leaves: number };

export function readMarketCommand(payload: Uint8Array): SeenMarketCommand {
  const bytes = new Bytes(payload);
  const tag = bytes.byte();
  if (tag === 3) return { kind: "cancel", orderId: bytes.number() };
  if (tag === 4) return { kind: "reduce", orderId: bytes.number(), leaves: bytes.number() };
  if (tag === 5) return readOrderWithTerms(bytes);
  if (tag !== 2) throw new Unreadable(`market command ${tag}`);
  return {
    kind: "enter",
    orderId: bytes.number(),
    account: bytes.number(),
    side: bytes.byte(),
    type: 1,
    timeInForce: bytes.byte(),
    price: bytes.number(),
    quantity: bytes.number(),
    expires: 0,
  };
}

/** Of the terms that clients here use, and no others. */
function readOrderWithTerms(bytes: Bytes): SeenEnter {
  const orderId = bytes.number();
  const account = bytes.number();
  const owner = bytes.number();
  const order = {
    kind: "enter",
    orderId,
    account,
    side: bytes.byte(),
    type: bytes.byte(),
    timeInForce: bytes.byte(),
    price: bytes.number(),
    quantity: bytes.number(),
  } as const;
  const [stopPrice, display] = [bytes.number(), bytes.number()];
  const [expires, pair] = [bytes.number(), bytes.number()];
  const [selfTrade, flags] = [bytes.byte(), bytes.byte()];
  const others = [owner - account, stopPrice, display, pair, selfTrade, flags];
  if (others.some((term) => term !== 0)) throw new Unreadable(`terms of order ${orderId}`);
  return { ...order, expires };
}

/** One event of an account. What a kind does not have is 0 or empty. */
export interface SeenEvent {
  readonly kind: string;
  readonly orderId: number;
  readonly clientOrderId: string;
  readonly code: number;
  readonly tradeId: number;
  readonly instrument: number;
  readonly side: number;
  /** 1: maker, 2: taker, 3: in an auction. */
  readonly liquidity: number;
  readonly price: number;
  readonly quantity: number;
  readonly leaves: number;
  readonly asset: number;
  /** Of a fill its fee. */
  readonly amount: number;
  readonly key: string;
  /** The other account of a transfer. */
  readonly other: number;
  /** Of a cancel or reduce. */
  readonly request: number;
}

const NOTHING: SeenEvent = {
  kind: "",
  orderId: 0,
  clientOrderId: "",
  code: 0,
  tradeId: 0,
  instrument: 0,
  side: 0,
  liquidity: 0,
  price: 0,
  quantity: 0,
  leaves: 0,
  asset: 0,
  amount: 0,
  key: "",
  other: 0,
  request: 0,
};

export function readEvents(data: Uint8Array): SeenEvent[] {
  const bytes = new Bytes(data);
  const events: SeenEvent[] = [];
  while (bytes.hasMore) events.push({ ...NOTHING, ...readEvent(bytes) });
  return events;
}

type EventReader = (bytes: Bytes) => Partial<SeenEvent>;

const EVENTS: Readonly<Record<number, readonly [kind: string, hasOrigin: boolean, EventReader]>> = {
  1: ["opened", true, () => ({})],
  2: ["deposited", true, (b) => ({ asset: b.number(), amount: b.number(), key: b.text() })],
  3: ["accepted", true, readAccepted],
  4: [
    "rejected",
    true,
    (b) => ({ orderId: b.number(), clientOrderId: b.text(), code: b.number() }),
  ],
  5: ["requested", true, (b) => ({ orderId: b.number(), request: b.byte() })],
  6: ["voided", true, (b) => ({ orderId: b.number(), clientOrderId: b.text() })],
  7: ["rested", false, (b) => ({ orderId: b.number(), leaves: b.number(), ...marketsNumber(b) })],
  8: ["filled", false, readFilled],
  9: [
    "ended",
    false,
    (b) => ({ orderId: b.number(), leaves: b.number(), code: b.number(), ...marketsNumber(b) }),
  ],
  10: ["reduced", false, (b) => ({ orderId: b.number(), leaves: b.number(), ...marketsNumber(b) })],
  11: [
    "refused",
    false,
    (b) => ({ orderId: b.number(), request: b.byte(), code: b.number(), ...marketsNumber(b) }),
  ],
  12: ["accepted", true, readAcceptedWithTerms],
  18: ["accepted", true, readAcceptedOfPair],
  22: ["filled", false, (b) => ({ ...readFilled(b), amount: b.signed() })],
  23: [
    "fee",
    false,
    (b) => ({
      orderId: b.number(),
      tradeId: b.number(),
      instrument: b.number(),
      asset: b.number(),
      amount: b.signed(),
    }),
  ],
  24: ["transferSent", true, readTransfer],
  25: ["transferEnded", false, (b) => ({ ...readTransfer(b), code: b.number() })],
  26: ["transferReceived", false, readTransfer],
  37: ["warning", false, readWarning],
};

function readEvent(bytes: Bytes): Partial<SeenEvent> {
  const tag = bytes.byte();
  const known = EVENTS[tag];
  if (!known) throw new Unreadable(`account event ${tag}`);
  const [kind, hasOrigin, read] = known;
  if (hasOrigin) for (let n = 0; n < 3; n++) bytes.number();
  return { kind, ...read(bytes) };
}

function readTransfer(bytes: Bytes): Partial<SeenEvent> {
  const [other, asset, amount] = [bytes.number(), bytes.number(), bytes.number()];
  return { other, asset, amount, key: bytes.text() };
}

/** Of how much in which window is not compared. */
function readWarning(bytes: Bytes): Partial<SeenEvent> {
  bytes.byte();
  for (let n = 0; n < 7; n++) bytes.number();
  return {};
}

function readAccepted(bytes: Bytes): Partial<SeenEvent> {
  const orderId = bytes.number();
  const clientOrderId = bytes.text();
  const instrument = bytes.number();
  const side = bytes.byte();
  // Type and time in force.
  bytes.byte();
  bytes.byte();
  return {
    orderId,
    clientOrderId,
    instrument,
    side,
    price: bytes.number(),
    quantity: bytes.number(),
  };
}

function readAcceptedWithTerms(bytes: Bytes): Partial<SeenEvent> {
  const accepted = readAccepted(bytes);
  // Stop price, display and expiry; self-trade mode and post-only.
  for (let n = 0; n < 3; n++) bytes.number();
  for (let n = 0; n < 2; n++) bytes.byte();
  return accepted;
}

function readAcceptedOfPair(bytes: Bytes): Partial<SeenEvent> {
  const accepted = readAcceptedWithTerms(bytes);
  // The other order.
  bytes.number();
  return accepted;
}

function readFilled(bytes: Bytes): Partial<SeenEvent> {
  const event = {
    orderId: bytes.number(),
    tradeId: bytes.number(),
    instrument: bytes.number(),
    side: bytes.byte(),
    liquidity: bytes.byte(),
    price: bytes.number(),
    quantity: bytes.number(),
    leaves: bytes.number(),
  };
  marketsNumber(bytes);
  return event;
}

/** The market's own number of the command that led to it: checked by the market's replay. */
function marketsNumber(bytes: Bytes): Record<string, never> {
  bytes.number();
  return {};
}

export interface SeenAnnouncement {
  readonly actor: number;
  readonly token: number;
  readonly batch: number;
  readonly eventBatch: number;
  readonly anchor: number;
  readonly marks: readonly {
    readonly source: number;
    readonly token: number;
    readonly number: number;
  }[];
}

export function readAnnouncement(data: Uint8Array): SeenAnnouncement {
  const bytes = new Bytes(data);
  const version = bytes.byte();
  if (version !== VERSION && version !== ANNOUNCEMENT_WITH_LAGS_VERSION) {
    throw new Unreadable("another version");
  }
  const actor = bytes.number();
  // The actor's name and the node's.
  bytes.block();
  bytes.block();
  const token = bytes.number();
  const batch = bytes.number();
  const eventBatch = bytes.number();
  const anchor = bytes.number();
  const count = bytes.number();
  const marks: { source: number; token: number; number: number }[] = [];
  for (let n = 0; n < count; n++) {
    marks.push({ source: bytes.signed(), token: bytes.number(), number: bytes.number() });
  }
  return { actor, token, batch, eventBatch, anchor, marks };
}

export interface SeenEventFrame {
  readonly actor: number;
  readonly token: number;
  readonly batch: number;
  readonly previousBatch: number;
  readonly time: number;
  readonly events: Uint8Array;
  readonly replies: Uint8Array;
}

export function readEventFrame(data: Uint8Array): SeenEventFrame {
  const bytes = new Bytes(data);
  if (bytes.byte() !== VERSION) throw new Unreadable("another version");
  return {
    actor: bytes.number(),
    token: bytes.number(),
    batch: bytes.number(),
    previousBatch: bytes.number(),
    time: bytes.number(),
    events: bytes.block(),
    replies: bytes.block(),
  };
}

export interface SeenBatchFrame {
  readonly actor: number;
  readonly batch: number;
  readonly token: number;
  readonly time: number;
  readonly hash: number;
  readonly commands: Uint8Array;
}

export function readBatchFrame(data: Uint8Array): SeenBatchFrame {
  const bytes = new Bytes(data);
  if (bytes.byte() !== VERSION) throw new Unreadable("another version");
  return {
    actor: bytes.number(),
    batch: bytes.number(),
    token: bytes.number(),
    time: bytes.number(),
    hash: bytes.number(),
    commands: bytes.block(),
  };
}
