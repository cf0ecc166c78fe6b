/**
 * The matching engine that trades: numbers in typed arrays, each operation constant in time or
 * nearly so, and no garbage on the way of ordinary orders. It keeps the rules of `RULEBOOK.md`,
 * which `NaiveEngine` keeps in plain words.
 */
import { assert } from "../../kernel/assert.js";
import { Code } from "../../kernel/codes.js";
import type { StateHash } from "../../kernel/hash.js";
import type { Instrument } from "../../kernel/instrument.js";
import { OrderRequest, type Side } from "../../kernel/order.js";
import {
  type AmendRequest,
  isOrdinary,
  type MatchingEngine,
  type OpenOrder,
  type OrderRows,
} from "../engine.js";
import { DEFAULT_LIMITS, type EngineLimits } from "../engine-limits.js";
import { EventKind, type EventLog } from "../event-log.js";
import { MarketState, type ScheduledPhase } from "../market-state.js";
import { OrderEntry } from "../order-entry.js";
import { isUncrossed, Phase } from "../phase.js";
import type { MarketRules } from "../rules.js";
import { Admission } from "./admission.js";
import { Amendments } from "./amendments.js";
import { Arrivals } from "./arrivals.js";
import { FastBook } from "./fast-book.js";
import { checkOpenOrder, checkOrders } from "./invariants.js";
import { ordersInOrderOfEnding, ordersOnBook, ordersWaiting } from "./order-groups.js";
import { OrderLife } from "./order-life.js";
import { OrderRecord } from "./order-record.js";
import { OrdinaryOrders } from "./ordinary-orders.js";
import { OrdinaryTakers } from "./ordinary-takers.js";
import { Phases } from "./phases.js";
import { Stops } from "./stops.js";
import { Sweep } from "./sweep.js";

const CONTINUOUS = Phase.Continuous;
const OK = Code.OK;
const TOO_LATE = Code.TOO_LATE;
const CANCELLED_BY_CLIENT = Code.CANCELLED_BY_CLIENT;

export class FastEngine implements MatchingEngine {
  readonly state: MarketState;
  readonly log: EventLog;
  private readonly orders: FastBook;
  private readonly life: OrderLife;
  private readonly phases: Phases;
  private readonly stops: Stops;
  private readonly admission: Admission;
  private readonly ordinary: OrdinaryOrders;
  private readonly takers: OrdinaryTakers;
  private readonly arrivals: Arrivals;
  private readonly amendments: Amendments;
  /** Filled again for each order that is put back: a book may have a million of them. */
  private readonly restored = new OrderEntry();
  /** The listing that the ladders were last fitted to. */
  private instrument: Instrument | null = null;

  constructor(state: MarketState = new MarketState(), limits: Partial<EngineLimits> = {}) {
    this.state = state;
    this.orders = new FastBook(state, { ...DEFAULT_LIMITS, ...limits });
    this.life = new OrderLife(this.orders);
    this.log = this.life.log;
    this.phases = new Phases(this.life);
    const sweep = new Sweep(this.life, this.phases);
    this.stops = new Stops(this.life, sweep);
    this.admission = new Admission(state);
    this.ordinary = new OrdinaryOrders(this.orders, this.log, this.admission);
    this.takers = new OrdinaryTakers(this.life, sweep, this.ordinary);
    this.arrivals = new Arrivals(this.life, sweep);
    this.amendments = new Amendments(this.life, this.arrivals);
  }

  enter(entry: OrderEntry): void {
    this.begin();
    const isPlainlyGood = this.admission.isPlainlyGood(entry);
    if (isPlainlyGood && this.ordinary.enter(entry)) return;
    if (!isPlainlyGood || !this.takers.enter(entry)) this.arrivals.enter(entry, isPlainlyGood);
    this.finish();
  }

  cancel(orderId: number): void {
    this.begin();
    const { index } = this.orders;
    const place = index.placeOf(orderId);
    const isContinuous = this.state.phase === CONTINUOUS;
    if (place < 0) {
      this.refuse(orderId, OrderRequest.Cancel, TOO_LATE);
      if (isContinuous) return;
    } else {
      if (isContinuous && this.ordinary.cancel(place)) return;
      this.life.end(index.slotAt(place), CANCELLED_BY_CLIENT);
    }
    this.finish();
  }

  /** 4.2. An iceberg shows what it showed, at most what it leaves open. */
  reduce(orderId: number, leaves: number): void {
    this.begin();
    const { orders, index } = this.orders;
    const slot = index.find(orderId);
    if (slot === 0) {
      this.refuse(orderId, OrderRequest.Reduce, TOO_LATE);
    } else if (leaves >= orders.leaves(slot)) {
      this.refuse(orderId, OrderRequest.Reduce, Code.REDUCE_NOT_BELOW_LEAVES);
    } else if (leaves < 1) {
      this.life.end(slot, CANCELLED_BY_CLIENT);
    } else {
      const shown = orders.shown(slot);
      this.orders.lower(slot, leaves, shown < leaves ? shown : leaves);
      this.life.tell(EventKind.Reduced, slot, OK);
    }
    this.finish();
  }

  amend(request: AmendRequest): void {
    this.begin();
    const slot = this.orders.index.find(request.orderId);
    if (slot !== 0 && this.ordinary.amend(slot, request)) return;
    const code = slot === 0 ? TOO_LATE : this.amendments.amend(slot, request);
    if (code !== OK) this.refuse(request.orderId, OrderRequest.Amend, code);
    this.finish();
  }

  /** 4.4. */
  massCancel(account: number, side: Side | 0): void {
    this.begin();
    const { orders, limits } = this.orders;
    const isMeant = (slot: number): boolean =>
      (account === 0 || orders.account(slot) === account) &&
      (side === 0 || orders.side(slot) === side);
    let left = limits.massCancelOrdersMax;
    while (left > 0) {
      const meant = ordersInOrderOfEnding(this.orders, isMeant, left);
      if (meant.length === 0) break;
      for (const slot of meant) {
        if (!orders.isOpen(slot)) continue;
        this.life.end(slot, Code.CANCELLED_BY_OPERATOR);
        left -= 1;
      }
    }
    this.finish();
  }

  changePhase(phase: Phase, until: number): void {
    this.begin();
    this.phases.change(phase, until, Code.PHASE_BY_OPERATOR);
    this.finish();
  }

  /** 6.5. The breaker's window begins anew when its length changes (6.2). */
  setRules(rules: MarketRules): void {
    this.begin();
    const { state } = this;
    if (rules.breakerWindowSeconds !== state.rules.breakerWindowSeconds) state.window.clear();
    state.rules = rules;
    this.finish();
  }

  setSchedule(schedule: readonly ScheduledPhase[]): void {
    this.begin();
    this.state.schedule = schedule;
    this.finish();
  }

  /** 5.7 and 7.2. */
  advance(time: number): void {
    this.state.time = time;
    while (this.changePhaseIfDue());
    if (this.phases.isLookDue()) {
      this.begin();
      this.phases.look();
      this.finish();
    } else {
      this.state.hasDayOrders = false;
    }
  }

  due(): number {
    const { state } = this;
    if (state.hasDayOrders) return 0;
    const { expiries, orders } = this.orders;
    const first = expiries.first();
    let due = first === 0 ? Infinity : orders.expires(first);
    if (state.phaseUntil > 0) due = Math.min(due, state.phaseUntil);
    const [next] = state.schedule;
    return next ? Math.min(due, next.time) : due;
  }

  find(orderId: number): OpenOrder | undefined {
    const slot = this.orders.index.find(orderId);
    return slot === 0 ? undefined : this.record(slot);
  }

  book(side: Side): OpenOrder[] {
    return ordersOnBook(this.orders, side).map((slot) => this.record(slot));
  }

  waiting(): OpenOrder[] {
    return ordersWaiting(this.orders).map((slot) => this.record(slot));
  }

  count(side: Side): number {
    return this.orders.count(side);
  }

  /** The best price of a side; 0: nobody stands there. */
  bestPrice(side: Side): number {
    const level = this.orders.ladder(side).best;
    return level === 0 ? 0 : this.orders.levels.price(level);
  }

  /**
   * Writes price and shown quantity of a side's best levels into an array, in turn, as many as it
   * takes. Returns how many.
   */
  depth(side: Side, into: Float64Array): number {
    const { levels } = this.orders;
    const ladder = this.orders.ladder(side);
    let count = 0;
    for (let at = ladder.best; at !== 0 && count * 2 < into.length; at = ladder.after(at)) {
      into[count * 2] = levels.price(at);
      into[count * 2 + 1] = levels.shown(at);
      count += 1;
    }
    return count;
  }

  takeRows(rows: OrderRows): void {
    this.orders.changes.takeRows(rows);
  }

  restore(order: OpenOrder): void {
    const { orderId, account, side, price, leaves, timeInForce } = order;
    const entry = this.restored.reset(orderId, account, side, price, leaves, timeInForce);
    entry.owner = order.owner;
    entry.type = order.type;
    entry.stopPrice = order.stopPrice;
    entry.display = order.display;
    entry.expires = order.expires;
    entry.pair = order.pair;
    entry.selfTrade = order.selfTrade;
    entry.postOnly = order.postOnly;
    entry.trail = order.trail;
    const slot = this.orders.open(entry);
    if (order.shown > 0) this.orders.stand(slot, order.priority, order.shown);
    else this.orders.queue(slot, order.priority);
    // One at a time, so that nothing is left to do at once for a million.
    this.orders.changes.markStored();
    if (!this.isPlainlyWhole(order)) checkOpenOrder(this.orders, slot);
  }

  /**
   * The state's hash, which whoever loads compares, holds for each order; what it cannot tell is
   * looked at here.
   */
  finishLoading(): void {
    const { state, orders } = this;
    orders.finishLoading();
    assert(!isUncrossed(state.phase) || !orders.isCrossed(), "a crossed book was stored (R8)");
  }

  addTo(hash: StateHash): void {
    this.orders.changes.addTo(hash);
  }

  checkInvariants(): void {
    checkOrders(this.orders);
  }

  /** Bytes of its arrays, the log's apart. */
  get bytes(): number {
    return this.orders.bytes;
  }

  /** 7.1: each command takes one number of the sequence. */
  private begin(): void {
    const { state } = this;
    state.sequence += 1;
    if (state.instrument !== this.instrument) this.adopt(state.instrument);
  }

  /** Then what was triggered, the indicative price, and each level that has changed. */
  private finish(): void {
    this.stops.followAndTrigger();
    if (this.state.phase !== CONTINUOUS) this.phases.tellIndicative();
    this.orders.tellDepth(this.log);
  }

  private adopt(instrument: Instrument | null): void {
    this.instrument = instrument;
    if (instrument) this.orders.fit(instrument.tick);
  }

  /** One change of phase that the time brings; false: there is none. */
  private changePhaseIfDue(): boolean {
    const { state, phases } = this;
    const [next] = state.schedule;
    const isOver = state.phaseUntil > 0 && state.phaseUntil <= state.time;
    const isScheduled = next !== undefined && next.time <= state.time;
    if (isOver && !(isScheduled && next.time < state.phaseUntil)) {
      this.begin();
      phases.change(Phase.Continuous, 0, Code.PHASE_BY_TIME);
      this.finish();
      return true;
    }
    if (!isScheduled) return false;
    state.schedule = state.schedule.slice(1);
    if (next.phase === state.phase) return true;
    this.begin();
    phases.change(next.phase, 0, Code.PHASE_BY_SCHEDULE);
    this.finish();
    return true;
  }

  /** Can an order stand like this, as nearly all that are put back do? */
  private isPlainlyWhole(order: OpenOrder): boolean {
    const { leaves, priority } = order;
    return (
      leaves > 0 &&
      order.shown === leaves &&
      priority > 0 &&
      priority <= this.state.arrivals &&
      isOrdinary(order)
    );
  }

  private refuse(orderId: number, request: OrderRequest, code: Code): void {
    this.log.refused(this.state.sequence, orderId, request, code);
  }

  private record(slot: number): OpenOrder {
    return new OrderRecord().read(this.orders.orders, slot);
  }
}
