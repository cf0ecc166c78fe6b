/**
 * What a matching engine did, in order: records of one width in a typed array that is filled again and again, so that
 * telling costs no garbage. Prices and quantities are in the instrument's units.
 *
 * The level-2 view follows from `Depth` alone; the level-3 view (each order, in its place) from `Rested`, `Refilled`, `Trade`,
 * `Reduced`, `Amended` and `Ended`. `actors/marketdata` does both.
 */
import type { Code } from "../kernel/codes.js";
import type { OrderRequest, Side } from "../kernel/order.js";
import type { Phase } from "./phase.js";

export const EventKind = {
  Trade: 1,
  /** The order stands on the book, behind all others of its price. */
  Rested: 2,
  /** The order waits for its trigger, or for the closing auction. */
  Waiting: 3,
  /** A stop is executed now, as a taker. */
  Triggered: 4,
  /** An iceberg shows again, behind all others of its price. */
  Refilled: 5,
  /** The order is changed. Priority 0: it stands nowhere on the book, and goes on as a taker or waits. */
  Amended: 6,
  /** The order leaves less open, without a trade, and keeps its place. */
  Reduced: 7,
  /** The order is no more; `leaves` of it were never traded. */
  Ended: 8,
  /** A request came to nothing. */
  Refused: 9,
  /** A level's shown quantity is now this; 0: it is gone. */
  Depth: 10,
  PhaseChanged: 11,
  /** What an uncross would give now. */
  Indicative: 12,
} as const;
export type EventKind = (typeof EventKind)[keyof typeof EventKind];

/** Where the values of a record stand, by kind. All kinds have the first two. */
export const Field = {
  kind: 0,
  sequence: 1,
  // Trade
  tradeId: 2,
  tradePrice: 3,
  tradeQuantity: 4,
  makerOrder: 5,
  takerOrder: 6,
  makerAccount: 7,
  takerAccount: 8,
  /** The taker's side; 2 more in an auction. */
  takerSide: 9,
  makerLeaves: 10,
  takerLeaves: 11,
  // Rested, Waiting, Triggered, Refilled, Amended, Reduced, Ended, Refused
  orderId: 2,
  account: 3,
  side: 4,
  price: 5,
  leaves: 6,
  shown: 7,
  priority: 8,
  /** Why: of Reduced, Ended and Refused. */
  code: 9,
  /** Which request: of Refused. */
  request: 10,
  // Depth
  depthSide: 2,
  depthPrice: 3,
  depthQuantity: 4,
  // PhaseChanged
  phase: 2,
  /** When it ends by itself, in microseconds since 1970; 0: it does not. */
  phaseUntil: 3,
  phaseCode: 4,
  // Indicative; a surplus of sellers is negative
  indicativePrice: 2,
  indicativeVolume: 3,
  indicativeSurplus: 4,
} as const;

/** What is added to a taker's side in the record of an auction's trade. */
export const AUCTION_SIDE_OFFSET = 2;

/** Places of a record in the array: a power of two, more than the longest has values. */
export const EVENT_STRIDE = 16;
const STRIDE = EVENT_STRIDE;
const STRIDE_SHIFT = 4;
const TRADE_WIDTH = 12;
const ORDER_WIDTH = 10;
const REFUSED_WIDTH = 11;
const OTHER_WIDTH = 5;
const INITIAL_RECORDS = 1_024;

export class EventLog {
  /** The records one after the other, for who writes one itself (`claim`). */
  values = new Float64Array(INITIAL_RECORDS * STRIDE);
  private records = 0;

  /** Records since the last `reset`. */
  get count(): number {
    return this.records;
  }

  reset(): void {
    this.records = 0;
  }

  /** A value of the record number `at` (from 0). */
  value(at: number, field: number): number {
    return this.values[(at << STRIDE_SHIFT) | field]!;
  }

  trade(
    sequence: number,
    tradeId: number,
    price: number,
    quantity: number,
    makerOrder: number,
    takerOrder: number,
    makerAccount: number,
    takerAccount: number,
    takerSide: number,
    makerLeaves: number,
    takerLeaves: number,
  ): void {
    const at = this.claim(1);
    const { values } = this;
    values[at] = EventKind.Trade;
    values[at | 1] = sequence;
    values[at | 2] = tradeId;
    values[at | 3] = price;
    values[at | 4] = quantity;
    values[at | 5] = makerOrder;
    values[at | 6] = takerOrder;
    values[at | 7] = makerAccount;
    values[at | 8] = takerAccount;
    values[at | 9] = takerSide;
    values[at | 10] = makerLeaves;
    values[at | 11] = takerLeaves;
  }

  /** A record about one order, as it stands after what happened. `shown` and `priority` are 0 where it is not on the book. */
  order(
    kind: EventKind,
    sequence: number,
    orderId: number,
    account: number,
    side: Side,
    price: number,
    leaves: number,
    shown: number,
    priority: number,
    code: Code,
  ): void {
    const at = this.claim(1);
    const { values } = this;
    values[at] = kind;
    values[at | 1] = sequence;
    values[at | 2] = orderId;
    values[at | 3] = account;
    values[at | 4] = side;
    values[at | 5] = price;
    values[at | 6] = leaves;
    values[at | 7] = shown;
    values[at | 8] = priority;
    values[at | 9] = code;
  }

  refused(sequence: number, orderId: number, request: OrderRequest, code: Code): void {
    const at = this.claim(1);
    const { values } = this;
    values[at] = EventKind.Refused;
    values[at | 1] = sequence;
    values[at | 2] = orderId;
    values[at | 9] = code;
    values[at | 10] = request;
  }

  depth(sequence: number, side: Side, price: number, quantity: number): void {
    this.triple(EventKind.Depth, sequence, side, price, quantity);
  }

  phaseChanged(sequence: number, phase: Phase, until: number, code: Code): void {
    this.triple(EventKind.PhaseChanged, sequence, phase, until, code);
  }

  indicative(sequence: number, price: number, volume: number, surplus: number): void {
    this.triple(EventKind.Indicative, sequence, price, volume, surplus);
  }

  /** All records as plain arrays of one length, to compare. */
  toArrays(): number[][] {
    return Array.from({ length: this.count }, (_, n) => {
      const record = Array.from({ length: TRADE_WIDTH }, () => 0);
      const kind = this.value(n, Field.kind);
      const width = widthOf(kind);
      for (let field = 0; field < width; field++) record[field] = this.value(n, field);
      if (kind === EventKind.Refused) record.fill(0, Field.orderId + 1, Field.code);
      return record;
    });
  }

  /**
   * Takes the next so many records. The first begins at the returned place of `values`, each further one `EVENT_STRIDE`
   * places on. What a kind of record has no use for stays as it was.
   */
  claim(records: number): number {
    const at = this.records << STRIDE_SHIFT;
    this.records += records;
    while (this.records << STRIDE_SHIFT > this.values.length) this.grow();
    return at;
  }

  private triple(kind: EventKind, sequence: number, a: number, b: number, c: number): void {
    const at = this.claim(1);
    const { values } = this;
    values[at] = kind;
    values[at | 1] = sequence;
    values[at | 2] = a;
    values[at | 3] = b;
    values[at | 4] = c;
  }

  private grow(): void {
    const grown = new Float64Array(this.values.length * 2);
    grown.set(this.values);
    this.values = grown;
  }
}

/** How many values a record of this kind has. */
export function widthOf(kind: number): number {
  if (kind === EventKind.Trade) return TRADE_WIDTH;
  if (kind === EventKind.Refused) return REFUSED_WIDTH;
  return kind < EventKind.Depth ? ORDER_WIDTH : OTHER_WIDTH;
}
