/** Pairs: one cancels the other (rule book, 1.7). */
import { beforeEach, describe, expect, it } from "vitest";
import { SelfTrade } from "../../actors/kernel/order.js";
import { Phase } from "../../actors/market/phase.js";
import { Desk, ENGINES, goodFor, POST_ONLY, stopAt, stopLimitAt } from "../helpers/engine.js";

describe.each(ENGINES)("%s: pairs", (_, Engine) => {
  let desk: Desk;
  /** A profit to take at 110, a loss to stop at 95. */
  const enterPair = (): void => {
    desk.sell(1, 110, 5, { pair: 2 });
    desk.sell(2, 90, 5, { ...stopAt(95), pair: 1 });
  };
  beforeEach(() => {
    desk = new Desk(Engine);
    desk.tradeAt(100);
    enterPair();
  });

  it("stand side by side", () => {
    expect([desk.asks, desk.waiting]).toEqual([["1: 5 at 110"], [2]]);
  });

  it("end with the first trade of any quantity; what is left is of no pair any more", () => {
    expect(desk.buy(3, 110, 2)).toEqual([
      "3 takes 2 at 110 from 1",
      "2 ends with 5 left: PAIR_DONE",
    ]);
    expect(desk.engine.find(1)).toMatchObject({ leaves: 3, pair: 0 });
    expect(desk.cancel(1)).toEqual(["1 ends with 3 left: CANCELLED_BY_CLIENT"]);
  });

  it("end when the other is triggered, before its trades", () => {
    desk.buy(3, 95, 1);
    desk.buy(4, 94, 9);
    expect(desk.sell(5, 95, 1)).toEqual([
      "5 takes 1 at 95 from 3",
      "2 is triggered",
      "1 ends with 5 left: PAIR_DONE",
      "2 takes 5 at 94 from 4",
    ]);
    expect(desk.depth).toEqual(["bid 95: 0", "ask 110: 0", "bid 94: 4"]);
  });

  it("end with the other, however that ends", () => {
    expect(desk.cancel(2)).toEqual([
      "2 ends with 5 left: CANCELLED_BY_CLIENT",
      "1 ends with 5 left: PAIR_DONE",
    ]);
    enterPair();
    expect(desk.massCancel()).toEqual([
      "1 ends with 5 left: CANCELLED_BY_OPERATOR",
      "2 ends with 5 left: PAIR_DONE",
    ]);
  });

  it("live on through amends and reduces", () => {
    desk.amend(1, { price: 109, change: 1 });
    desk.reduce(2, 3);
    expect(desk.engine.find(1)).toMatchObject({ pair: 2 });
    expect(desk.cancel(1)).toEqual([
      "1 ends with 6 left: CANCELLED_BY_CLIENT",
      "2 ends with 3 left: PAIR_DONE",
    ]);
  });

  describe("the second leg", () => {
    it("is refused when the first has ended", () => {
      expect(desk.sell(12, 110, 5, { pair: 11 })).toEqual(["12 ends with 5 left: PAIR_DONE"]);
    });

    it("is refused when the first has traded, which lives on", () => {
      desk.sell(11, 109, 5, { pair: 12 });
      desk.buy(10, 109, 1);
      expect(desk.sell(12, 90, 5, { ...stopAt(95), pair: 11 })).toEqual([
        "12 ends with 5 left: PAIR_DONE",
      ]);
      expect(desk.engine.find(11)).toMatchObject({ leaves: 4, pair: 0 });
    });

    it("is refused when the first has been triggered", () => {
      desk.sell(11, 96, 5, { ...stopLimitAt(97), pair: 12 });
      desk.buy(10, 97, 1);
      desk.sell(14, 97, 1);
      expect(desk.sell(12, 110, 5, { pair: 11 })).toEqual(["12 ends with 5 left: PAIR_DONE"]);
    });

    it("is refused when the first names another", () => {
      expect(desk.sell(12, 110, 5, { pair: 1 })).toEqual(["12 ends with 5 left: PAIR_DONE"]);
      expect(desk.engine.find(1)).toMatchObject({ pair: 2 });
    });

    it("refused for another reason, ends the first", () => {
      desk.sell(11, 109, 5, { pair: 12 });
      expect(desk.sell(12, 90, 5, { ...stopAt(101), pair: 11 })).toEqual([
        "12 ends with 5 left: STOP_ALREADY_TRIGGERED",
        "11 ends with 5 left: PAIR_DONE",
      ]);
    });

    it("refused by the book, ends the first", () => {
      desk.sell(11, 109, 5, { pair: 12 });
      desk.buy(10, 105, 1);
      expect(desk.sell(12, 105, 5, { ...POST_ONLY, pair: 11 })).toEqual([
        "12 ends with 5 left: POST_ONLY_WOULD_TRADE",
        "11 ends with 5 left: PAIR_DONE",
      ]);
    });

    it("that trades on arrival ends the first after its first trade", () => {
      desk.sell(11, 109, 5, { pair: 12 });
      desk.buy(10, 105, 1);
      desk.buy(13, 104, 1);
      expect(desk.sell(12, 104, 5, { pair: 11 })).toEqual([
        "12 takes 1 at 105 from 10",
        "11 ends with 5 left: PAIR_DONE",
        "12 takes 1 at 104 from 13",
        "12 rests with 3 at 104",
      ]);
    });
  });

  it("on both sides of a trade both end, the maker's first, behind the maker's refill", () => {
    desk = new Desk(Engine);
    desk.sell(1, 101, 9, { pair: 2, display: 3 });
    desk.sell(2, 103, 9, { pair: 1 });
    desk.buy(3, 97, 3, { pair: 4 });
    expect(desk.buy(4, 102, 3, { pair: 3 })).toEqual([
      "4 takes 3 at 101 from 1",
      "1 shows 3 of 6 again",
      "2 ends with 9 left: PAIR_DONE",
      "3 ends with 3 left: PAIR_DONE",
    ]);
  });

  it("that trade with each other both end", () => {
    desk = new Desk(Engine);
    desk.sell(1, 101, 9, { pair: 2, display: 3 });
    expect(desk.buy(2, 101, 5, { pair: 1 })).toEqual([
      "2 takes 3 at 101 from 1",
      "1 shows 3 of 6 again",
      "2 ends with 2 left: PAIR_DONE",
      "1 ends with 6 left: PAIR_DONE",
    ]);
    desk.sell(3, 101, 9, { pair: 4 });
    expect(desk.buy(4, 101, 5, { pair: 3 })).toEqual([
      "4 takes 5 at 101 from 3",
      "3 ends with 4 left: PAIR_DONE",
    ]);
  });

  it.each([
    [
      SelfTrade.CancelNewest,
      ["4 ends with 5 left: SELF_TRADE_PREVENTED", "3 ends with 9 left: PAIR_DONE"],
    ],
    [
      SelfTrade.CancelOldest,
      ["3 ends with 9 left: SELF_TRADE_PREVENTED", "4 ends with 5 left: PAIR_DONE"],
    ],
    [
      SelfTrade.CancelBoth,
      ["3 ends with 9 left: SELF_TRADE_PREVENTED", "4 ends with 5 left: PAIR_DONE"],
    ],
  ])("that meet under self-trade mode %d both end", (selfTrade, told) => {
    desk = new Desk(Engine);
    desk.sell(3, 101, 9, { account: 7, pair: 4 });
    expect(desk.buy(4, 101, 5, { account: 7, pair: 3, selfTrade })).toEqual(told);
  });

  it("that are decremented: the smaller ends, so does the other", () => {
    desk = new Desk(Engine);
    const own = { account: 7, selfTrade: SelfTrade.Decrement };
    desk.sell(3, 101, 9, { account: 7, pair: 4 });
    expect(desk.buy(4, 101, 5, { ...own, pair: 3 })).toEqual([
      "3 is reduced to 4: SELF_TRADE_PREVENTED",
      "4 ends with 5 left: SELF_TRADE_PREVENTED",
      "3 ends with 4 left: PAIR_DONE",
    ]);
    desk.sell(5, 101, 5, { account: 7, pair: 6 });
    expect(desk.buy(6, 101, 9, { ...own, pair: 5 })).toEqual([
      "5 ends with 5 left: SELF_TRADE_PREVENTED",
      "6 ends with 9 left: PAIR_DONE",
    ]);
  });

  it("of a maker's may stand further on in the way of the taker", () => {
    desk = new Desk(Engine);
    desk.sell(1, 101, 3, { pair: 2 });
    desk.sell(2, 102, 3, { pair: 1 });
    desk.sell(3, 103, 3);
    expect(desk.buy(4, 103, 9)).toEqual([
      "4 takes 3 at 101 from 1",
      "2 ends with 3 left: PAIR_DONE",
      "4 takes 3 at 103 from 3",
      "4 rests with 3 at 103",
    ]);
  });

  it("end in an uncross, and the uncross goes on without them", () => {
    desk = new Desk(Engine, { phase: Phase.PreOpen });
    desk.sell(1, 100, 3, { pair: 2 });
    desk.sell(2, 100, 3, { pair: 1 });
    desk.sell(3, 102, 3);
    desk.buy(4, 102, 6);
    expect(desk.phase(Phase.Continuous)).toEqual([
      "continuous begins: PHASE_BY_OPERATOR",
      "4 takes 3 at 100 from 1 in auction",
      "2 ends with 3 left: PAIR_DONE",
      "4 takes 3 at 102 from 3 in auction",
    ]);
    expect(desk.engine.state.sessionReference).toBe(102);
  });

  it("end with one that expires, once", () => {
    desk.sell(11, 109, 5, { ...goodFor(1), pair: 12 });
    desk.sell(12, 90, 5, { ...stopLimitAt(95), ...goodFor(1), pair: 11 });
    expect(desk.wait(1)).toEqual([
      "11 ends with 5 left: EXPIRED",
      "12 ends with 5 left: PAIR_DONE",
    ]);
  });
});
