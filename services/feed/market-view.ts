/**
 * One market as the feed sees it: a book from a snapshot in Postgres and the event frames after it. Frames are sent after
 * their commit, so nothing is told that could be undone (R3). Whatever may be missing (a jump, a new leader, a higher
 * batch announced, a lost connection) is read from Postgres, and listeners get the difference, with the missed trades.
 *
 * A frame that leads to a reading need not be kept: it was committed before, so what is read includes it.
 */
import type { Logger } from "pino";
import { MalformedError } from "../../actors/kernel/bytes.js";
import { Code } from "../../actors/kernel/codes.js";
import type { Announcement, EventFrame } from "../../actors/kernel/event-frame.js";
import type { Side } from "../../actors/kernel/order.js";
import { decodeMarketEvents } from "../../actors/market/market-events.js";
import { MarketState } from "../../actors/market/market-state.js";
import { isAuction, type Phase } from "../../actors/market/phase.js";
import { DepthBook } from "../../actors/marketdata/depth-book.js";
import type { DepthChanges } from "../../actors/marketdata/depth-changes.js";
import {
  type EventPosition,
  judgeAnnouncement,
  judgeFrame,
} from "../../actors/marketdata/event-position.js";
import { type MarketStep, mergedChanges, stepsOf } from "../../actors/marketdata/market-steps.js";
import { type Clock, sleep } from "../ports/clock.js";
import type { MarketSnapshot, Reads } from "../ports/reads.js";
import { BUFFERED_FRAMES_MAX, RETRY_READ_AFTER_MS, TRADES_PER_PAGE } from "./limits.js";
import * as metrics from "./metrics.js";

export interface FeedTrade {
  readonly tradeId: number;
  readonly sequence: number;
  readonly price: number;
  readonly quantity: number;
  readonly takerSide: Side;
  /** Microseconds since 1970. */
  readonly time: number;
  readonly token: number;
}

/** What the book became after `previous`, up to `sequence`. */
export interface DepthUpdate {
  readonly changes: DepthChanges;
  readonly previous: number;
  readonly sequence: number;
  readonly time: number;
  readonly token: number;
}

/** The phase of a market, and when it ends by itself (0: it does not). */
export interface FeedPhase {
  readonly phase: Phase;
  readonly until: number;
  /** Why it has it, where that was heard; 0: it was read. */
  readonly code: number;
  readonly sequence: number;
  readonly time: number;
  readonly token: number;
}

/** What an uncross would give; 0, 0, 0: nothing would trade. A surplus of sellers is negative. */
export interface FeedIndicative {
  readonly price: number;
  readonly volume: number;
  readonly surplus: number;
  readonly sequence: number;
  readonly time: number;
  readonly token: number;
}

export interface ViewListener {
  traded(trade: FeedTrade): void;
  phaseChanged(phase: FeedPhase): void;
  /** Once for each batch that changed it. */
  indicated(indicative: FeedIndicative): void;
  /** The updates, one after the other, make the same as the merged one. */
  changed(merged: DepthUpdate, updates: readonly DepthUpdate[]): void;
  /** There is a book, the first or one that does not continue the one before. */
  replaced(): void;
}

export interface ViewDependencies {
  readonly reads: Pick<Reads, "marketSnapshot" | "trades">;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class MarketView {
  /** Of the last change; all of them stand at the same moment. */
  sequence = 0;
  time = 0;
  /** Null until it has been read once. */
  book: DepthBook | null = null;
  phase: FeedPhase | null = null;
  /** Null but in an auction. */
  indicative: FeedIndicative | null = null;
  private position: EventPosition = { token: 0, eventBatch: 0 };
  private readonly actor: number;
  private readonly deps: ViewDependencies;
  private readonly listener: ViewListener;
  private lastTradeId = 0;
  private buffered: EventFrame[] = [];
  private isStale = false;
  private isReading = false;
  private closed = false;

  constructor(actor: number, deps: ViewDependencies, listener: ViewListener) {
    this.actor = actor;
    this.deps = deps;
    this.listener = listener;
  }

  get bufferedFrames(): number {
    return this.buffered.length;
  }

  get token(): number {
    return this.position.token;
  }

  /** Is everything taken that is known to exist? */
  get isCurrent(): boolean {
    return this.book !== null && !this.isReading;
  }

  close(): void {
    this.closed = true;
  }

  takeFrame(frame: EventFrame): void {
    if (frame.actor !== this.actor || this.closed) return;
    if (this.isReading) {
      // Above the limit all are dropped; the next one then shows a gap.
      if (this.buffered.length >= BUFFERED_FRAMES_MAX) this.buffered = [];
      this.buffered.push(frame);
    } else {
      this.judge(frame);
    }
  }

  takeAnnouncement(announcement: Announcement): void {
    if (announcement.actor !== this.actor || this.isReading || this.closed) return;
    const verdict = judgeAnnouncement(this.position, announcement);
    if (verdict === "new-token") this.heal(verdict);
    else if (verdict === "gap") this.heal("announced");
  }

  /** Reads from Postgres what may be missing. */
  heal(reason: string): void {
    if (this.closed) return;
    metrics.heals.inc({ reason });
    this.deps.logger.info({ reason, ...this.position }, "reading the market from Postgres");
    this.buffered = [];
    this.isStale = true;
    if (!this.isReading) void this.read();
  }

  private async read(): Promise<void> {
    this.isReading = true;
    while (this.isStale && !this.closed) {
      this.isStale = false;
      try {
        const snapshot = await this.deps.reads.marketSnapshot(this.actor);
        const state = MarketState.decode(snapshot.state);
        await this.tellMissedTrades(snapshot, state.tradeId);
        if (this.closed) return;
        this.adoptPhase(snapshot, state);
        this.adopt(snapshot, state.sequence);
        this.lastTradeId = state.tradeId;
        this.takeBuffered();
      } catch (error) {
        this.deps.logger.warn({ error: String(error) }, "the market could not be read; again soon");
        this.isStale = true;
        await sleep(this.deps.clock, RETRY_READ_AFTER_MS);
      }
    }
    this.isReading = false;
  }

  /** Up to the snapshot's last trade; what came after it is in frames. */
  private async tellMissedTrades(snapshot: MarketSnapshot, lastTradeId: number): Promise<void> {
    if (!this.book) return;
    while (this.lastTradeId < lastTradeId && !this.closed) {
      const page = await this.deps.reads.trades(this.actor, this.lastTradeId, TRADES_PER_PAGE);
      const missed = page.filter(({ tradeId }) => tradeId <= lastTradeId);
      if (missed.length === 0) return;
      for (const trade of missed) this.tellTrade({ ...trade, token: snapshot.token });
    }
  }

  /** What has changed since it was last heard is told; the first time whoever asks is told. */
  private adoptPhase({ token, time }: MarketSnapshot, state: MarketState): void {
    const { phase, phaseUntil: until, sequence } = state;
    const { phase: before, indicative: indicatedBefore } = this;
    const at = { sequence, time, token };
    if (before?.phase !== phase || before.until !== until) {
      this.phase = { phase, until, code: Code.OK, ...at };
      if (before) this.listener.phaseChanged(this.phase);
    }
    const { indicativePrice: price, indicativeVolume: volume, indicativeSurplus: surplus } = state;
    this.indicative = isAuction(phase) ? { price, volume, surplus, ...at } : null;
    if (!before || !this.indicative) return;
    const isSame =
      indicatedBefore?.price === price &&
      indicatedBefore.volume === volume &&
      indicatedBefore.surplus === surplus;
    if (!isSame) this.listener.indicated(this.indicative);
  }

  private adopt(snapshot: MarketSnapshot, sequence: number): void {
    const before = this.book;
    const book = new DepthBook();
    for (const { side, price, quantity } of snapshot.levels) book.set(side, price, quantity);
    const { token, eventBatch, time } = snapshot;
    const previous = this.sequence;
    this.book = book;
    this.position = { token, eventBatch };
    this.sequence = sequence;
    this.time = time;
    if (!before || sequence < previous) {
      this.listener.replaced();
      return;
    }
    const changes = before.differenceTo(book);
    if (changes.isEmpty && sequence === previous) return;
    const update = { changes, previous, sequence, time, token };
    this.listener.changed(update, [update]);
  }

  private takeBuffered(): void {
    const frames = this.buffered;
    this.buffered = [];
    for (const frame of frames) if (!this.isStale) this.judge(frame);
  }

  private judge(frame: EventFrame): void {
    const verdict = judgeFrame(this.position, frame);
    metrics.framesTaken.inc({ verdict });
    if (verdict === "next") this.apply(frame);
    else if (verdict === "new-token" || verdict === "gap") this.heal(verdict);
  }

  private apply(frame: EventFrame): void {
    let steps: MarketStep[];
    try {
      steps = stepsOf(decodeMarketEvents(frame.events));
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      this.deps.logger.error({ error: String(error), batch: frame.batch }, "events are malformed");
      this.heal("malformed");
      return;
    }
    const { token, batch: eventBatch, time } = frame;
    this.position = { token, eventBatch };
    for (const step of steps) {
      for (const trade of step.trades) this.tellTrade({ ...trade, time, token });
      for (const phase of step.phases) this.tellPhase({ ...phase, time, token });
    }
    // What an auction would have come to that is over is nobody's any more, though the next one has begun in the same batch.
    const last = steps.findLast((step) => step.indicative !== null || step.phases.length > 0);
    const indicative = last?.indicative;
    if (indicative && this.phase && isAuction(this.phase.phase)) {
      this.indicative = { ...indicative, time, token };
      this.listener.indicated(this.indicative);
    }
    this.change(
      steps.filter(({ changes }) => !changes.isEmpty),
      frame,
    );
    metrics.deliverySeconds.observe(Math.max(0, Date.now() / 1_000 - time / 1_000_000));
  }

  private change(steps: readonly MarketStep[], { time, token }: EventFrame): void {
    const last = steps[steps.length - 1];
    if (!last || !this.book) return;
    const first = this.sequence;
    let previous = first;
    const updates: DepthUpdate[] = [];
    for (const { changes, sequence } of steps) {
      this.book.apply(changes);
      updates.push({ changes, previous, sequence, time, token });
      previous = sequence;
    }
    this.sequence = last.sequence;
    this.time = time;
    const changes = mergedChanges(steps);
    const { sequence } = last;
    const merged = { changes, previous: first, sequence, time, token };
    this.listener.changed(merged, updates);
  }

  private tellPhase(phase: FeedPhase): void {
    this.phase = phase;
    this.indicative = null;
    this.listener.phaseChanged(phase);
  }

  private tellTrade(trade: FeedTrade): void {
    this.lastTradeId = trade.tradeId;
    this.listener.traded(trade);
  }
}
