/** A market's view under a bus that loses, doubles, delays and reorders, against what Postgres would hold. */
import fc from "fast-check";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { ByteWriter } from "../../actors/kernel/bytes.js";
import type { EventFrame } from "../../actors/kernel/event-frame.js";
import { Code } from "../../actors/kernel/codes.js";
import { Side } from "../../actors/kernel/order.js";
import { encodeMarketEvent, type MarketEvent } from "../../actors/market/market-events.js";
import { MarketState } from "../../actors/market/market-state.js";
import { isAuction, Phase } from "../../actors/market/phase.js";
import { DepthBook } from "../../actors/marketdata/depth-book.js";
import { DepthChanges } from "../../actors/marketdata/depth-changes.js";
import {
  type DepthUpdate,
  type FeedIndicative,
  type FeedPhase,
  type FeedTrade,
  MarketView,
} from "../../services/feed/market-view.js";
import type { Clock } from "../../services/ports/clock.js";
import type { MarketSnapshot, TradeRow } from "../../services/ports/reads.js";

const ACTOR = 1025;
const TURNS_MAX = 500;

/** Waits are one turn of the event loop: only the order of things matters here. */
const QUICK_CLOCK: Clock = {
  now: () => 0,
  after: (_, callback) => {
    const turn = setImmediate(callback);
    return () => clearImmediate(turn);
  },
  soon: setImmediate,
};

function turn(): Promise<void> {
  return new Promise((done) => setImmediate(done));
}

/** A market that has committed what it was told; the truth that the view must come to. */
class Committed {
  readonly book = new DepthBook();
  readonly trades: TradeRow[] = [];
  token = 1;
  batch = 0;
  eventBatch = 0;
  sequence = 0;
  phase: Phase = Phase.Continuous;
  /** What an uncross would trade now. */
  volume = 0;
  /** Reads that are still to fail. */
  failures = 0;

  /** One batch of commands, each with changed levels and perhaps trades or another phase. Returns its frame. */
  commit(commands: readonly Command[]): EventFrame {
    const writer = new ByteWriter();
    for (const command of commands) {
      this.sequence += 1;
      for (const event of this.eventsOf(command)) encodeMarketEvent(writer, event);
    }
    const previousBatch = this.eventBatch;
    this.batch += 1;
    if (writer.length > 0) this.eventBatch = this.batch;
    const { token, batch } = this;
    const events = writer.take();
    return { actor: ACTOR, token, batch, previousBatch, time: batch, events, replies: events };
  }

  async marketSnapshot(): Promise<MarketSnapshot> {
    await turn();
    this.fail();
    const state = new MarketState();
    state.sequence = this.sequence;
    state.tradeId = this.trades.length;
    state.phase = this.phase;
    state.indicativeVolume = this.volume;
    const levels = [Side.Buy, Side.Sell].flatMap((side) =>
      this.book.levels(side).map(([price, quantity]) => ({ side, price, quantity })),
    );
    const { token, eventBatch, batch } = this;
    const snapshot = { token, eventBatch, time: batch, state: state.encode(), levels };
    await turn(); // The answer takes its time; more is committed meanwhile.
    return snapshot;
  }

  async trades_(afterTradeId: number, tradesMax: number): Promise<TradeRow[]> {
    await turn();
    this.fail();
    return this.trades.slice(afterTradeId, afterTradeId + tradesMax);
  }

  private fail(): void {
    if (this.failures === 0) return;
    this.failures -= 1;
    throw new Error("not now");
  }

  private eventsOf({ levels, trades, phase, volume }: Command): MarketEvent[] {
    const { sequence } = this;
    const events: MarketEvent[] = [];
    if (phase !== null && phase !== this.phase) {
      this.phase = phase;
      this.volume = 0;
      events.push({ kind: "phase", sequence, phase, until: 0, code: Code.PHASE_BY_OPERATOR });
    }
    if (isAuction(this.phase) && volume !== this.volume) {
      this.volume = volume;
      events.push({ kind: "indicative", sequence, price: 5, volume, surplus: -1 });
    }
    for (let n = 0; n < trades; n++) {
      const tradeId = this.trades.length + 1;
      const trade = { sequence, tradeId, price: 5, quantity: n + 1, takerSide: Side.Buy };
      this.trades.push({ ...trade, time: this.batch + 1 });
      events.push({ kind: "trade", ...trade });
    }
    for (const { side, price, quantity } of levels) {
      this.book.set(side, price, quantity);
      events.push({ kind: "depth", sequence, side, price, quantity });
    }
    return events;
  }
}

interface Command {
  readonly levels: readonly {
    readonly side: Side;
    readonly price: number;
    readonly quantity: number;
  }[];
  readonly trades: number;
  readonly phase: Phase | null;
  readonly volume: number;
}

/** What a subscriber would have: a snapshot of the view, and the diffs after it. */
class Subscriber {
  readonly trades: number[] = [];
  book: DepthBook | null = null;
  sequence = 0;
  view: MarketView | null = null;
  phase: Phase | null = null;
  volume = 0;

  traded(trade: FeedTrade): void {
    this.trades.push(trade.tradeId);
  }

  phaseChanged({ phase }: FeedPhase): void {
    this.phase = phase;
    this.volume = 0;
  }

  indicated({ volume }: FeedIndicative): void {
    this.volume = volume;
  }

  changed(merged: DepthUpdate, updates: readonly DepthUpdate[]): void {
    let at = merged.previous;
    const all = new DepthChanges();
    for (const update of updates) {
      expect(update.previous).toBe(at);
      at = update.sequence;
      all.merge(update.changes);
    }
    expect(at).toBe(merged.sequence);
    expect([...all.bids]).toEqual([...merged.changes.bids]);
    expect(merged.previous).toBe(this.sequence);
    this.book!.apply(merged.changes);
    this.sequence = merged.sequence;
  }

  replaced(): void {
    this.book = new DepthBook();
    this.book.apply(new DepthBook().differenceTo(this.view!.book!));
    this.sequence = this.view!.sequence;
    this.phase = this.view!.phase!.phase;
    this.volume = this.view!.indicative?.volume ?? 0;
  }
}

type Happening =
  | {
      readonly kind: "batch";
      readonly commands: readonly Command[];
      readonly heard: "once" | "twice" | "never" | "late";
    }
  | { readonly kind: "takeover" }
  | { readonly kind: "deposed" }
  | { readonly kind: "announce" }
  | { readonly kind: "reconnect" }
  | { readonly kind: "failures"; readonly count: number }
  | { readonly kind: "wait"; readonly turns: number };

const command: fc.Arbitrary<Command> = fc.record({
  levels: fc.array(
    fc.record({
      side: fc.constantFrom(Side.Buy, Side.Sell),
      price: fc.integer({ min: 1, max: 6 }),
      quantity: fc.integer({ min: 0, max: 2 }),
    }),
    { maxLength: 3 },
  ),
  trades: fc.integer({ min: 0, max: 2 }),
  phase: fc.constantFrom(null, null, Phase.Continuous, Phase.VolatilityAuction, Phase.Halted),
  volume: fc.integer({ min: 0, max: 3 }),
});

const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("batch" as const),
      commands: fc.array(command, { maxLength: 3 }),
      heard: fc.constantFrom("once", "once", "once", "twice", "never", "late"),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "takeover" } as const) },
  { weight: 1, arbitrary: fc.constant({ kind: "deposed" } as const) },
  { weight: 2, arbitrary: fc.constant({ kind: "announce" } as const) },
  { weight: 1, arbitrary: fc.constant({ kind: "reconnect" } as const) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("failures" as const),
      count: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("wait" as const),
      turns: fc.integer({ min: 1, max: 5 }),
    }),
  },
);

class Run {
  readonly market = new Committed();
  readonly subscriber = new Subscriber();
  readonly view: MarketView;
  private late: EventFrame[] = [];

  constructor() {
    const { market } = this;
    const reads = {
      marketSnapshot: () => market.marketSnapshot(),
      trades: (_: number, after: number, max: number) => market.trades_(after, max),
    };
    const logger = pino({ level: "silent" });
    this.view = new MarketView(ACTOR, { reads, clock: QUICK_CLOCK, logger }, this.subscriber);
    this.subscriber.view = this.view;
    this.view.heal("subscribed");
  }

  async happen(what: Happening): Promise<void> {
    switch (what.kind) {
      case "batch":
        this.batch(what);
        break;
      case "takeover":
        this.market.token += 1;
        break;
      case "deposed":
        this.sayAsDeposed();
        break;
      case "announce":
        this.announce(this.market.token, this.market.eventBatch);
        break;
      case "reconnect":
        this.view.heal("reconnected");
        break;
      case "failures":
        this.market.failures = what.count;
        break;
      case "wait":
        for (let n = 0; n < what.turns; n++) await turn();
        break;
    }
  }

  /** The next announcement comes for sure; after that the view must be where the market is. */
  async settle(): Promise<void> {
    for (let n = 0; n < TURNS_MAX; n++) {
      this.announce(this.market.token, this.market.eventBatch);
      await turn();
      if (this.view.isCurrent && n > 3) return;
    }
    throw new Error("the view never became current");
  }

  private batch({ commands, heard }: Extract<Happening, { kind: "batch" }>): void {
    const frame = this.market.commit(commands);
    const overdue = this.late;
    this.late = [];
    if (frame.events.length > 0 && heard === "late") this.late.push(frame);
    else if (frame.events.length > 0 && heard !== "never") {
      this.view.takeFrame(frame);
      if (heard === "twice") this.view.takeFrame(frame);
    }
    for (const each of overdue) this.view.takeFrame(each);
  }

  /** A leader that was deposed before it committed says things that never were. */
  private sayAsDeposed(): void {
    if (this.market.token === 1) return;
    const writer = new ByteWriter();
    const sequence = this.market.sequence + 1;
    encodeMarketEvent(writer, { kind: "depth", sequence, side: Side.Buy, price: 99, quantity: 99 });
    const { eventBatch, token } = this.market;
    const said = {
      actor: ACTOR,
      token: token - 1,
      batch: eventBatch + 5,
      previousBatch: eventBatch,
    };
    const events = writer.take();
    // Heard only by who already knows the new leader: nobody else can tell, and a deposed host says nothing uncommitted.
    if (this.view.token === token)
      this.view.takeFrame({ ...said, time: 0, events, replies: events });
    this.announce(token - 1, eventBatch + 5);
  }

  private announce(token: number, eventBatch: number): void {
    const { batch } = this.market;
    const names = { name: "market.X", node: "n", anchor: 1, marks: [], lags: [] };
    if (token < this.view.token || token === this.market.token) {
      this.view.takeAnnouncement({ actor: ACTOR, token, batch, eventBatch, ...names });
    }
  }
}

function shown(book: DepthBook | null): unknown {
  return book && [book.levels(Side.Buy), book.levels(Side.Sell)];
}

describe("a market's view", () => {
  it("comes to the committed book and phase, and tells each trade after its first reading once, in order", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { maxLength: 60 }), async (happenings) => {
        const run = new Run();
        for (const each of happenings) await run.happen(each);
        await run.settle();
        expect(shown(run.view.book)).toEqual(shown(run.market.book));
        expect(shown(run.subscriber.book)).toEqual(shown(run.market.book));
        const { trades } = run.subscriber;
        const first = trades[0] ?? run.market.trades.length + 1;
        const expected = run.market.trades.slice(first - 1).map(({ tradeId }) => tradeId);
        expect(trades).toEqual(expected);
        expect(run.view.phase!.phase).toBe(run.market.phase);
        expect(run.subscriber.phase).toBe(run.market.phase);
        expect(run.subscriber.volume).toBe(run.market.volume);
        run.view.close();
      }),
      { numRuns: 300 },
    );
  });

  it("forgets what an auction would have come to when the next one begins in the same batch", async () => {
    const run = new Run();
    await run.settle();
    const none = { levels: [], trades: 0 };
    const commands = [
      { ...none, phase: Phase.VolatilityAuction, volume: 1 },
      { ...none, phase: Phase.Continuous, volume: 0 },
      { ...none, phase: Phase.VolatilityAuction, volume: 0 },
    ];
    await run.happen({ kind: "batch", commands, heard: "once" });
    await run.settle();
    expect(run.subscriber.volume).toBe(0);
    run.view.close();
  });

  it("does not read Postgres while frames follow each other", async () => {
    const run = new Run();
    await run.settle();
    let reads = 0;
    const snapshot = run.market.marketSnapshot.bind(run.market);
    run.market.marketSnapshot = () => {
      reads += 1;
      return snapshot();
    };
    const levels = [{ side: Side.Buy, price: 3, quantity: 1 }];
    const commands = [{ levels, trades: 1, phase: null, volume: 0 }];
    for (let n = 0; n < 5; n++) await run.happen({ kind: "batch", commands, heard: "once" });
    await run.happen({ kind: "announce" });
    expect(reads).toBe(0);
    expect(run.subscriber.trades).toEqual([1, 2, 3, 4, 5]);
    await run.happen({ kind: "batch", commands, heard: "never" });
    await run.happen({ kind: "batch", commands, heard: "once" });
    await run.settle();
    expect(reads).toBe(1);
    expect(run.subscriber.trades).toEqual([1, 2, 3, 4, 5, 6, 7]);
    run.view.close();
  });
});
