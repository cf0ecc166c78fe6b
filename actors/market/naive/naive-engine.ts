/**
 * The matching engine as one would explain it to a trader: the open orders in one array that is sorted or filtered whenever
 * somebody asks, each rule beside its number in `RULEBOOK.md`, and no cleverness. The fast engine is checked against it.
 */
import { Code } from "../../kernel/codes.js";
import type { StateHash } from "../../kernel/hash.js";
import { OrderRequest, Side, TimeInForce } from "../../kernel/order.js";
import { isStop } from "../../kernel/order-terms.js";
import type { AmendRequest, MatchingEngine, OpenOrder, OrderRows } from "../engine.js";
import { DEFAULT_LIMITS, type EngineLimits } from "../engine-limits.js";
import { EventKind, type EventLog } from "../event-log.js";
import {
  followedStopPrice,
  isTriggered,
  judgeAmend,
  judgeEntry,
  judgeRepriced,
  keepsPlace,
  repricedLimit,
} from "../ladder.js";
import { MarketState, type ScheduledPhase } from "../market-state.js";
import type { OrderEntry } from "../order-entry.js";
import { hashOrder } from "../order-hash.js";
import { isAuction, Phase } from "../phase.js";
import type { MarketRules } from "../rules.js";
import { auctionPrice } from "./naive-auction.js";
import { checkOrders } from "./naive-invariants.js";
import {
  asOpenOrder,
  isBeyond,
  isExpired,
  type NaiveOrder,
  newOrder,
  otherSide,
} from "./naive-order.js";
import { changePhase, endDayOrders } from "./naive-phases.js";
import { StoredOrders } from "./naive-rows.js";
import { take, tradedAtOnce } from "./naive-taker.js";
import { OpenOrders } from "./open-orders.js";

export class NaiveEngine implements MatchingEngine {
  readonly state: MarketState;
  readonly log: EventLog;
  private readonly orders: OpenOrders;
  private readonly stored = new StoredOrders();

  constructor(state: MarketState = new MarketState(), limits: Partial<EngineLimits> = {}) {
    this.state = state;
    this.orders = new OpenOrders(state, { ...DEFAULT_LIMITS, ...limits });
    this.log = this.orders.log;
  }

  enter(entry: OrderEntry): void {
    this.command(() => {
      const order = newOrder(entry);
      this.orders.add(order);
      const code = this.judge(entry, order);
      if (code === Code.OK) this.arrive(order);
      else this.orders.end(order, code);
    });
  }

  cancel(orderId: number): void {
    this.command(() => {
      const order = this.orders.find(orderId);
      if (order) this.orders.end(order, Code.CANCELLED_BY_CLIENT);
      else this.refuse(orderId, OrderRequest.Cancel, Code.TOO_LATE);
    });
  }

  /** 4.2. An iceberg shows what it showed, at most what it leaves open. */
  reduce(orderId: number, leaves: number): void {
    this.command(() => {
      const order = this.orders.find(orderId);
      if (!order) {
        this.refuse(orderId, OrderRequest.Reduce, Code.TOO_LATE);
      } else if (leaves >= order.leaves) {
        this.refuse(orderId, OrderRequest.Reduce, Code.REDUCE_NOT_BELOW_LEAVES);
      } else if (leaves < 1) {
        this.orders.end(order, Code.CANCELLED_BY_CLIENT);
      } else {
        this.orders.lower(order, leaves, Math.min(order.shown, leaves));
        this.orders.tell(EventKind.Reduced, order);
      }
    });
  }

  /** 4.1. */
  amend(request: AmendRequest): void {
    this.command(() => {
      const order = this.orders.find(request.orderId);
      if (!order || isExpired(order, this.state)) {
        this.refuse(request.orderId, OrderRequest.Amend, Code.TOO_LATE);
        return;
      }
      const after = {
        type: order.type,
        side: order.side,
        price: request.price || order.price,
        leaves: order.leaves + request.change,
        stopPrice: request.stopPrice || order.stopPrice,
        display: request.display || order.display,
      };
      const code = judgeAmend(order, after, this.state);
      const isKept = keepsPlace(order, after);
      if (code !== Code.OK) {
        this.refuse(order.orderId, OrderRequest.Amend, code);
      } else if (!isKept && this.isBarredFromTrading(order, after.price)) {
        this.refuse(order.orderId, OrderRequest.Amend, Code.POST_ONLY_WOULD_TRADE);
      } else if (isKept) {
        this.orders.lower(order, after.leaves, Math.min(order.shown, after.leaves));
        order.display = after.display;
        this.orders.tell(EventKind.Amended, order);
      } else {
        this.orders.leave(order, "on its way");
        Object.assign(order, after);
        this.orders.tell(EventKind.Amended, order);
        this.arrive(order);
      }
    });
  }

  /** 4.4. */
  massCancel(account: number, side: Side | 0): void {
    this.command(() => {
      let cancelled = 0;
      for (const order of this.orders.inOrderOfEnding()) {
        const isMeant =
          (account === 0 || order.account === account) && (side === 0 || order.side === side);
        if (!isMeant || order.place === "gone") continue;
        if (cancelled === this.orders.limits.massCancelOrdersMax) break;
        this.orders.end(order, Code.CANCELLED_BY_OPERATOR);
        cancelled += 1;
      }
    });
  }

  changePhase(phase: Phase, until: number): void {
    this.command(() => changePhase(this.orders, phase, until, Code.PHASE_BY_OPERATOR));
  }

  /** 6.5. The breaker's window begins anew when its length changes (6.2). */
  setRules(rules: MarketRules): void {
    this.command(() => {
      const { breakerWindowSeconds } = this.state.rules;
      if (rules.breakerWindowSeconds !== breakerWindowSeconds) this.state.window.clear();
      this.state.rules = rules;
    });
  }

  setSchedule(schedule: readonly ScheduledPhase[]): void {
    this.command(() => {
      this.state.schedule = schedule;
    });
  }

  /** 5.7 and 7.2. */
  advance(time: number): void {
    const { state } = this;
    state.time = time;
    for (;;) {
      const [next] = state.schedule;
      const isOver = state.phaseUntil > 0 && state.phaseUntil <= time;
      const isScheduled = next !== undefined && next.time <= time;
      if (isOver && !(isScheduled && next.time < state.phaseUntil)) {
        this.command(() => changePhase(this.orders, Phase.Continuous, 0, Code.PHASE_BY_TIME));
      } else if (isScheduled) {
        state.schedule = state.schedule.slice(1);
        if (next.phase === state.phase) continue;
        this.command(() => changePhase(this.orders, next.phase, 0, Code.PHASE_BY_SCHEDULE));
      } else {
        break;
      }
    }
    if (this.orders.expired().length > 0 || this.hasDayOrdersLeft())
      this.command(() => this.look());
    else state.hasDayOrders = false;
  }

  due(): number {
    const { state } = this;
    if (state.hasDayOrders) return 0;
    const times = this.orders.all().map((order) => order.expires);
    times.push(state.phaseUntil, state.schedule[0]?.time ?? 0);
    return Math.min(...times.filter((time) => time > 0), Infinity);
  }

  find(orderId: number): OpenOrder | undefined {
    const order = this.orders.find(orderId);
    return order && asOpenOrder(order);
  }

  book(side: Side): OpenOrder[] {
    return this.orders.book(side).map(asOpenOrder);
  }

  waiting(): OpenOrder[] {
    return this.orders.waiting().map(asOpenOrder);
  }

  count(side: Side): number {
    return this.orders.book(side).length;
  }

  takeRows(rows: OrderRows): void {
    this.stored.update(this.orders.all().map(asOpenOrder), rows);
  }

  restore(order: OpenOrder): void {
    this.orders.add({ ...order, place: order.shown > 0 ? "on the book" : "waiting" });
  }

  finishLoading(): void {
    this.checkInvariants();
    this.stored.reset(this.orders.all().map(asOpenOrder));
  }

  addTo(hash: StateHash): void {
    for (const order of this.orders.all()) hashOrder(hash, order);
  }

  checkInvariants(): void {
    checkOrders(this.orders);
  }

  /** 7.1: one number of the sequence; then what was triggered, the indicative price, and each level that has changed. */
  private command(work: () => void): void {
    this.state.sequence += 1;
    work();
    this.follow();
    this.trigger();
    this.tellIndicative();
    this.orders.tellDepth();
  }

  /** By the terms, the phase and the rules; then by its pair (1.7); then by what the book itself says. */
  private judge(entry: OrderEntry, order: NaiveOrder): Code {
    const code = judgeEntry(entry, this.state);
    if (code !== Code.OK) return code;
    const isSecondLeg = order.pair !== 0 && order.pair < order.orderId;
    if (isSecondLeg && !this.orders.pairOf(order)) return Code.PAIR_DONE;
    if (this.comesToWait(order)) return Code.OK;
    if (this.isBarredFromTrading(order, order.price)) {
      return entry.reprices ? this.reprice(order) : Code.POST_ONLY_WOULD_TRADE;
    }
    if (order.timeInForce === TimeInForce.FillOrKill) {
      return tradedAtOnce(this.orders, order) === order.leaves ? Code.OK : Code.FOK_NOT_FILLABLE;
    }
    if (entry.minQuantity === 0) return Code.OK;
    const isEnough = tradedAtOnce(this.orders, order) >= entry.minQuantity;
    return isEnough ? Code.OK : Code.MIN_QUANTITY_NOT_FILLABLE;
  }

  /** 1.6: it takes the nearest limit at which it rests. */
  private reprice(order: NaiveOrder): Code {
    const opposite = this.orders.best(otherSide(order.side))!;
    const price = repricedLimit(order.side, opposite.price, this.state);
    const code = judgeRepriced(price, order.leaves, this.state);
    if (code !== Code.OK) return code;
    order.price = price;
    this.orders.tell(EventKind.Amended, order);
    return Code.OK;
  }

  /** An order that was taken, new or amended: it waits, trades or rests. */
  private arrive(order: NaiveOrder): void {
    if (this.comesToWait(order)) this.orders.wait(order);
    else if (this.state.phase === Phase.Continuous) take(this.orders, order, false);
    else this.orders.rest(order);
  }

  /** 1.3 and 1.4. */
  private comesToWait({ type, timeInForce }: NaiveOrder): boolean {
    if (isStop(type)) return true;
    return timeInForce === TimeInForce.AtTheClose && this.state.phase !== Phase.ClosingAuction;
  }

  /** 1.6 and 4.1: would it trade at this price at once, and must not? */
  private isBarredFromTrading(order: NaiveOrder, price: number): boolean {
    const { phase } = this.state;
    const isBarred = phase === Phase.PostOnly || (phase === Phase.Continuous && order.postOnly);
    const opposite = this.orders.best(otherSide(order.side));
    if (!isBarred || !opposite || this.comesToWait(order)) return false;
    return !isBeyond(order.side, opposite.price, price);
  }

  /** 3.5: stops that trail the price come after it, without a word. */
  private follow(): void {
    for (const stop of this.orders.waiting()) {
      const { side, stopPrice, trail } = stop;
      stop.stopPrice = followedStopPrice(side, stopPrice, trail, this.state.lastPrice);
    }
  }

  /** 3.2: wave after wave, for as long as the market trades. */
  private trigger(): void {
    const { state, orders } = this;
    while (state.phase === Phase.Continuous) {
      const wave = orders
        .waiting()
        .filter((stop) => isStop(stop.type))
        .filter((stop) => isTriggered(stop.side, stop.stopPrice, state.lastPrice));
      if (wave.length === 0) return;
      for (const stop of wave) {
        // 3.3: whom a halt in mid-wave has spared goes on waiting.
        if (state.phase !== Phase.Continuous) break;
        if (stop.place === "waiting") this.execute(stop);
      }
      this.follow();
    }
  }

  /** From its trigger on it is a market or a limit order (1.3). */
  private execute(stop: NaiveOrder): void {
    const { orders } = this;
    if (isExpired(stop, this.state)) {
      orders.end(stop, Code.EXPIRED);
      return;
    }
    orders.becomeTaker(stop);
    take(orders, stop, true);
  }

  /** 5.6: announced when it changes. */
  private tellIndicative(): void {
    const { state, log } = this;
    if (!isAuction(state.phase)) return;
    const { price, volume, surplus } = auctionPrice(this.orders);
    const isSame =
      price === state.indicativePrice &&
      volume === state.indicativeVolume &&
      surplus === state.indicativeSurplus;
    if (isSame) return;
    state.indicativePrice = price;
    state.indicativeVolume = volume;
    state.indicativeSurplus = surplus;
    log.indicative(state.sequence, price, volume, surplus);
  }

  /** 7.2: day orders that are left of a session, then expired orders. */
  private look(): void {
    const { orders, state } = this;
    let most = orders.limits.expiriesAtOnceMax;
    if (state.hasDayOrders) most -= endDayOrders(orders, most);
    for (const order of orders.expired()) {
      if (order.place === "gone") continue;
      if (most === 0) break;
      orders.end(order, Code.EXPIRED);
      most -= 1;
    }
  }

  private hasDayOrdersLeft(): boolean {
    const isDay = ({ timeInForce }: NaiveOrder): boolean => timeInForce === TimeInForce.Day;
    return this.state.hasDayOrders && this.orders.all().some(isDay);
  }

  private refuse(orderId: number, request: OrderRequest, code: Code): void {
    this.log.refused(this.state.sequence, orderId, request, code);
  }
}
