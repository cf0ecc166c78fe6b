import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Code } from "../../actors/kernel/codes.js";
import { Side } from "../../actors/kernel/order.js";
import type { MarketEvent } from "../../actors/market/market-events.js";
import { Phase } from "../../actors/market/phase.js";
import { DepthBook } from "../../actors/marketdata/depth-book.js";
import { DepthChanges } from "../../actors/marketdata/depth-changes.js";
import { judgeAnnouncement, judgeFrame } from "../../actors/marketdata/event-position.js";
import { mergedChanges, stepsOf } from "../../actors/marketdata/market-steps.js";

interface Level {
  readonly side: Side;
  readonly price: number;
  readonly quantity: number;
}

const level: fc.Arbitrary<Level> = fc.record({
  side: fc.constantFrom(Side.Buy, Side.Sell),
  price: fc.integer({ min: 1, max: 12 }),
  quantity: fc.integer({ min: 0, max: 3 }),
});
const levels = fc.array(level, { maxLength: 60 });

/** The book as plain as can be: the last word about each price, sorted at the end. */
function plainly(told: readonly Level[]): { bids: number[][]; asks: number[][] } {
  const of = (side: Side) => {
    const last = new Map<number, number>();
    for (const each of told) if (each.side === side) last.set(each.price, each.quantity);
    const direction = side === Side.Buy ? -1 : 1;
    return [...last].filter(([, quantity]) => quantity > 0).sort(([a], [b]) => (a - b) * direction);
  };
  return { bids: of(Side.Buy), asks: of(Side.Sell) };
}

function shown(book: DepthBook): { bids: unknown; asks: unknown } {
  return { bids: book.levels(Side.Buy), asks: book.levels(Side.Sell) };
}

function bookOf(told: readonly Level[]): DepthBook {
  const book = new DepthBook();
  for (const { side, price, quantity } of told) book.set(side, price, quantity);
  return book;
}

function changesOf(told: readonly Level[]): DepthChanges {
  const changes = new DepthChanges();
  for (const { side, price, quantity } of told) changes.set(side, price, quantity);
  return changes;
}

describe("a depth book", () => {
  it("holds the last word about each price, best first", () => {
    fc.assert(
      fc.property(levels, (told) => {
        const book = bookOf(told);
        expect(shown(book)).toEqual(plainly(told));
        expect(book.size(Side.Buy)).toBe(plainly(told).bids.length);
      }),
    );
  });

  it("is the snapshot and all diffs after it, however they were merged", () => {
    const batches = fc.array(fc.array(level, { maxLength: 8 }), { maxLength: 12 });
    fc.assert(
      fc.property(levels, batches, fc.array(fc.boolean()), (before, diffs, isMerged) => {
        const book = bookOf(before);
        let pending = new DepthChanges();
        for (const [at, diff] of diffs.entries()) {
          pending.merge(changesOf(diff));
          if (isMerged[at]) continue;
          book.apply(pending);
          pending = new DepthChanges();
        }
        book.apply(pending);
        expect(shown(book)).toEqual(plainly([...before, ...diffs.flat()]));
      }),
    );
  });

  it("becomes another by the difference, which is empty only where they are the same", () => {
    fc.assert(
      fc.property(levels, levels, (one, other) => {
        const [book, wanted] = [bookOf(one), bookOf(other)];
        const difference = book.differenceTo(wanted);
        const areSame = JSON.stringify(shown(book)) === JSON.stringify(shown(wanted));
        expect(difference.isEmpty).toBe(areSame);
        book.apply(difference);
        expect(shown(book)).toEqual(shown(wanted));
      }),
    );
  });

  it("compares its top with lists of levels; an empty list means an empty side", () => {
    const book = bookOf([
      { side: Side.Buy, price: 9, quantity: 1 },
      { side: Side.Buy, price: 8, quantity: 2 },
      { side: Side.Sell, price: 11, quantity: 3 },
    ]);
    expect(book.isTopped([[9, 1]], [[11, 3]])).toBe(true);
    const both = [
      [9, 1],
      [8, 2],
    ] as const;
    expect(book.isTopped(both, [[11, 3]])).toBe(true);
    expect(book.isTopped([[8, 2]], [[11, 3]])).toBe(false);
    expect(book.isTopped([[9, 2]], [[11, 3]])).toBe(false);
    expect(book.isTopped([[9, 1]], [])).toBe(false);
    expect(bookOf([]).isTopped([], [])).toBe(true);
  });
});

describe("the events of a frame", () => {
  const depth = (sequence: number, price: number, quantity: number): MarketEvent => ({
    kind: "depth",
    sequence,
    side: Side.Buy,
    price,
    quantity,
  });
  const trade = (sequence: number, tradeId: number): MarketEvent => ({
    kind: "trade",
    sequence,
    tradeId,
    price: 1,
    quantity: 1,
    takerSide: Side.Sell,
  });

  it("are grouped by the command behind them", () => {
    const steps = stepsOf([
      depth(3, 10, 1),
      trade(5, 1),
      trade(5, 2),
      depth(5, 10, 0),
      depth(6, 9, 4),
    ]);
    expect(steps.map(({ sequence, trades }) => [sequence, trades.length])).toEqual([
      [3, 0],
      [5, 2],
      [6, 0],
    ]);
    expect([...mergedChanges(steps).bids]).toEqual([
      [10, 0],
      [9, 4],
    ]);
    expect([...steps[0]!.changes.bids]).toEqual([[10, 1]]);
  });

  it("keep each phase, and the last of what an uncross would give", () => {
    const code = Code.PHASE_BY_OPERATOR;
    const phase = {
      kind: "phase",
      sequence: 7,
      phase: Phase.OpeningAuction,
      until: 0,
      code,
    } as const;
    const indicative = {
      kind: "indicative",
      sequence: 7,
      price: 10,
      volume: 4,
      surplus: -2,
    } as const;
    const last = { ...indicative, volume: 5 };
    const steps = stepsOf([phase, indicative, last, depth(8, 9, 4)]);
    expect(steps).toMatchObject([
      { phases: [phase], indicative: last },
      { phases: [], indicative: null },
    ]);
    expect(steps[0]!.changes.isEmpty).toBe(true);
  });

  it("are none in an empty frame", () => {
    expect(stepsOf([])).toEqual([]);
    expect(mergedChanges([]).isEmpty).toBe(true);
  });
});

describe("where a listener stands", () => {
  const at = { token: 5, eventBatch: 20 };

  it("takes only the frame that follows under the same token", () => {
    const judge = (token: number, batch: number, previousBatch: number) =>
      judgeFrame(at, { token, batch, previousBatch });
    expect(judge(5, 23, 20)).toBe("next");
    expect(judge(5, 23, 21)).toBe("gap");
    expect(judge(5, 20, 18)).toBe("seen");
    expect(judge(4, 23, 20)).toBe("lower-token");
    expect(judge(6, 23, 20)).toBe("new-token");
  });

  it("learns from an announcement what it lacks", () => {
    const judge = (token: number, eventBatch: number) =>
      judgeAnnouncement(at, { token, eventBatch });
    expect(judge(5, 20)).toBe("seen");
    expect(judge(5, 21)).toBe("gap");
    expect(judge(6, 20)).toBe("new-token");
    expect(judge(4, 99)).toBe("lower-token");
  });
});
