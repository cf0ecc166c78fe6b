/**
 * Sends an order flow through the gateway, either at a fixed rate whatever happens (open loop: what is late counts from
 * when it was due) or as fast as a window of outstanding orders lets it.
 */
import type { AccountEvent, AccountPosition } from "../../proto/gen/exchange/v1/exchange.js";
import { Desk, type Venue } from "../../services/participants/desk.js";
import { ClientLog } from "../../services/participants/client-log.js";
import { OrderFlow } from "./flow.js";
import type { Holdings } from "./holdings.js";
import { MessageSizes } from "./message-sizes.js";
import { MomentsKeeper } from "./moments.js";
import type { LoadOptions } from "./options.js";
import { Outages } from "./outages.js";
import type { LoadResult } from "./process.js";
import { spread } from "./spread.js";
import { RECENT_MS } from "../../services/participants/recent-dues.js";
import { type Counts, OrderTracker } from "../../services/participants/tracker.js";

/** Orders sent in one turn of the event loop, so that answers are read in between. */
const BURST_ORDERS_MAX = 500;
/** An order sent later than this after it was due is one with which this process itself did not keep up. */
const LATE_SEND_MS = 20;
/** How long reports are awaited after the last order, and how long silence has to be to be the end. */
const REPORT_LIMIT_MS = 60_000;
const SILENCE_MS = 1_500;
/** Where nothing is written down, nobody judges whether something was told twice, long after. */
const UNWRITTEN_SILENCE_MS = 300;
const POLL_MS = 20;
/**
 * So many orders of each symbol rest whatever is due: about as many cancels fall due as orders rest, so that where answers
 * are fast nothing would be left for crossing orders to meet. Of many symbols fewer do: else a short run would never have more
 * of any, and so no cancels.
 */
export const RESTING_MIN_PER_SYMBOL = 16;
const RESTING_MIN_OF_ALL = 1_000;
const RESTING_LEAST_PER_SYMBOL = 4;
const MS_PER_SECOND = 1_000;

type Stopped = Pick<LoadResult, "seconds" | "reportedInTime" | "dueEarly" | "reportedOfDueEarly">;
const NOTHING_SENT: Stopped = { seconds: 0, reportedInTime: 0, dueEarly: 0, reportedOfDueEarly: 0 };

export class Load {
  private readonly options: LoadOptions;
  private readonly log: ClientLog;
  private readonly sizes = new MessageSizes();
  private readonly keeper: MomentsKeeper | undefined;
  private readonly tracker: OrderTracker;
  private readonly desk: Desk;
  private readonly flow: OrderFlow;
  private readonly holdings: Holdings;
  private pacer: NodeJS.Timeout | undefined;
  private startedMs = 0;
  private sent = 0;
  /** What had been sent when it started last. */
  private sentBefore = 0;
  private lateSends = 0;
  private dueWhileLost = 0;
  private readonly outages = new Outages();
  /** What was so when the last order had been sent, of the last time that it sent. */
  private stopped = NOTHING_SENT;
  private reportedBefore = 0;

  constructor(options: LoadOptions, venue: Venue, holdings: Holdings) {
    this.options = options;
    this.holdings = holdings;
    this.log = new ClientLog(options.logFile);
    this.keeper = options.keepsMoments ? new MomentsKeeper() : undefined;
    const spared = restingMin(holdings.groups.flat().length);
    this.tracker = new OrderTracker(this.log, this.keeper, spared);
    this.desk = new Desk(spread(this.sizes.over(venue), options.streams), this.tracker);
    this.flow = new OrderFlow(options.seed, holdings.groups.flat(), options);
  }

  get counts(): Counts {
    return this.tracker.counts;
  }

  takeEvents(events: readonly AccountEvent[]): void {
    const now = performance.now();
    for (const event of events) this.tracker.takeEvent(event, now);
    if (this.options.ordersPerSecond === 0) this.fillWindow();
  }

  /** Begins to send, or goes on after a rest. */
  start(): void {
    this.startedMs = performance.now();
    this.tracker.timedFromMs = this.startedMs + this.options.leadInSeconds * MS_PER_SECOND;
    this.sentBefore = this.sent;
    this.reportedBefore = this.tracker.counts.reported;
    clearInterval(this.pacer);
    this.pacer = setInterval(() => this.pace(), this.options.paceMs);
  }

  /** Sends no more. */
  halt(): Stopped {
    if (this.pacer === undefined) return this.stopped;
    const now = performance.now();
    this.outages.look(this.desk.isOpen, now);
    this.countUnsent(now);
    clearInterval(this.pacer);
    this.pacer = undefined;
    const early = now - RECENT_MS;
    this.stopped = {
      seconds: (now - this.startedMs) / MS_PER_SECOND,
      reportedInTime: this.tracker.counts.reported - this.reportedBefore,
      dueEarly: Math.max(0, this.dueBy(early, this.options.ordersPerSecond) - this.sentBefore),
      reportedOfDueEarly: this.tracker.reportedOfDueBy(early) - this.reportedBefore,
    };
    return this.stopped;
  }

  /** What it is told begins at these positions. */
  subscribed(positions: readonly AccountPosition[]): void {
    this.log.subscribed(positions);
  }

  /** The same; waits for every report, then for silence; gives what was measured. */
  async rest(): Promise<LoadResult> {
    const now = () => performance.now();
    const stopped = this.halt();
    const fromMs = now();
    const deadline = fromMs + REPORT_LIMIT_MS;
    while (!this.desk.isAnswered && now() < deadline) await pause();
    const silenceMs = this.options.logFile === undefined ? UNWRITTEN_SILENCE_MS : SILENCE_MS;
    while (now() - Math.max(this.tracker.lastEventMs, fromMs) < silenceMs) await pause();
    this.log.rest();
    const { acceptLatency, fillLatency, outstanding, resolved, timed } = this.tracker;
    return {
      ...this.tracker.counts,
      ...stopped,
      lateSends: this.lateSends,
      dueWhileLost: this.dueWhileLost,
      timed,
      unreported: outstanding,
      resolved,
      sent: this.sizes.sent,
      moments: this.keeper?.moments ?? null,
      acceptLatency: acceptLatency.encode(),
      fillLatency: fillLatency.encode(),
    };
  }

  /** The same, for good. */
  async stop(): Promise<LoadResult> {
    const result = await this.rest();
    this.desk.close();
    this.log.end();
    return result;
  }

  private pace(): void {
    const { ordersPerSecond } = this.options;
    if (ordersPerSecond === 0) return this.fillWindow();
    const now = performance.now();
    this.outages.look(this.desk.isOpen, now);
    const due = this.dueBy(now, ordersPerSecond);
    const lateMs = now - LATE_SEND_MS;
    if (this.sent >= due || this.dueMsOf(this.sent + 1) >= lateMs) this.keeper?.punctual(now);
    const until = Math.min(due, this.sent + BURST_ORDERS_MAX);
    if (!this.desk.isOpen || this.sent >= until) return;
    while (this.sent < until) {
      const dueMs = this.dueMsOf(this.sent + 1);
      if (dueMs < lateMs) this.countLate(dueMs);
      this.order(this.options.timedFrom === "sent" ? now : dueMs);
    }
    this.desk.flush();
  }

  /** How many orders are to have been sent by then, at this rate. */
  private dueBy(nowMs: number, ordersPerSecond: number): number {
    const elapsedSeconds = (nowMs - this.startedMs) / MS_PER_SECOND;
    return this.sentBefore + Math.floor(elapsedSeconds * ordersPerSecond);
  }

  /** When an order of an open loop is due, by its number. */
  private dueMsOf(order: number): number {
    const dueSeconds = (order - this.sentBefore) / this.options.ordersPerSecond;
    return this.startedMs + dueSeconds * MS_PER_SECOND;
  }

  private countLate(dueMs: number): void {
    if (this.outages.hadDue(dueMs)) this.dueWhileLost += 1;
    else this.lateSends += 1;
  }

  /** Orders of an open loop that were due well before and have not been sent. */
  private countUnsent(nowMs: number): void {
    const last = this.dueBy(nowMs - LATE_SEND_MS, this.options.ordersPerSecond);
    for (let order = this.sent + 1; order <= last; order++) this.countLate(this.dueMsOf(order));
  }

  private fillWindow(): void {
    if (this.pacer === undefined || !this.desk.isOpen) return;
    const now = performance.now();
    const { window, atMostPerSecond } = this.options;
    const allowed = atMostPerSecond === 0 ? Infinity : this.dueBy(now, atMostPerSecond) - this.sent;
    const room = Math.min(window - this.tracker.outstanding, allowed, BURST_ORDERS_MAX);
    for (let n = 0; n < room; n++) this.order(now);
    this.desk.flush();
  }

  /** One order, and the cancels that are due with it, as far as more orders rest than are to. */
  private order(dueMs: number): void {
    this.sent += 1;
    const { firstAccount, accounts, name } = this.options;
    const { wish, isCrossing } = this.flow.next();
    const nth = this.flow.pick(this.holdings.ownersAmong(accounts));
    const account = firstAccount + this.holdings.owner(wish.symbol, nth);
    this.desk.place(account, `${name}-${this.sent}`, wish, isCrossing, dueMs);
    while (this.flow.takeCancel()) {
      const resting = this.tracker.takeResting();
      if (resting) this.desk.cancel(resting);
    }
  }
}

/** Orders of each of so many symbols that are never cancelled. */
export function restingMin(symbols: number): number {
  const share = Math.max(RESTING_LEAST_PER_SYMBOL, Math.floor(RESTING_MIN_OF_ALL / symbols));
  return Math.min(RESTING_MIN_PER_SYMBOL, share);
}

function pause(): Promise<void> {
  return new Promise((wake) => setTimeout(wake, POLL_MS));
}
