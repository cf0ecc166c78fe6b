/**
 * What can happen to an order: it rests, waits, trades, shrinks, ends. Each moves it on the book
 * and is told to the log as the rule book (7.3) has it told. A slot whose order has ended is not
 * given to another within the same command.
 */
import { Code } from "../../kernel/codes.js";
import { AUCTION_SIDE_OFFSET, EventKind, EventLog } from "../event-log.js";
import type { MarketState } from "../market-state.js";
import type { OrderEntry } from "../order-entry.js";
import { notePrice } from "../protection.js";
import type { FastBook } from "./fast-book.js";
import { Place } from "./layout.js";
import type { OrderStore } from "./order-store.js";

const ON_BOOK = Place.Book;
const OK = Code.OK;
const ENDED = EventKind.Ended;

export class OrderLife {
  readonly log = new EventLog();
  readonly book: FastBook;
  private readonly orders: OrderStore;
  private readonly state: MarketState;

  constructor(book: FastBook) {
    this.book = book;
    this.orders = book.orders;
    this.state = book.state;
  }

  /** Puts an order in hand on the book, if there is room (2.5); else it ends. */
  rest(slot: number): void {
    const code = this.book.roomOnBook(slot);
    if (code !== OK) {
      this.end(slot, code);
      return;
    }
    this.book.rest(slot);
    this.tell(EventKind.Rested, slot, OK);
  }

  /** Lets an order in hand wait, if there is room (2.5); else it ends. */
  wait(slot: number): void {
    const code = this.book.roomToWait(slot);
    if (code !== OK) {
      this.end(slot, code);
      return;
    }
    this.book.wait(slot);
    this.tell(EventKind.Waiting, slot, OK);
  }

  /** Ends an order, and the other of its pair with it (1.7). */
  end(slot: number, code: Code): void {
    const { book } = this;
    const other = book.pairOf(slot);
    book.leave(slot);
    this.tell(EventKind.Ended, slot, code);
    book.discard(slot);
    if (other !== 0) this.end(other, Code.PAIR_DONE);
  }

  /**
   * A new order that makes no sense or is not taken now ends before it was anywhere, and the other
   * of its pair with it.
   */
  refuse(entry: OrderEntry, code: Code): void {
    this.endEntry(entry, entry.quantity, code);
    if (entry.pair === 0) return;
    const other = this.book.index.find(entry.pair);
    if (other !== 0 && this.orders.pair(other) === entry.orderId) this.end(other, Code.PAIR_DONE);
  }

  /** Tells the end of a new order that has no slot. */
  endEntry(entry: OrderEntry, leaves: number, code: Code): void {
    const { log } = this;
    const at = log.claim(1);
    const { values } = log;
    values[at] = ENDED;
    values[at | 1] = this.state.sequence;
    values[at | 2] = entry.orderId;
    values[at | 3] = entry.account;
    values[at | 4] = entry.side;
    values[at | 5] = entry.price;
    values[at | 6] = leaves;
    values[at | 7] = 0;
    values[at | 8] = 0;
    values[at | 9] = code;
  }

  /**
   * One trade of two orders; in an uncross both stand on the book (5.5). Who is filled is gone,
   * with no further word.
   */
  trade(maker: number, taker: number, price: number, quantity: number): void {
    const { book, orders, state, log } = this;
    const isAuction = orders.place(taker) === ON_BOOK;
    const makerPair = book.pairOf(maker);
    const takerPair = book.pairOf(taker);
    this.forgetPair(maker);
    this.forgetPair(taker);
    this.notePrice(price);
    state.tradeId += 1;
    const makerLeaves = this.fill(maker, quantity);
    const takerLeaves = this.fill(taker, quantity);
    log.trade(
      state.sequence,
      state.tradeId,
      price,
      quantity,
      orders.orderId(maker),
      orders.orderId(taker),
      orders.account(maker),
      orders.account(taker),
      orders.side(taker) + (isAuction ? AUCTION_SIDE_OFFSET : 0),
      makerLeaves,
      takerLeaves,
    );
    if (makerLeaves === 0) book.discard(maker);
    else if (!isAuction) this.refill(maker);
    if (takerLeaves === 0) book.discard(taker);
    this.endIfOpen(makerPair, Code.PAIR_DONE);
    this.endIfOpen(takerPair, Code.PAIR_DONE);
  }

  /** Has an iceberg show again whose shown part is used up (1.5). */
  refill(slot: number): void {
    const { orders } = this;
    if (orders.display(slot) === 0 || orders.shown(slot) > 0) return;
    this.book.refill(slot);
    this.tell(EventKind.Refilled, slot, OK);
  }

  /**
   * Takes so much off an order without a trade (2.3): from an iceberg's shown part first. To
   * nothing is its end.
   */
  decrement(slot: number, quantity: number, isAuction: boolean): void {
    const { orders } = this;
    const leaves = orders.leaves(slot);
    if (quantity === leaves) {
      this.end(slot, Code.SELF_TRADE_PREVENTED);
      return;
    }
    const shown = orders.shown(slot);
    this.book.lower(slot, leaves - quantity, shown > quantity ? shown - quantity : 0);
    this.tell(EventKind.Reduced, slot, Code.SELF_TRADE_PREVENTED);
    if (!isAuction && orders.place(slot) === ON_BOOK) this.refill(slot);
  }

  /** Ends an order that something before may have ended already. */
  endIfOpen(slot: number, code: Code): void {
    if (slot !== 0 && this.orders.isOpen(slot)) this.end(slot, code);
  }

  /** A stop is a taker from now on (1.3); the other of its pair ends. */
  trigger(slot: number): void {
    const { orders } = this;
    const other = this.book.pairOf(slot);
    this.forgetPair(slot);
    this.book.leave(slot);
    orders.trigger(slot);
    this.tell(EventKind.Triggered, slot, OK);
    this.endIfOpen(other, Code.PAIR_DONE);
  }

  /** Tells of an order as it stands now. */
  tell(kind: EventKind, slot: number, code: Code): void {
    const { orders, log } = this;
    const isOnBook = orders.place(slot) === ON_BOOK;
    const at = log.claim(1);
    const { values } = log;
    values[at] = kind;
    values[at | 1] = this.state.sequence;
    values[at | 2] = orders.orderId(slot);
    values[at | 3] = orders.account(slot);
    values[at | 4] = orders.side(slot);
    values[at | 5] = orders.price(slot);
    values[at | 6] = orders.leaves(slot);
    values[at | 7] = isOnBook ? orders.shown(slot) : 0;
    values[at | 8] = isOnBook ? orders.priority(slot) : 0;
    values[at | 9] = code;
  }

  /** An order has a part in a trade, or is triggered: what is left of it is of no pair any more. */
  private forgetPair(slot: number): void {
    if (this.orders.pair(slot) !== 0) this.orders.clearPair(slot);
  }

  /** Takes a traded quantity off; returns what is left. */
  private fill(slot: number, quantity: number): number {
    const { book, orders } = this;
    const leaves = orders.leaves(slot) - quantity;
    if (leaves === 0) {
      book.leave(slot);
      orders.setLeaves(slot, 0);
    } else if (orders.place(slot) === ON_BOOK) {
      const shown = orders.shown(slot);
      book.lower(slot, leaves, shown > quantity ? shown - quantity : 0);
    } else {
      orders.setLeaves(slot, leaves);
    }
    return leaves;
  }

  private notePrice(price: number): void {
    const { state } = this;
    if (state.rules.breakerBps === 0) state.lastPrice = price;
    else notePrice(state, price);
  }
}
