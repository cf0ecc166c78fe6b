/**
 * The short way of an ordinary order that trades as it comes in, with ordinary makers: what `Sweep`
 * and `OrderLife` would do and tell, straight on the records, and without a slot for an order that
 * is not going to rest. As soon as it meets a maker that is not ordinary it goes on the long way.
 */
import { Code } from "../../kernel/codes.js";
import { SelfTrade, Side, TimeInForce } from "../../kernel/order.js";
import { EventKind } from "../event-log.js";
import type { OrderEntry } from "../order-entry.js";
import type { FastBook } from "./fast-book.js";
import { LevelField, OrderField, OrderFlag } from "./layout.js";
import type { OrderLife } from "./order-life.js";
import type { OrdinaryOrders } from "./ordinary-orders.js";
import type { PriceLadder } from "./price-ladder.js";
import type { Sweep } from "./sweep.js";

const BUY = Side.Buy;
const ALLOW = SelfTrade.Allow;
const GOOD_TILL_CANCEL = TimeInForce.GoodTillCancel;
const IMMEDIATE_REMAINDER = Code.IMMEDIATE_REMAINDER;
const TRADE = EventKind.Trade;

const ORDER_ID = OrderField.orderId;
const ACCOUNT = OrderField.account;
const LEAVES = OrderField.leaves;
const PREVIOUS = OrderField.previous;
const NEXT = OrderField.next;
const FLAGS = OrderField.flags;
const LEVEL_PRICE = LevelField.price;
const SHOWN = LevelField.shown;
const COUNT = LevelField.count;
const STORED_OR_HASHED = OrderFlag.stored | OrderFlag.hashed;

export class OrdinaryTakers {
  private readonly book: FastBook;
  private readonly life: OrderLife;
  private readonly sweep: Sweep;
  private readonly ordinary: OrdinaryOrders;
  /** What the taker in hand still wants, and how many makers it has met. */
  private wanted = 0;
  private met = 0;

  constructor(life: OrderLife, sweep: Sweep, ordinary: OrdinaryOrders) {
    this.book = life.book;
    this.life = life;
    this.sweep = sweep;
    this.ordinary = ordinary;
  }

  /**
   * A limit order that nothing is wrong with, and that meets others. False: it is not ordinary, and
   * nothing has happened.
   */
  enter(entry: OrderEntry): boolean {
    const { book } = this;
    const { rules } = book.state;
    if (entry.pair !== 0 || entry.owner !== entry.account || entry.selfTrade !== ALLOW)
      return false;
    if (rules.dynamicBandBps !== 0 || rules.breakerBps !== 0) return false;
    if (book.index.find(entry.orderId) !== 0) return false;
    this.wanted = entry.quantity;
    this.met = 0;
    const isBuy = entry.side === BUY;
    const isAtEnd = this.take(entry, isBuy ? book.asks : book.bids, isBuy ? 1 : -1);
    if (this.wanted === 0) return true;
    if (isAtEnd && entry.timeInForce !== GOOD_TILL_CANCEL) {
      this.life.endEntry(entry, this.wanted, IMMEDIATE_REMAINDER);
      return true;
    }
    const slot = book.orders.open(entry);
    book.orders.setLeaves(slot, this.wanted);
    if (isAtEnd) this.life.rest(slot);
    else this.sweep.goOn(slot, this.met);
    return true;
  }

  /**
   * Trades with ordinary makers. False: somebody else stands in the way, or it has met as many as
   * it may.
   */
  private take(entry: OrderEntry, makers: PriceLadder, direction: number): boolean {
    const { levels, limits } = this.book;
    const limit = entry.price * direction;
    while (this.wanted > 0) {
      const level = makers.best;
      if (level === 0 || levels.price(level) * direction > limit) return true;
      const maker = levels.head(level);
      if (this.met === limits.sweepMakersMax || !this.ordinary.isOrdinary(maker)) return false;
      this.met += 1;
      this.trade(entry, makers, level, maker);
    }
    return true;
  }

  private trade(entry: OrderEntry, makers: PriceLadder, level: number, maker: number): void {
    const { book, life } = this;
    const { orders, state } = book;
    const { doubles } = orders;
    const { log } = life;
    const double = maker << 3;
    const leaves = doubles[double | LEAVES]!;
    const quantity = leaves < this.wanted ? leaves : this.wanted;
    const makerLeaves = leaves - quantity;
    const takerLeaves = this.wanted - quantity;
    this.wanted = takerLeaves;
    const price = doubles[(level << 3) | LEVEL_PRICE]!;
    doubles[(level << 3) | SHOWN]! -= quantity;
    makers.leaves -= quantity;
    state.lastPrice = price;
    const tradeId = state.tradeId + 1;
    state.tradeId = tradeId;

    const at = log.claim(1);
    const { values } = log;
    values[at] = TRADE;
    values[at | 1] = state.sequence;
    values[at | 2] = tradeId;
    values[at | 3] = price;
    values[at | 4] = quantity;
    values[at | 5] = doubles[double | ORDER_ID]!;
    values[at | 6] = entry.orderId;
    values[at | 7] = doubles[double | ACCOUNT]!;
    values[at | 8] = entry.account;
    values[at | 9] = entry.side;
    values[at | 10] = makerLeaves;
    values[at | 11] = takerLeaves;

    book.changedLevels.note(level);
    if (makerLeaves > 0) {
      doubles[double | LEAVES] = makerLeaves;
      book.changes.touch(maker);
    } else {
      this.dropFirst(makers, level, maker);
    }
  }

  /** The first order of a level is filled: it is no more. */
  private dropFirst(makers: PriceLadder, level: number, slot: number): void {
    const { orders, index, changes } = this.book;
    const { integers } = orders;
    const next = integers[(slot << 4) | NEXT]!;
    integers[(level << 4) | NEXT] = next;
    integers[(next << 4) | PREVIOUS] = level;
    const count = integers[(level << 4) | COUNT]! - 1;
    integers[(level << 4) | COUNT] = count;
    makers.orders -= 1;
    if (count === 0) makers.noteEmptied(level);
    index.remove(slot);
    if ((integers[(slot << 4) | FLAGS]! & STORED_OR_HASHED) !== 0) changes.noteGone(slot);
    orders.release(slot);
  }
}
