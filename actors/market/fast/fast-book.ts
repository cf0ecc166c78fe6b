/**
 * All open orders of a market in their places: on the book, among the stops, before the closing
 * auction. It moves orders between places, and keeps every count and sum that follows from it. What
 * is told of that is the business of `OrderLife`; when something is done, that of the engine.
 */
import { assert } from "../../kernel/assert.js";
import { Code } from "../../kernel/codes.js";
import { Side, TimeInForce } from "../../kernel/order.js";
import type { EngineLimits } from "../engine-limits.js";
import { EVENT_STRIDE as STRIDE, EventKind, type EventLog } from "../event-log.js";
import type { MarketState } from "../market-state.js";
import type { OrderEntry } from "../order-entry.js";
import { ChangedLevels } from "./changed-levels.js";
import { ChangedOrders } from "./changed-orders.js";
import { ExpiryHeap } from "./expiry-heap.js";
import { OrderFlag, Place } from "./layout.js";
import { LevelStore } from "./level-store.js";
import { failAsOpen, OrderIndex } from "./order-index.js";
import { OrderStore } from "./order-store.js";
import { PriceLadder } from "./price-ladder.js";

const EVENT_STRIDE = STRIDE;
const DEPTH = EventKind.Depth;
const BUY = Side.Buy;
const SELL = Side.Sell;
const ON_BOOK = Place.Book;
const AMONG_STOPS = Place.Stops;
const BEFORE_CLOSING = Place.Closing;
const IN_HAND = Place.Hand;
const INDEXED = OrderFlag.indexed;
const STORED_OR_HASHED = OrderFlag.stored | OrderFlag.hashed;

/** The numbers of the ladders. Those of the book are those of its sides. */
const BUY_STOPS = 3;
const SELL_STOPS = 4;
const CLOSING = 5;
const GOOD_TILL_CANCEL = TimeInForce.GoodTillCancel;
const TIMES_IN_FORCE = 8;

export class FastBook {
  readonly state: MarketState;
  readonly limits: EngineLimits;
  readonly orders = new OrderStore();
  readonly index = new OrderIndex(this.orders);
  readonly levels = new LevelStore(this.orders);
  readonly bids: PriceLadder;
  readonly asks: PriceLadder;
  readonly buyStops: PriceLadder;
  readonly sellStops: PriceLadder;
  /** A queue by arrival, with no price. */
  readonly closing = this.levels.open(0, CLOSING);
  readonly expiries = new ExpiryHeap(this.orders);
  readonly changes = new ChangedOrders(this.orders);
  /** Stops that follow the last trade. */
  readonly trailing = new Set<number>();
  readonly changedLevels = new ChangedLevels(this.levels);
  private waiting = 0;
  /** By time in force, but for good till cancelled: how many orders stand or wait. */
  private readonly byTimeInForce = new Int32Array(TIMES_IN_FORCE);

  constructor(state: MarketState, limits: EngineLimits) {
    this.state = state;
    this.limits = limits;
    const { levelsPerSideMax } = limits;
    this.bids = new PriceLadder(this.levels, BUY, -1, levelsPerSideMax);
    this.asks = new PriceLadder(this.levels, SELL, 1, levelsPerSideMax);
    this.buyStops = new PriceLadder(this.levels, BUY_STOPS, 1, levelsPerSideMax);
    this.sellStops = new PriceLadder(this.levels, SELL_STOPS, -1, levelsPerSideMax);
  }

  ladder(side: Side): PriceLadder {
    return side === BUY ? this.bids : this.asks;
  }

  stops(side: Side): PriceLadder {
    return side === BUY ? this.buyStops : this.sellStops;
  }

  /** How many orders stand on a side. */
  count(side: Side): number {
    return this.ladder(side).orders;
  }

  /**
   * How many orders of a time in force stand or wait; of good till cancelled nobody counts them.
   */
  countOf(timeInForce: TimeInForce): number {
    return this.byTimeInForce[timeInForce]!;
  }

  /** Is the best bid at or above the best ask? */
  isCrossed(): boolean {
    const bid = this.bids.best;
    const ask = this.asks.best;
    return bid !== 0 && ask !== 0 && this.levels.price(bid) >= this.levels.price(ask);
  }

  /**
   * The other of an order's pair, if it lives: two that name each other (1.7). 0: there is none.
   */
  pairOf(slot: number): number {
    const { orders } = this;
    const pair = orders.pair(slot);
    if (pair === 0) return 0;
    const other = this.index.find(pair);
    return other !== 0 && orders.pair(other) === orders.orderId(slot) ? other : 0;
  }

  /** Takes a new order in hand. Others find it by its id if they may be a pair. */
  open(entry: OrderEntry): number {
    if (this.index.find(entry.orderId) !== 0) failAsOpen(entry.orderId);
    const slot = this.orders.open(entry);
    if (entry.pair !== 0) this.enterIndex(slot);
    return slot;
  }

  /** Why an order in hand cannot rest (2.5); `OK`: it can. */
  roomOnBook(slot: number): Code {
    if (this.isFull()) return Code.BOOK_FULL;
    const { orders } = this;
    return this.ladder(orders.side(slot)).roomFor(orders.leaves(slot), orders.price(slot));
  }

  /** Why an order in hand cannot wait (2.5); `OK`: it can. */
  roomToWait(slot: number): Code {
    if (this.isFull()) return Code.BOOK_FULL;
    const { orders, limits } = this;
    const isTrailing = orders.trail(slot) !== 0;
    if (isTrailing && this.trailing.size >= limits.trailingStopsMax)
      return Code.TRAILING_STOPS_FULL;
    const stopPrice = orders.stopPrice(slot);
    return stopPrice === 0 ? Code.OK : this.stops(orders.side(slot)).roomFor(0, stopPrice);
  }

  /** Puts an order in hand on the book, behind all others of its price. There is room. */
  rest(slot: number): void {
    this.state.arrivals += 1;
    this.stand(slot, this.state.arrivals, this.firstShown(slot));
  }

  /** Puts an order in hand in its place on the book with a priority and a shown quantity. */
  stand(slot: number, priority: number, shown: number): void {
    const { orders, levels } = this;
    const ladder = orders.side(slot) === BUY ? this.bids : this.asks;
    const level = ladder.demand(orders.price(slot));
    const leaves = orders.leaves(slot);
    if (levels.append(level, slot) === 1) ladder.noteFilled(level);
    levels.addShown(level, shown);
    if (shown !== leaves) levels.addHidden(level, leaves - shown);
    if (orders.display(slot) !== 0) orders.setShown(slot, shown);
    ladder.orders += 1;
    ladder.leaves += leaves;
    this.changedLevels.note(level);
    this.settle(slot, ON_BOOK, priority);
  }

  /** Lets an order in hand wait for its trigger, or for the closing auction. There is room. */
  wait(slot: number): void {
    this.state.arrivals += 1;
    this.queue(slot, this.state.arrivals);
  }

  /** Puts an order in hand in its place among those that wait. */
  queue(slot: number, priority: number): void {
    const { orders, levels } = this;
    const stopPrice = orders.stopPrice(slot);
    if (stopPrice === 0) {
      levels.append(this.closing, slot);
      this.settle(slot, BEFORE_CLOSING, priority);
      return;
    }
    const ladder = this.stops(orders.side(slot));
    const level = ladder.demand(stopPrice);
    if (levels.append(level, slot) === 1) ladder.noteFilled(level);
    if (orders.trail(slot) !== 0) this.trailing.add(slot);
    this.settle(slot, AMONG_STOPS, priority);
  }

  /** A waiting stop follows the last trade. It came when it came. */
  moveStop(slot: number, stopPrice: number): void {
    const { orders, levels } = this;
    const ladder = this.stops(orders.side(slot));
    this.leaveStops(slot);
    orders.setStopPrice(slot, stopPrice);
    const level = ladder.demand(stopPrice);
    if (levels.append(level, slot) === 1) ladder.noteFilled(level);
    this.touch(slot);
  }

  /** Takes an order out of its place, in hand. */
  leave(slot: number): void {
    const { orders } = this;
    const place = orders.place(slot);
    if (place === IN_HAND) return;
    if (place === ON_BOOK) this.takeOffBook(slot, orders.level(slot));
    else if (place === AMONG_STOPS) this.leaveStops(slot);
    else this.levels.remove(this.closing, slot);
    if (place !== ON_BOOK) this.waiting -= 1;
    if (orders.trail(slot) !== 0) this.trailing.delete(slot);
    this.countForTime(orders.timeInForce(slot), -1);
    if (orders.expires(slot) !== 0) this.expiries.noteGone();
    orders.setPriority(slot, 0);
    orders.setPlace(slot, IN_HAND);
  }

  /** An order in hand is no more. */
  discard(slot: number): void {
    const { orders } = this;
    if (orders.is(slot, INDEXED)) this.index.remove(slot);
    if (orders.is(slot, STORED_OR_HASHED)) this.changes.noteGone(slot);
    orders.close(slot);
  }

  /** Lowers what an order leaves, which keeps its place; on the book it then shows so much. */
  lower(slot: number, leaves: number, shown: number): void {
    const { orders, levels } = this;
    const less = orders.leaves(slot) - leaves;
    if (orders.place(slot) === ON_BOOK) {
      const level = orders.level(slot);
      const lessShown = orders.shown(slot) - shown;
      this.ladder(orders.side(slot)).leaves -= less;
      levels.addShown(level, -lessShown);
      if (less !== lessShown) levels.addHidden(level, lessShown - less);
      if (orders.display(slot) !== 0) orders.setShown(slot, shown);
      if (lessShown !== 0) this.changedLevels.note(level);
    }
    orders.setLeaves(slot, leaves);
    this.touch(slot);
  }

  /** An iceberg whose shown part is used up shows again, behind all others of its price. */
  refill(slot: number): void {
    const { orders, levels } = this;
    const level = orders.level(slot);
    const shown = this.firstShown(slot);
    levels.remove(level, slot);
    levels.append(level, slot);
    levels.addShown(level, shown);
    levels.addHidden(level, -shown);
    orders.setShown(slot, shown);
    if (orders.expires(slot) !== 0) this.expiries.noteGone();
    this.state.arrivals += 1;
    orders.setPriority(slot, this.state.arrivals);
    if (orders.expires(slot) !== 0) this.expiries.add(slot);
    this.changedLevels.note(level);
  }

  /** An order that stays open has changed. */
  touch(slot: number): void {
    this.changes.touch(slot);
  }

  /** Tells each level that was changed, once, and lets go of those that are empty. */
  tellDepth(log: EventLog): void {
    const { levels, changedLevels } = this;
    const { count } = changedLevels;
    if (count === 0) return;
    const { sequence } = this.state;
    const first = log.claim(count);
    const { values } = log;
    for (let n = 0; n < count; n++) {
      const level = changedLevels.at(n);
      const side = levels.ladder(level);
      const event = first + n * EVENT_STRIDE;
      values[event] = DEPTH;
      values[event | 1] = sequence;
      values[event | 2] = side;
      values[event | 3] = levels.price(level);
      values[event | 4] = levels.shown(level);
      levels.setChanged(level, false);
      if (levels.count(level) === 0) this.ladder(side as Side).close(level);
    }
    changedLevels.clear();
  }

  /** The tick is another: the ladders fit their steps to it. */
  fit(tick: number): void {
    for (const ladder of this.ladders()) ladder.fit(tick);
  }

  /** All that is here came from its rows: nobody is to be told of it. */
  finishLoading(): void {
    for (let at = 0; at < this.changedLevels.count; at++) {
      this.levels.setChanged(this.changedLevels.at(at), false);
    }
    this.changedLevels.clear();
  }

  ladders(): readonly PriceLadder[] {
    return [this.bids, this.asks, this.buyStops, this.sellStops];
  }

  get bytes(): number {
    const { orders, index, expiries, changes } = this;
    let bytes = orders.bytes + index.bytes + expiries.bytes + changes.bytes;
    for (const ladder of this.ladders()) bytes += ladder.bytes;
    return bytes;
  }

  /** Compares its counts with what somebody has counted. */
  checkSide(side: Side, standing: number, leaves: number): void {
    const ladder = this.ladder(side);
    assert(ladder.orders === standing, "%s orders on side %s", ladder.orders, side);
    assert(ladder.leaves === leaves, "side %s leaves %s", side, ladder.leaves);
  }

  checkSettled(settled: number): void {
    const counted = this.bids.orders + this.asks.orders + this.waiting;
    assert(counted === settled, "%s orders stand or wait", counted);
    assert(this.changedLevels.count === 0, "every changed level was told");
  }

  private takeOffBook(slot: number, level: number): void {
    const { orders, levels } = this;
    const ladder = orders.side(slot) === BUY ? this.bids : this.asks;
    const leaves = orders.leaves(slot);
    const shown = orders.shown(slot);
    levels.addShown(level, -shown);
    if (shown !== leaves) levels.addHidden(level, shown - leaves);
    ladder.orders -= 1;
    ladder.leaves -= leaves;
    if (levels.remove(level, slot) === 0) ladder.noteEmptied(level);
    this.changedLevels.note(level);
  }

  private leaveStops(slot: number): void {
    const { orders, levels } = this;
    const level = orders.level(slot);
    if (levels.remove(level, slot) > 0) return;
    const ladder = this.stops(orders.side(slot));
    ladder.noteEmptied(level);
    ladder.close(level);
  }

  private settle(slot: number, place: Place, priority: number): void {
    const { orders } = this;
    orders.setPlace(slot, place);
    orders.setPriority(slot, priority);
    if (!orders.is(slot, INDEXED)) this.enterIndex(slot);
    if (place !== ON_BOOK) this.waiting += 1;
    this.countForTime(orders.timeInForce(slot), 1);
    if (orders.expires(slot) !== 0) this.expiries.add(slot);
    this.touch(slot);
  }

  /** Are as many orders open as may be, those in hand apart? */
  private isFull(): boolean {
    return this.bids.orders + this.asks.orders + this.waiting >= this.limits.restingOrdersMax;
  }

  private countForTime(timeInForce: TimeInForce, more: number): void {
    if (timeInForce !== GOOD_TILL_CANCEL) this.byTimeInForce[timeInForce]! += more;
  }

  private enterIndex(slot: number): void {
    this.index.add(slot);
    this.orders.setFlag(slot, INDEXED);
  }

  private firstShown(slot: number): number {
    const { orders } = this;
    const leaves = orders.leaves(slot);
    const display = orders.display(slot);
    return display === 0 || leaves < display ? leaves : display;
  }
}
