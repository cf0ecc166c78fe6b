/** What an engine takes at most (rule book, 2.4, 2.5 and 4.4; R11), and mass cancels. */
import { describe, expect, it } from "vitest";
import { UNITS_MAX } from "../../actors/kernel/limits.js";
import { SelfTrade, Side } from "../../actors/kernel/order.js";
import { Phase } from "../../actors/market/phase.js";
import {
  AT_THE_CLOSE,
  Desk,
  ENGINES,
  FILL_OR_KILL,
  goodFor,
  IMMEDIATE,
  restored,
  stopAt,
  stopLimitAt,
} from "../helpers/engine.js";

describe.each(ENGINES)("%s: limits", (_, Engine) => {
  describe("of open orders (2.5)", () => {
    const full = (): Desk => {
      const desk = new Desk(Engine, { limits: { restingOrdersMax: 3 } });
      desk.buy(1, 99, 5);
      desk.sell(2, 105, 5);
      desk.buy(3, 110, 5, stopLimitAt(108));
      return desk;
    };

    it("count what waits, and end what finds no room", () => {
      const desk = full();
      expect(desk.buy(4, 98, 5)).toEqual(["4 ends with 5 left: BOOK_FULL"]);
      expect(desk.buy(5, 110, 5, stopAt(109))).toEqual(["5 ends with 5 left: BOOK_FULL"]);
      expect(desk.buy(6, 99, 5, AT_THE_CLOSE)).toEqual(["6 ends with 5 left: BOOK_FULL"]);
      expect(desk.depth).toEqual([]);
    });

    it("do not hinder a taker, of which only the rest ends", () => {
      const desk = full();
      expect(desk.buy(4, 105, 3)).toEqual(["4 takes 3 at 105 from 2"]);
      expect(desk.sell(5, 99, 8)).toEqual(["5 takes 5 at 99 from 1", "5 rests with 3 at 99"]);
      expect(desk.buy(6, 98, 5, IMMEDIATE)).toEqual(["6 ends with 5 left: IMMEDIATE_REMAINDER"]);
    });

    it("leave an amended and a triggered order its own slot", () => {
      const desk = full();
      expect(desk.amend(1, { price: 98, change: 2 })).toEqual([
        "1 is amended to 7 at 98, off the book",
        "1 rests with 7 at 98",
      ]);
      expect(desk.amend(3, { stopPrice: 107 })).toHaveLength(2);
      desk.amend(2, { price: 107 });
      expect(desk.buy(4, 107, 1)).toEqual([
        "4 takes 1 at 107 from 2",
        "3 is triggered",
        "3 takes 4 at 107 from 2",
        "3 rests with 1 at 110",
      ]);
    });
  });

  it("of the leaves of a side (2.5)", () => {
    const desk = new Desk(Engine);
    desk.buy(1, 99, 5);
    // As much as thousands of the largest orders would be.
    const leaves = UNITS_MAX - 5;
    const huge = { ...desk.engine.find(1)!, leaves, shown: leaves };
    desk.engine = restored(desk.engine, Engine, {}, [huge]);
    expect(desk.buy(2, 98, 6)).toEqual(["2 ends with 6 left: BOOK_FULL"]);
    expect(desk.sell(3, 101, 6)).toEqual(["3 rests with 6 at 101"]);
    expect(desk.buy(4, 98, 5)).toEqual(["4 rests with 5 at 98"]);
    expect(desk.buy(5, 97, 1)).toEqual(["5 ends with 1 left: BOOK_FULL"]);
    desk.reduce(1, 1);
    expect(desk.buy(6, 97, 1)).toEqual(["6 rests with 1 at 97"]);
  });

  describe("of levels (2.5)", () => {
    it("of a side of the book", () => {
      const desk = new Desk(Engine, { limits: { levelsPerSideMax: 2 } });
      desk.buy(1, 99, 5);
      desk.buy(2, 98, 5);
      expect(desk.buy(3, 97, 5)).toEqual(["3 ends with 5 left: LEVELS_FULL"]);
      expect(desk.buy(4, 99, 5)).toEqual(["4 rests with 5 at 99"]);
      expect(desk.sell(5, 101, 5)).toEqual(["5 rests with 5 at 101"]);
      expect(desk.amend(2, { price: 97 })).toHaveLength(2);
      expect(desk.amend(1, { price: 96 })).toEqual([
        "1 is amended to 5 at 96, off the book",
        "1 ends with 5 left: LEVELS_FULL",
      ]);
    });

    it("of stop prices, counted apart, by side", () => {
      const desk = new Desk(Engine, { limits: { levelsPerSideMax: 1 } });
      desk.buy(1, 99, 5);
      expect(desk.buy(2, 110, 5, stopAt(105))).toEqual(["2 waits with 5"]);
      expect(desk.buy(3, 110, 5, stopAt(106))).toEqual(["3 ends with 5 left: LEVELS_FULL"]);
      expect(desk.buy(4, 110, 5, stopLimitAt(105))).toEqual(["4 waits with 5"]);
      expect(desk.sell(5, 90, 5, stopAt(95))).toEqual(["5 waits with 5"]);
      expect(desk.buy(6, 98, 5, AT_THE_CLOSE)).toEqual(["6 waits with 5"]);
      expect(desk.amend(2, { stopPrice: 104 })).toEqual([
        "2 is amended to 5 at 110, off the book",
        "2 ends with 5 left: LEVELS_FULL",
      ]);
    });

    it("of the closing auction", () => {
      const desk = new Desk(Engine, { limits: { levelsPerSideMax: 1 } });
      desk.buy(1, 99, 5);
      desk.buy(2, 98, 5, AT_THE_CLOSE);
      expect(desk.phase(Phase.ClosingAuction)).toEqual([
        "closing-auction begins: PHASE_BY_OPERATOR",
        "2 ends with 5 left: LEVELS_FULL",
      ]);
    });
  });

  describe("of makers that one taker meets (2.4)", () => {
    const deep = (): Desk => {
      const desk = new Desk(Engine, { limits: { sweepMakersMax: 3, expiriesAtOnceMax: 1 } });
      for (const id of [1, 2, 3, 4]) desk.sell(id, 101, 1, { account: 7 });
      return desk;
    };

    it("end the rest of it, unless nobody more stands in its way", () => {
      const desk = deep();
      expect(desk.buy(5, 101, 9).at(-1)).toBe("5 ends with 6 left: SWEEP_LIMIT");
      expect(desk.asks).toEqual(["4: 1 at 101"]);
      desk.sell(6, 101, 1);
      desk.sell(7, 101, 1);
      expect(desk.buy(8, 101, 9).at(-1)).toBe("8 rests with 6 at 101");
    });

    it("count what ends on being met, and refilled parts", () => {
      const own = { account: 7, selfTrade: SelfTrade.CancelOldest };
      expect(deep().buy(5, 101, 9, own).at(-1)).toBe("5 ends with 9 left: SWEEP_LIMIT");
      const desk = new Desk(Engine, { limits: { sweepMakersMax: 3, expiriesAtOnceMax: 1 } });
      desk.sell(10, 101, 4, { display: 1 });
      expect(desk.buy(11, 101, 4).at(-1)).toBe("11 ends with 1 left: SWEEP_LIMIT");
      desk.cancel(10);
      for (const id of [20, 21, 22, 23, 24]) desk.sell(id, 101, 1, goodFor(1));
      desk.wait(1);
      expect(desk.buy(25, 101, 1).at(-1)).toBe("25 ends with 1 left: SWEEP_LIMIT");
    });

    it("end the look of fill or kill (2.2)", () => {
      const desk = deep();
      expect(desk.buy(5, 101, 4, FILL_OR_KILL)).toEqual(["5 ends with 4 left: FOK_NOT_FILLABLE"]);
      expect(desk.buy(6, 101, 3, FILL_OR_KILL)).toHaveLength(3);
    });

    it("are counted for each stop of a wave by itself", () => {
      const desk = deep();
      desk.buy(5, 101, 2, stopAt(101));
      expect(desk.buy(6, 101, 2).slice(-3)).toEqual([
        "5 is triggered",
        "5 takes 1 at 101 from 3",
        "5 takes 1 at 101 from 4",
      ]);
    });
  });
});

describe.each(ENGINES)("%s: mass cancels (4.4)", (_, Engine) => {
  const filled = (limits = {}): Desk => {
    const desk = new Desk(Engine, { limits });
    desk.sell(1, 106, 5, { account: 7 });
    desk.sell(2, 105, 5, { account: 8 });
    desk.sell(3, 105, 5, { account: 7 });
    desk.buy(4, 120, 5, { account: 7, ...stopAt(110) });
    desk.sell(5, 90, 5, { account: 7, ...stopAt(95) });
    desk.buy(6, 98, 5, { account: 7 });
    desk.buy(7, 99, 5, { account: 8, owner: 7 });
    return desk;
  };
  const ended = (told: string[]): string[] =>
    told.map((line) => {
      expect(line).toMatch(/: CANCELLED_BY_OPERATOR$/);
      return line.split(" ")[0]!;
    });

  it("end all: bids from the best, asks from the best, then what waits", () => {
    expect(ended(filled().massCancel())).toEqual(["7", "6", "2", "3", "1", "4", "5"]);
  });

  it("end those of an account, not of an owner", () => {
    expect(ended(filled().massCancel(7))).toEqual(["6", "3", "1", "4", "5"]);
    expect(ended(filled().massCancel(9))).toEqual([]);
  });

  it("end those of a side", () => {
    expect(ended(filled().massCancel(0, Side.Buy))).toEqual(["7", "6", "4"]);
    expect(ended(filled().massCancel(7, Side.Sell))).toEqual(["3", "1", "5"]);
  });

  it("end so many at most", () => {
    const desk = filled({ massCancelOrdersMax: 3 });
    expect(ended(desk.massCancel(7))).toEqual(["6", "3", "1"]);
    expect(ended(desk.massCancel(7))).toEqual(["4", "5"]);
  });

  it("do not count pairs, which end beside", () => {
    const desk = new Desk(Engine, { limits: { massCancelOrdersMax: 2 } });
    desk.buy(1, 99, 5, { pair: 2 });
    desk.buy(2, 110, 5, { ...stopAt(108), pair: 1 });
    desk.buy(3, 98, 5);
    desk.buy(4, 97, 5);
    expect(desk.massCancel()).toEqual([
      "1 ends with 5 left: CANCELLED_BY_OPERATOR",
      "2 ends with 5 left: PAIR_DONE",
      "3 ends with 5 left: CANCELLED_BY_OPERATOR",
    ]);
    expect(desk.depth).toEqual(["bid 99: 0", "bid 98: 0"]);
  });

  it("are taken in a closed market, and tell of an auction what changes", () => {
    const desk = filled();
    desk.phase(Phase.Closed);
    expect(desk.massCancel(8)).toHaveLength(2);
    desk.phase(Phase.OpeningAuction);
    desk.buy(8, 106, 1);
    expect(desk.massCancel(0, Side.Sell).at(-1)).toBe("indicative: 0 at 0, surplus 0");
  });
});
