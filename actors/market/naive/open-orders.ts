/**
 * The open orders of a market in one array, sorted or filtered whenever somebody asks, and the few things that can happen to
 * one: it rests, waits, trades, shrinks, ends. Each is told to the log as the rule book (7.3) has it told.
 */
import { assert } from "../../kernel/assert.js";
import { Code } from "../../kernel/codes.js";
import { UNITS_MAX } from "../../kernel/limits.js";
import { OrderType, Side, TimeInForce } from "../../kernel/order.js";
import { isStop } from "../../kernel/order-terms.js";
import type { EngineLimits } from "../engine-limits.js";
import { AUCTION_SIDE_OFFSET, EventKind, EventLog } from "../event-log.js";
import { MarketState } from "../market-state.js";
import { notePrice } from "../protection.js";
import { isExpired, type NaiveOrder } from "./naive-order.js";

interface Level {
  readonly side: Side;
  readonly price: number;
}

export class OpenOrders {
  readonly state: MarketState;
  readonly limits: EngineLimits;
  readonly log = new EventLog();
  private orders: NaiveOrder[] = [];
  /** The levels whose shown quantity has changed in the command under way, in the order of the first change. */
  private changedLevels: Level[] = [];

  constructor(state: MarketState, limits: EngineLimits) {
    this.state = state;
    this.limits = limits;
  }

  /** Another market that stands exactly so, to try something out. */
  copy(): OpenOrders {
    const state = MarketState.decode(this.state.encode());
    state.time = this.state.time;
    const copy = new OpenOrders(state, this.limits);
    copy.orders = this.orders.map((order) => ({ ...order }));
    return copy;
  }

  all(): readonly NaiveOrder[] {
    return this.orders;
  }

  find(orderId: number): NaiveOrder | undefined {
    return this.orders.find((order) => order.orderId === orderId);
  }

  /** A side of the book: the best price first, a price by priority (1.2, 2.1). */
  book(side: Side): NaiveOrder[] {
    const towardsWorse = side === Side.Buy ? -1 : 1;
    return this.orders
      .filter((order) => order.place === "on the book" && order.side === side)
      .sort((a, b) => towardsWorse * (a.price - b.price) || a.priority - b.priority);
  }

  best(side: Side): NaiveOrder | undefined {
    return this.book(side)[0];
  }

  /** In order of arrival. */
  waiting(): NaiveOrder[] {
    return this.orders
      .filter((order) => order.place === "waiting")
      .sort((a, b) => a.priority - b.priority);
  }

  /** All that stand or wait, in the order in which groups end (4.4). */
  inOrderOfEnding(): NaiveOrder[] {
    return [...this.book(Side.Buy), ...this.book(Side.Sell), ...this.waiting()];
  }

  /** Those whose expiry has come, by (expiry, priority) (7.2). */
  expired(): NaiveOrder[] {
    return this.orders
      .filter((order) => isExpired(order, this.state))
      .sort((a, b) => a.expires - b.expires || a.priority - b.priority);
  }

  add(order: NaiveOrder): void {
    assert(!this.find(order.orderId), "order %s is open already", order.orderId);
    this.orders.push(order);
  }

  /** Puts an order on the book, behind all others of its price (1.2), if there is room (2.5). */
  rest(order: NaiveOrder): void {
    const code = this.roomOnBook(order);
    if (code !== Code.OK) {
      this.end(order, code);
      return;
    }
    order.place = "on the book";
    this.show(order);
    this.tell(EventKind.Rested, order);
  }

  /** Lets an order wait for its trigger or for the closing auction (1.3, 1.4), if there is room (2.5). */
  wait(order: NaiveOrder): void {
    const code = this.roomToWait(order);
    if (code !== Code.OK) {
      this.end(order, code);
      return;
    }
    order.place = "waiting";
    order.priority = this.nextPriority();
    this.tell(EventKind.Waiting, order);
  }

  /** An iceberg whose shown part is used up shows again (1.5). */
  refill(order: NaiveOrder): void {
    const isUsedUp = order.place === "on the book" && order.shown === 0;
    if (!isUsedUp) return;
    this.show(order);
    this.tell(EventKind.Refilled, order);
  }

  /** Takes an order out of its place, to go on as a taker or to end. */
  leave(order: NaiveOrder, place: "on its way" | "gone"): void {
    if (order.place === "on the book") this.note(order);
    order.place = place;
    order.shown = 0;
    order.priority = 0;
    if (place === "gone") this.orders = this.orders.filter((other) => other !== order);
  }

  /** Ends an order, and the other of its pair with it (1.7). */
  end(order: NaiveOrder, code: Code): void {
    const other = this.pairOf(order);
    order.pair = 0;
    this.leave(order, "gone");
    this.tell(EventKind.Ended, order, code);
    this.endPair(other);
  }

  /** A waiting stop becomes the order that it was to be: of which its pair, if it has one, sees the end (3.2, 1.7). */
  becomeTaker(stop: NaiveOrder): void {
    const other = this.pairOf(stop);
    stop.pair = 0;
    this.leave(stop, "on its way");
    if (stop.type === OrderType.Stop) stop.timeInForce = TimeInForce.ImmediateOrCancel;
    stop.type = stop.type === OrderType.Stop ? OrderType.Market : OrderType.Limit;
    stop.stopPrice = 0;
    stop.trail = 0;
    this.tell(EventKind.Triggered, stop);
    this.endPair(other);
  }

  /** Lowers what is open of an order, which keeps its place. An iceberg then shows at most `shown`. */
  lower(order: NaiveOrder, leaves: number, shown: number): void {
    assert(leaves > 0 && leaves <= order.leaves, "%s lowered to %s", order.leaves, leaves);
    order.leaves = leaves;
    if (order.place !== "on the book" || shown >= order.shown) return;
    order.shown = shown;
    this.note(order);
  }

  /** One trade, at one price (2.1, 5.5). Who is filled is gone, with no further word. */
  trade(maker: NaiveOrder, taker: NaiveOrder, price: number, quantity: number): void {
    const { state, log } = this;
    const isAuction = taker.place === "on the book";
    const makerPair = this.pairOf(maker);
    const takerPair = this.pairOf(taker);
    maker.pair = 0;
    taker.pair = 0;
    state.tradeId += 1;
    notePrice(state, price);
    this.fill(maker, quantity);
    this.fill(taker, quantity);
    log.trade(
      state.sequence,
      state.tradeId,
      price,
      quantity,
      maker.orderId,
      taker.orderId,
      maker.account,
      taker.account,
      taker.side + (isAuction ? AUCTION_SIDE_OFFSET : 0),
      maker.leaves,
      taker.leaves,
    );
    if (!isAuction) this.refill(maker);
    this.endPair(makerPair);
    this.endPair(takerPair);
  }

  /** The other of an order's pair, if it lives: two that name each other (1.7). */
  pairOf(order: NaiveOrder): NaiveOrder | undefined {
    const other = order.pair === 0 ? undefined : this.find(order.pair);
    return other?.pair === order.orderId ? other : undefined;
  }

  endPair(order: NaiveOrder | undefined): void {
    if (order && order.place !== "gone") this.end(order, Code.PAIR_DONE);
  }

  /** Tells of an order as it stands now. */
  tell(kind: EventKind, order: NaiveOrder, code: Code = Code.OK): void {
    const { orderId, account, side, price, leaves } = order;
    const isOnBook = order.place === "on the book";
    const shown = isOnBook ? order.shown : 0;
    const priority = isOnBook ? order.priority : 0;
    const { sequence } = this.state;
    this.log.order(kind, sequence, orderId, account, side, price, leaves, shown, priority, code);
  }

  /** Tells each level that the command has changed, once (7.1). */
  tellDepth(): void {
    for (const { side, price } of this.changedLevels) {
      const shown = this.book(side)
        .filter((order) => order.price === price)
        .reduce((sum, order) => sum + order.shown, 0);
      this.log.depth(this.state.sequence, side, price, shown);
    }
    this.changedLevels = [];
  }

  private fill(order: NaiveOrder, quantity: number): void {
    order.leaves -= quantity;
    if (order.leaves === 0) {
      this.leave(order, "gone");
    } else if (order.place === "on the book") {
      order.shown = Math.max(0, order.shown - quantity);
      this.note(order);
    }
  }

  private show(order: NaiveOrder): void {
    order.priority = this.nextPriority();
    order.shown = order.display === 0 ? order.leaves : Math.min(order.display, order.leaves);
    this.note(order);
  }

  private note({ side, price }: NaiveOrder): void {
    const isNoted = this.changedLevels.some((at) => at.side === side && at.price === price);
    if (!isNoted) this.changedLevels.push({ side, price });
  }

  private nextPriority(): number {
    this.state.arrivals += 1;
    return this.state.arrivals;
  }

  private roomOnBook(order: NaiveOrder): Code {
    if (this.isFull()) return Code.BOOK_FULL;
    const standing = this.book(order.side);
    const leaves = standing.reduce((sum, other) => sum + other.leaves, order.leaves);
    if (leaves > UNITS_MAX) return Code.BOOK_FULL;
    const prices = new Set(standing.map((other) => other.price)).add(order.price);
    return prices.size > this.limits.levelsPerSideMax ? Code.LEVELS_FULL : Code.OK;
  }

  private roomToWait(order: NaiveOrder): Code {
    if (this.isFull()) return Code.BOOK_FULL;
    if (!isStop(order.type)) return Code.OK;
    const trailing = this.waiting().filter((other) => other.trail > 0);
    const isOneMore = order.trail > 0 && trailing.length >= this.limits.trailingStopsMax;
    if (isOneMore) return Code.TRAILING_STOPS_FULL;
    const stops = this.waiting().filter((other) => isStop(other.type) && other.side === order.side);
    const prices = new Set(stops.map((other) => other.stopPrice));
    const isNewPrice = !prices.has(order.stopPrice);
    const isFull = isNewPrice && prices.size >= this.limits.levelsPerSideMax;
    return isFull ? Code.LEVELS_FULL : Code.OK;
  }

  /** An order on its way takes no slot of another's: an amended or triggered one has its own again. */
  private isFull(): boolean {
    const settled = this.orders.filter((order) => order.place !== "on its way");
    return settled.length >= this.limits.restingOrdersMax;
  }
}
