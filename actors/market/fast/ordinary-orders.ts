/**
 * The short way of what most commands do: an ordinary order that meets nobody rests, one is cancelled, one is amended. It does and tells what
 * the long way would (`Arrivals`, `Amendments`, `OrderLife`), without looking at what cannot matter, straight on the records and
 * with the one or two levels that it changes told at once. That is several times as fast, and why its functions are long.
 * Whoever is told `false` has to go the long way; nothing has happened then.
 */
import { Code } from "../../kernel/codes.js";
import { OrderType, Side, TimeInForce } from "../../kernel/order.js";
import { EVENT_STRIDE as STRIDE, EventKind, type EventLog } from "../event-log.js";
import type { MarketState } from "../market-state.js";
import type { OrderEntry } from "../order-entry.js";
import type { ChangedOrders } from "./changed-orders.js";
import type { FastBook } from "./fast-book.js";
import { LevelField, OrderField, OrderFlag, Place } from "./layout.js";
import type { LevelStore } from "./level-store.js";
import type { OrderIndex } from "./order-index.js";
import type { OrderStore } from "./order-store.js";
import type { PriceLadder } from "./price-ladder.js";

const EVENT_STRIDE = STRIDE;
const BUY = Side.Buy;
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
const HEAD = LevelField.head;
const TAIL = LevelField.tail;
const COUNT = LevelField.count;
const LADDER = LevelField.ladder;

const SIDE_MASK = OrderFlag.sideMask;
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
  private readonly book: FastBook;
  private readonly orders: OrderStore;
  private readonly index: OrderIndex;
  private readonly levels: LevelStore;
  private readonly changes: ChangedOrders;
  private readonly bids: PriceLadder;
  private readonly asks: PriceLadder;
  private readonly state: MarketState;
  private readonly log: EventLog;

  constructor(book: FastBook, log: EventLog) {
    this.book = book;
    this.orders = book.orders;
    this.index = book.index;
    this.levels = book.levels;
    this.changes = book.changes;
    this.bids = book.bids;
    this.asks = book.asks;
    this.state = book.state;
    this.log = log;
  }

  /** Does an order stand on the book, good till cancelled, with nothing to look at but price and quantity? */
  isOrdinary(slot: number): boolean {
    const { integers } = this.orders;
    return (
      (integers[(slot << 4) | FLAGS]! & KIND_MASK) === KIND && integers[(slot << 4) | RARE] === 0
    );
  }

  /** A new limit order, good till cancelled or immediate, that nothing is wrong with. */
  enter(entry: OrderEntry): boolean {
    const { orders, levels, state, log } = this;
    const { orderId, account, side, price, quantity } = entry;
    const isBuy = side === BUY;
    const ladder = isBuy ? this.bids : this.asks;
    if ((isBuy ? this.asks : this.bids).isReached(price)) return false;
    if (entry.pair !== 0 || entry.owner !== account) return false;
    if (entry.timeInForce !== GOOD_TILL_CANCEL) return this.endAtOnce(entry);
    if (!this.book.hasPlainRoom(ladder, quantity)) return false;

    const level = ladder.demand(price);
    const slot = orders.take();
    const levelIntegers = levels.integers;
    const atLevel = level << 4;
    const tail = levelIntegers[atLevel | TAIL]!;
    const count = levelIntegers[atLevel | COUNT]!;
    const shown = levels.doubles[(level << 3) | SHOWN]! + quantity;
    levels.doubles[(level << 3) | SHOWN] = shown;
    levelIntegers[atLevel | TAIL] = slot;
    levelIntegers[atLevel | COUNT] = count + 1;

    const { doubles, integers } = orders;
    const priority = state.arrivals + 1;
    state.arrivals = priority;
    const double = slot << 3;
    doubles[double | ORDER_ID] = orderId;
    doubles[double | ACCOUNT] = account;
    doubles[double | PRICE] = price;
    doubles[double | LEAVES] = quantity;
    doubles[double | PRIORITY] = priority;
    const integer = slot << 4;
    const wasTouched = integers[integer | FLAGS]! & TOUCHED;
    integers[integer | PREVIOUS] = tail;
    integers[integer | NEXT] = 0;
    integers[integer | LEVEL] = level;
    integers[integer | FLAGS] = NEW_FLAGS | side | (entry.selfTrade << SELF_TRADE_SHIFT);
    integers[integer | RARE] = 0;
    if (tail !== 0) integers[(tail << 4) | NEXT] = slot;
    else levelIntegers[atLevel | HEAD] = slot;
    ladder.orders += 1;
    ladder.leaves += quantity;

    const { sequence } = state;
    const at = log.claimTwo();
    const { values } = log;
    values[at] = RESTED;
    values[at | 1] = sequence;
    values[at | 2] = orderId;
    values[at | 3] = account;
    values[at | 4] = side;
    values[at | 5] = price;
    values[at | 6] = quantity;
    values[at | 7] = quantity;
    values[at | 8] = priority;
    values[at | 9] = OK;
    const next = at + EVENT_STRIDE;
    values[next] = DEPTH;
    values[next | 1] = sequence;
    values[next | 2] = side;
    values[next | 3] = price;
    values[next | 4] = shown;

    if (count === 0) ladder.noteFilled(level);
    if (wasTouched === 0) this.changes.list(slot);
    this.index.add(slot);
    return true;
  }

  /** Its client cancels an order, which the index has at a place. */
  cancel(slot: number, place: number): void {
    const { orders, levels, state, log } = this;
    const { doubles, integers } = orders;
    const double = slot << 3;
    const integer = slot << 4;
    const flags = integers[integer | FLAGS]!;
    const side = flags & SIDE_MASK;
    const leaves = doubles[double | LEAVES]!;
    const level = integers[integer | LEVEL]!;
    const previous = integers[integer | PREVIOUS]!;
    const next = integers[integer | NEXT]!;

    const levelIntegers = levels.integers;
    const atLevel = level << 4;
    const count = levelIntegers[atLevel | COUNT]! - 1;
    const shown = levels.doubles[(level << 3) | SHOWN]! - leaves;
    levels.doubles[(level << 3) | SHOWN] = shown;
    levelIntegers[atLevel | COUNT] = count;
    if (previous !== 0) integers[(previous << 4) | NEXT] = next;
    else levelIntegers[atLevel | HEAD] = next;
    if (next !== 0) integers[(next << 4) | PREVIOUS] = previous;
    else levelIntegers[atLevel | TAIL] = previous;
    const ladder = side === BUY ? this.bids : this.asks;
    ladder.orders -= 1;
    ladder.leaves -= leaves;

    const { sequence } = state;
    const price = doubles[double | PRICE]!;
    const at = log.claimTwo();
    const { values } = log;
    values[at] = ENDED;
    values[at | 1] = sequence;
    values[at | 2] = doubles[double | ORDER_ID]!;
    values[at | 3] = doubles[double | ACCOUNT]!;
    values[at | 4] = side;
    values[at | 5] = price;
    values[at | 6] = leaves;
    values[at | 7] = 0;
    values[at | 8] = 0;
    values[at | 9] = CANCELLED_BY_CLIENT;
    const second = at + EVENT_STRIDE;
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
  }

  /** An order gets another limit, or leaves something else; nothing is wrong with that, and it is a change. */
  amend(slot: number, price: number, leaves: number): boolean {
    const { orders } = this;
    if (price === orders.price(slot) && leaves <= orders.leaves(slot)) {
      this.shrink(slot, leaves);
      return true;
    }
    const isBuy = (orders.flags(slot) & SIDE_MASK) === BUY;
    const ladder = isBuy ? this.bids : this.asks;
    if ((isBuy ? this.asks : this.bids).isReached(price)) return false;
    if (!this.book.hasPlainRoom(ladder, leaves)) return false;
    this.move(slot, ladder, price, leaves);
    return true;
  }

  /** It leaves less, and keeps its place. */
  private shrink(slot: number, leaves: number): void {
    const { orders, levels } = this;
    const level = orders.level(slot);
    const change = leaves - orders.leaves(slot);
    const ladder = orders.side(slot) === BUY ? this.bids : this.asks;
    levels.addShown(level, change);
    ladder.leaves += change;
    orders.setLeaves(slot, leaves);
    this.changes.touch(slot);
    this.tell(AMENDED, slot, leaves, orders.priority(slot));
    this.tellLevel(level);
  }

  /** It takes a new place. */
  private move(slot: number, ladder: PriceLadder, price: number, leaves: number): void {
    const { orders, levels, state } = this;
    const { doubles } = orders;
    const double = slot << 3;
    const before = doubles[double | LEAVES]!;
    const from = orders.integers[(slot << 4) | LEVEL]!;
    levels.doubles[(from << 3) | SHOWN]! -= before;
    const left = levels.remove(from, slot);
    if (left === 0) ladder.noteEmptied(from);
    const priority = state.arrivals + 1;
    state.arrivals = priority;
    doubles[double | PRICE] = price;
    doubles[double | LEAVES] = leaves;
    doubles[double | PRIORITY] = priority;
    ladder.leaves += leaves - before;
    const to = ladder.demand(price);
    levels.doubles[(to << 3) | SHOWN]! += leaves;
    if (levels.append(to, slot) === 1) ladder.noteFilled(to);
    this.changes.touch(slot);
    this.tellMoved(slot);
    this.tellLevel(from);
    if (to === from) return;
    this.tellLevel(to);
    if (left === 0) ladder.close(from);
  }

  /** It has left its place, and rests in another. */
  private tellMoved(slot: number): void {
    const { orders, log, state } = this;
    const { doubles } = orders;
    const double = slot << 3;
    const { sequence } = state;
    const orderId = doubles[double | ORDER_ID]!;
    const account = doubles[double | ACCOUNT]!;
    const side = orders.integers[(slot << 4) | FLAGS]! & SIDE_MASK;
    const price = doubles[double | PRICE]!;
    const leaves = doubles[double | LEAVES]!;
    const at = log.claimTwo();
    const { values } = log;
    values[at] = AMENDED;
    values[at | 1] = sequence;
    values[at | 2] = orderId;
    values[at | 3] = account;
    values[at | 4] = side;
    values[at | 5] = price;
    values[at | 6] = leaves;
    values[at | 7] = 0;
    values[at | 8] = 0;
    values[at | 9] = OK;
    const second = at + EVENT_STRIDE;
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
  }

  /** An immediate order that meets nobody. */
  private endAtOnce(entry: OrderEntry): boolean {
    const { log } = this;
    const at = log.claim();
    const { values } = log;
    values[at] = ENDED;
    values[at | 1] = this.state.sequence;
    values[at | 2] = entry.orderId;
    values[at | 3] = entry.account;
    values[at | 4] = entry.side;
    values[at | 5] = entry.price;
    values[at | 6] = entry.quantity;
    values[at | 7] = 0;
    values[at | 8] = 0;
    values[at | 9] = IMMEDIATE_REMAINDER;
    return true;
  }

  private tell(kind: EventKind, slot: number, shown: number, priority: number): void {
    const { orders, log } = this;
    const { doubles } = orders;
    const double = slot << 3;
    const at = log.claim();
    const { values } = log;
    values[at] = kind;
    values[at | 1] = this.state.sequence;
    values[at | 2] = doubles[double | ORDER_ID]!;
    values[at | 3] = doubles[double | ACCOUNT]!;
    values[at | 4] = orders.flags(slot) & SIDE_MASK;
    values[at | 5] = doubles[double | PRICE]!;
    values[at | 6] = doubles[double | LEAVES]!;
    values[at | 7] = shown;
    values[at | 8] = priority;
    values[at | 9] = OK;
  }

  private tellLevel(level: number): void {
    const { levels, log } = this;
    const at = log.claim();
    const { values } = log;
    values[at] = DEPTH;
    values[at | 1] = this.state.sequence;
    values[at | 2] = levels.integers[(level << 4) | LADDER]!;
    values[at | 3] = levels.doubles[(level << 3) | LEVEL_PRICE]!;
    values[at | 4] = levels.doubles[(level << 3) | SHOWN]!;
  }
}
