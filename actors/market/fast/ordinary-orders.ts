/**
 * The short way of what most commands do: an ordinary order that meets nobody rests, one is
 * cancelled, one is amended. It does and tells what the long way would (`Arrivals`, `Amendments`,
 * `OrderLife`), without looking at what cannot matter, straight on the records and with the one or
 * two levels that it changes told at once. That is several times as fast, and why its functions are
 * long. Whoever is told `false` has to go the long way; nothing has happened then.
 */
import { Code } from "../../kernel/codes.js";
import { OrderType, Side, TimeInForce } from "../../kernel/order.js";
import type { AmendRequest } from "../engine.js";
import { EVENT_STRIDE as STRIDE, EventKind, type EventLog } from "../event-log.js";
import type { MarketState } from "../market-state.js";
import type { OrderEntry } from "../order-entry.js";
import type { Admission } from "./admission.js";
import type { ChangedOrders } from "./changed-orders.js";
import type { FastBook } from "./fast-book.js";
import { LevelField, OrderField, OrderFlag, Place } from "./layout.js";
import type { OrderIndex } from "./order-index.js";
import type { OrderStore } from "./order-store.js";
import type { PriceLadder } from "./price-ladder.js";

const EVENT_STRIDE = STRIDE;
const GOOD_TILL_CANCEL = TimeInForce.GoodTillCancel;
const OK = Code.OK;
const CANCELLED_BY_CLIENT = Code.CANCELLED_BY_CLIENT;
const IMMEDIATE_REMAINDER = Code.IMMEDIATE_REMAINDER;
const RESTED = EventKind.Rested;
const AMENDED = EventKind.Amended;
const ENDED = EventKind.Ended;
const DEPTH = EventKind.Depth;

const ORDER_ID = OrderField.orderId;
const ACCOUNT = OrderField.account;
const PRICE = OrderField.price;
const LEAVES = OrderField.leaves;
const PRIORITY = OrderField.priority;
const PREVIOUS = OrderField.previous;
const NEXT = OrderField.next;
const LEVEL = OrderField.level;
const FLAGS = OrderField.flags;
const RARE = OrderField.rare;
const LEVEL_PRICE = LevelField.price;
const SHOWN = LevelField.shown;
const COUNT = LevelField.count;

const SIDE_MASK = OrderFlag.sideMask;
/** The sum of both sides: less one of them it is the other. */
const BOTH_SIDES = Side.Buy + Side.Sell;
const TOUCHED = OrderFlag.touched;
const STORED_OR_HASHED = OrderFlag.stored | OrderFlag.hashed;
const SELF_TRADE_SHIFT = OrderFlag.selfTradeShift;
/** Type, time in force and place: what has to be so in an order that goes the short way. */
const KIND_MASK =
  (7 << OrderFlag.typeShift) | (7 << OrderFlag.timeInForceShift) | (3 << OrderFlag.placeShift);
const KIND =
  (OrderType.Limit << OrderFlag.typeShift) |
  (GOOD_TILL_CANCEL << OrderFlag.timeInForceShift) |
  (Place.Book << OrderFlag.placeShift);
const NEW_FLAGS = KIND | TOUCHED | OrderFlag.indexed;

export class OrdinaryOrders {
  private readonly orders: OrderStore;
  private readonly index: OrderIndex;
  private readonly changes: ChangedOrders;
  /**
   * By side; of nobody at 0. A look into an array is cheaper than a branch that goes either way.
   */
  private readonly ladders: readonly PriceLadder[];
  private readonly state: MarketState;
  private readonly log: EventLog;
  private readonly admission: Admission;
  private readonly ordersMax: number;

  constructor(book: FastBook, log: EventLog, admission: Admission) {
    this.orders = book.orders;
    this.index = book.index;
    this.changes = book.changes;
    this.ladders = [book.bids, book.bids, book.asks];
    this.state = book.state;
    this.log = log;
    this.admission = admission;
    this.ordersMax = book.limits.restingOrdersMax;
  }

  /**
   * Does an order stand on the book, good till cancelled, with nothing to look at but price and
   * quantity?
   */
  isOrdinary(slot: number): boolean {
    const { integers } = this.orders;
    const at = slot << 4;
    return (integers[at | FLAGS]! & KIND_MASK) === KIND && integers[at | RARE] === 0;
  }

  /** A new limit order, good till cancelled or immediate, that nothing is wrong with. */
  enter(entry: OrderEntry): boolean {
    const { orders, state, log, ladders } = this;
    const { orderId, account, side, price, quantity } = entry;
    const ladder = ladders[side]!;
    if (ladders[BOTH_SIDES - side]!.isReached(price)) return false;
    if (entry.pair !== 0 || entry.owner !== account) return false;
    if (entry.timeInForce !== GOOD_TILL_CANCEL) return this.endAtOnce(entry);
    if (this.index.count >= this.ordersMax || !ladder.hasRoomFor(quantity)) return false;

    // What the processor has to fetch is asked for first.
    const slot = orders.take();
    orders.doubles[(slot << 3) | ORDER_ID] = orderId;
    this.index.add(slot);
    const level = ladder.demand(price);
    const { doubles, integers } = orders;
    const priority = state.arrivals + 1;
    state.arrivals = priority;
    const double = slot << 3;
    doubles[double | ACCOUNT] = account;
    doubles[double | PRICE] = price;
    doubles[double | LEAVES] = quantity;
    doubles[double | PRIORITY] = priority;
    const at = slot << 4;
    const wasTouched = integers[at | FLAGS]! & TOUCHED;
    const last = integers[(level << 4) | PREVIOUS]!;
    const count = integers[(level << 4) | COUNT]!;
    integers[at | PREVIOUS] = last;
    integers[at | NEXT] = level;
    integers[at | LEVEL] = level;
    integers[at | FLAGS] = NEW_FLAGS | side | (entry.selfTrade << SELF_TRADE_SHIFT);
    integers[at | RARE] = 0;
    integers[(last << 4) | NEXT] = slot;
    integers[(level << 4) | PREVIOUS] = slot;
    integers[(level << 4) | COUNT] = count + 1;
    const shown = doubles[(level << 3) | SHOWN]! + quantity;
    doubles[(level << 3) | SHOWN] = shown;
    ladder.orders += 1;
    ladder.leaves += quantity;

    const { sequence } = state;
    const event = log.claim(2);
    const { values } = log;
    values[event] = RESTED;
    values[event | 1] = sequence;
    values[event | 2] = orderId;
    values[event | 3] = account;
    values[event | 4] = side;
    values[event | 5] = price;
    values[event | 6] = quantity;
    values[event | 7] = quantity;
    values[event | 8] = priority;
    values[event | 9] = OK;
    const second = event + EVENT_STRIDE;
    values[second] = DEPTH;
    values[second | 1] = sequence;
    values[second | 2] = side;
    values[second | 3] = price;
    values[second | 4] = shown;

    if (count === 0) ladder.noteFilled(level);
    this.changes.list(slot, wasTouched);
    return true;
  }

  /** Its client cancels an order, which the index has at a place. */
  cancel(place: number): boolean {
    const { orders, state, log } = this;
    const { doubles, integers } = orders;
    const slot = this.index.slotAt(place);
    const double = slot << 3;
    const at = slot << 4;
    const flags = integers[at | FLAGS]!;
    if ((flags & KIND_MASK) !== KIND || integers[at | RARE] !== 0) return false;
    const level = integers[at | LEVEL]!;
    const previous = integers[at | PREVIOUS]!;
    const next = integers[at | NEXT]!;
    const count = integers[(level << 4) | COUNT]! - 1;
    integers[(level << 4) | COUNT] = count;
    integers[(previous << 4) | NEXT] = next;
    integers[(next << 4) | PREVIOUS] = previous;
    const leaves = doubles[double | LEAVES]!;
    const shown = doubles[(level << 3) | SHOWN]! - leaves;
    doubles[(level << 3) | SHOWN] = shown;
    const side = flags & SIDE_MASK;
    const ladder = this.ladders[side]!;
    ladder.orders -= 1;
    ladder.leaves -= leaves;

    const { sequence } = state;
    const price = doubles[double | PRICE]!;
    const event = log.claim(2);
    const { values } = log;
    values[event] = ENDED;
    values[event | 1] = sequence;
    values[event | 2] = doubles[double | ORDER_ID]!;
    values[event | 3] = doubles[double | ACCOUNT]!;
    values[event | 4] = side;
    values[event | 5] = price;
    values[event | 6] = leaves;
    values[event | 7] = 0;
    values[event | 8] = 0;
    values[event | 9] = CANCELLED_BY_CLIENT;
    const second = event + EVENT_STRIDE;
    values[second] = DEPTH;
    values[second | 1] = sequence;
    values[second | 2] = side;
    values[second | 3] = price;
    values[second | 4] = shown;

    if (count === 0) {
      ladder.noteEmptied(level);
      ladder.close(level);
    }
    this.index.removeAt(place);
    if ((flags & STORED_OR_HASHED) !== 0) this.changes.noteGone(slot);
    orders.release(slot);
    return true;
  }

  /** An order gets another limit, or another quantity. */
  amend(slot: number, request: AmendRequest): boolean {
    const { orders, ladders } = this;
    const double = slot << 3;
    const at = slot << 4;
    if (!this.isOrdinary(slot) || request.stopPrice !== 0 || request.display !== 0) return false;
    const { change } = request;
    const before = orders.doubles[double | PRICE]!;
    const price = request.price === 0 ? before : request.price;
    const leavesBefore = orders.doubles[double | LEAVES]!;
    const leaves = leavesBefore + change;
    if (!this.admission.isGood(price, leaves)) return false;
    if (price === before && change <= 0) return change !== 0 && this.shrink(slot, change);
    const side = orders.integers[at | FLAGS]! & SIDE_MASK;
    const ladder = ladders[side]!;
    if (ladders[BOTH_SIDES - side]!.isReached(price) || !ladder.hasRoomFor(change)) return false;

    const from = this.leave(slot, ladder);
    const to = ladder.demand(price);
    const { doubles, integers } = orders;
    const priority = this.state.arrivals + 1;
    this.state.arrivals = priority;
    doubles[double | PRICE] = price;
    doubles[double | LEAVES] = leaves;
    doubles[double | PRIORITY] = priority;
    const last = integers[(to << 4) | PREVIOUS]!;
    const count = integers[(to << 4) | COUNT]!;
    const flags = integers[at | FLAGS]!;
    integers[at | PREVIOUS] = last;
    integers[at | NEXT] = to;
    integers[at | LEVEL] = to;
    integers[at | FLAGS] = flags | TOUCHED;
    integers[(last << 4) | NEXT] = slot;
    integers[(to << 4) | PREVIOUS] = slot;
    integers[(to << 4) | COUNT] = count + 1;
    doubles[(to << 3) | SHOWN]! += leaves;
    ladder.leaves += change;
    if (count === 0) ladder.noteFilled(to);
    this.changes.list(slot, flags & TOUCHED);
    this.tellMoved(slot, from, to);
    if (to !== from && integers[(from << 4) | COUNT] === 0) ladder.close(from);
    return true;
  }

  /** It leaves less, and keeps its place. */
  private shrink(slot: number, change: number): boolean {
    const { orders, state, log } = this;
    const { doubles, integers } = orders;
    const double = slot << 3;
    const level = integers[(slot << 4) | LEVEL]!;
    const side = integers[(slot << 4) | FLAGS]! & SIDE_MASK;
    const leaves = doubles[double | LEAVES]! + change;
    const shown = doubles[(level << 3) | SHOWN]! + change;
    doubles[(level << 3) | SHOWN] = shown;
    doubles[double | LEAVES] = leaves;
    this.ladders[side]!.leaves += change;
    this.changes.touch(slot);

    const { sequence } = state;
    const price = doubles[double | PRICE]!;
    const event = log.claim(2);
    const { values } = log;
    values[event] = AMENDED;
    values[event | 1] = sequence;
    values[event | 2] = doubles[double | ORDER_ID]!;
    values[event | 3] = doubles[double | ACCOUNT]!;
    values[event | 4] = side;
    values[event | 5] = price;
    values[event | 6] = leaves;
    values[event | 7] = leaves;
    values[event | 8] = doubles[double | PRIORITY]!;
    values[event | 9] = OK;
    const second = event + EVENT_STRIDE;
    values[second] = DEPTH;
    values[second | 1] = sequence;
    values[second | 2] = side;
    values[second | 3] = price;
    values[second | 4] = shown;
    return true;
  }

  /** Takes an order out of its level, which is returned. */
  private leave(slot: number, ladder: PriceLadder): number {
    const { doubles, integers } = this.orders;
    const at = slot << 4;
    const level = integers[at | LEVEL]!;
    const previous = integers[at | PREVIOUS]!;
    const next = integers[at | NEXT]!;
    const count = integers[(level << 4) | COUNT]! - 1;
    integers[(level << 4) | COUNT] = count;
    integers[(previous << 4) | NEXT] = next;
    integers[(next << 4) | PREVIOUS] = previous;
    doubles[(level << 3) | SHOWN]! -= doubles[(slot << 3) | LEAVES]!;
    if (count === 0) ladder.noteEmptied(level);
    return level;
  }

  /** It has left its place, and rests in another. */
  private tellMoved(slot: number, from: number, to: number): void {
    const { orders, state, log } = this;
    const { doubles } = orders;
    const double = slot << 3;
    const { sequence } = state;
    const side = orders.integers[(slot << 4) | FLAGS]! & SIDE_MASK;
    const orderId = doubles[double | ORDER_ID]!;
    const account = doubles[double | ACCOUNT]!;
    const price = doubles[double | PRICE]!;
    const leaves = doubles[double | LEAVES]!;
    const event = log.claim(to === from ? 3 : 4);
    const { values } = log;
    values[event] = AMENDED;
    values[event | 1] = sequence;
    values[event | 2] = orderId;
    values[event | 3] = account;
    values[event | 4] = side;
    values[event | 5] = price;
    values[event | 6] = leaves;
    values[event | 7] = 0;
    values[event | 8] = 0;
    values[event | 9] = OK;
    const second = event + EVENT_STRIDE;
    values[second] = RESTED;
    values[second | 1] = sequence;
    values[second | 2] = orderId;
    values[second | 3] = account;
    values[second | 4] = side;
    values[second | 5] = price;
    values[second | 6] = leaves;
    values[second | 7] = leaves;
    values[second | 8] = doubles[double | PRIORITY]!;
    values[second | 9] = OK;
    const third = second + EVENT_STRIDE;
    values[third] = DEPTH;
    values[third | 1] = sequence;
    values[third | 2] = side;
    values[third | 3] = doubles[(from << 3) | LEVEL_PRICE]!;
    values[third | 4] = doubles[(from << 3) | SHOWN]!;
    if (to === from) return;
    const fourth = third + EVENT_STRIDE;
    values[fourth] = DEPTH;
    values[fourth | 1] = sequence;
    values[fourth | 2] = side;
    values[fourth | 3] = price;
    values[fourth | 4] = doubles[(to << 3) | SHOWN]!;
  }

  /** An immediate order that meets nobody. */
  private endAtOnce(entry: OrderEntry): boolean {
    const { log } = this;
    const event = log.claim(1);
    const { values } = log;
    values[event] = ENDED;
    values[event | 1] = this.state.sequence;
    values[event | 2] = entry.orderId;
    values[event | 3] = entry.account;
    values[event | 4] = entry.side;
    values[event | 5] = entry.price;
    values[event | 6] = entry.quantity;
    values[event | 7] = 0;
    values[event | 8] = 0;
    values[event | 9] = IMMEDIATE_REMAINDER;
    return true;
  }
}
