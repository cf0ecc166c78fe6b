/** Self-trade prevention (rule book, 2.3): the mode of the taker rules. */
import { beforeEach, describe, expect, it } from "vitest";
import { SelfTrade } from "../../actors/kernel/order.js";
import { Phase } from "../../actors/market/phase.js";
import { Desk, ENGINES, stopLimitAt } from "../helpers/engine.js";

const MAKER = { account: 7 };
const NEWEST = { account: 7, selfTrade: SelfTrade.CancelNewest };
const OLDEST = { account: 7, selfTrade: SelfTrade.CancelOldest };
const BOTH = { account: 7, selfTrade: SelfTrade.CancelBoth };
const DECREMENT = { account: 7, selfTrade: SelfTrade.Decrement };

describe.each(ENGINES)("%s: self-trade prevention", (_, Engine) => {
  let desk: Desk;
  beforeEach(() => {
    desk = new Desk(Engine);
  });

  it("none: they trade, whatever the maker's mode", () => {
    desk.sell(1, 101, 3, BOTH);
    expect(desk.buy(2, 101, 3, { account: 7 })).toEqual(["2 takes 3 at 101 from 1"]);
  });

  it("cancel newest: the taker ends when it meets its own, and not before", () => {
    desk.sell(1, 101, 3);
    desk.sell(2, 102, 3, MAKER);
    expect(desk.buy(3, 102, 9, NEWEST)).toEqual([
      "3 takes 3 at 101 from 1",
      "3 ends with 6 left: SELF_TRADE_PREVENTED",
    ]);
    expect(desk.asks).toEqual(["2: 3 at 102"]);
    expect(desk.depth).toEqual(["ask 101: 0"]);
  });

  it("cancel oldest: its own end, and the taker goes on", () => {
    desk.sell(1, 101, 3, MAKER);
    desk.sell(2, 102, 3);
    expect(desk.buy(3, 102, 9, OLDEST)).toEqual([
      "1 ends with 3 left: SELF_TRADE_PREVENTED",
      "3 takes 3 at 102 from 2",
      "3 rests with 6 at 102",
    ]);
    expect(desk.depth).toEqual(["ask 101: 0", "ask 102: 0", "bid 102: 6"]);
  });

  it("cancel both: maker, then taker", () => {
    desk.sell(1, 101, 3, MAKER);
    desk.sell(2, 102, 3);
    expect(desk.buy(3, 102, 9, BOTH)).toEqual([
      "1 ends with 3 left: SELF_TRADE_PREVENTED",
      "3 ends with 9 left: SELF_TRADE_PREVENTED",
    ]);
  });

  describe("decrement", () => {
    it("takes a smaller maker's leaves off the taker, which goes on", () => {
      desk.sell(1, 101, 3, MAKER);
      desk.sell(2, 102, 3);
      expect(desk.buy(3, 102, 9, DECREMENT)).toEqual([
        "1 ends with 3 left: SELF_TRADE_PREVENTED",
        "3 is reduced to 6: SELF_TRADE_PREVENTED",
        "3 takes 3 at 102 from 2",
        "3 rests with 3 at 102",
      ]);
    });

    it("takes a smaller taker's leaves off the maker, which keeps its place", () => {
      desk.sell(1, 101, 9, MAKER);
      desk.sell(2, 101, 3);
      expect(desk.buy(3, 102, 4, DECREMENT)).toEqual([
        "1 is reduced to 5: SELF_TRADE_PREVENTED",
        "3 ends with 4 left: SELF_TRADE_PREVENTED",
      ]);
      expect(desk.asks).toEqual(["1: 5 at 101", "2: 3 at 101"]);
      expect(desk.depth).toEqual(["ask 101: 8"]);
    });

    it("ends both of the same size", () => {
      desk.sell(1, 101, 4, MAKER);
      expect(desk.buy(3, 102, 4, DECREMENT)).toEqual([
        "1 ends with 4 left: SELF_TRADE_PREVENTED",
        "3 ends with 4 left: SELF_TRADE_PREVENTED",
      ]);
    });

    it("takes from what an iceberg shows first, and refills it when that is used up", () => {
      desk.sell(1, 101, 50, { ...MAKER, display: 10 });
      desk.sell(2, 101, 5);
      expect(desk.buy(3, 101, 4, DECREMENT)).toEqual([
        "1 is reduced to 46, showing 6: SELF_TRADE_PREVENTED",
        "3 ends with 4 left: SELF_TRADE_PREVENTED",
      ]);
      expect(desk.asks).toEqual(["1: 6 of 46 at 101", "2: 5 at 101"]);
      expect(desk.buy(4, 101, 16, DECREMENT)).toEqual([
        "1 is reduced to 30: SELF_TRADE_PREVENTED",
        "1 shows 10 of 30 again",
        "4 ends with 16 left: SELF_TRADE_PREVENTED",
      ]);
      expect(desk.asks).toEqual(["2: 5 at 101", "1: 10 of 30 at 101"]);
    });
  });

  it("goes by the owner, be it a group of accounts", () => {
    desk.sell(1, 101, 3, { account: 7, owner: 70 });
    desk.sell(2, 101, 3, { account: 8, owner: 80 });
    expect(
      desk.buy(3, 101, 3, { account: 8, owner: 70, selfTrade: SelfTrade.CancelOldest }),
    ).toEqual(["1 ends with 3 left: SELF_TRADE_PREVENTED", "3 takes 3 at 101 from 2"]);
  });

  it("stays with an order through rest and amend", () => {
    desk.sell(1, 101, 3, MAKER);
    desk.buy(2, 99, 3, NEWEST);
    expect(desk.amend(2, { price: 101 })).toEqual([
      "2 is amended to 3 at 101, off the book",
      "2 ends with 3 left: SELF_TRADE_PREVENTED",
    ]);
  });

  it("stays with an order through its trigger", () => {
    desk.sell(1, 103, 3, MAKER);
    desk.buy(2, 103, 3, { ...OLDEST, ...stopLimitAt(101) });
    desk.sell(3, 101, 1);
    expect(desk.buy(4, 101, 1)).toEqual([
      "4 takes 1 at 101 from 3",
      "2 is triggered",
      "1 ends with 3 left: SELF_TRADE_PREVENTED",
      "2 rests with 3 at 103",
    ]);
  });

  describe("in an uncross the younger order's mode rules (5.5)", () => {
    beforeEach(() => {
      desk.phase(Phase.PreOpen);
    });

    it("none of the younger: they trade", () => {
      desk.buy(1, 101, 3, BOTH);
      desk.sell(2, 101, 3, MAKER);
      expect(desk.phase(Phase.Continuous)[1]).toBe("2 takes 3 at 101 from 1 in auction");
    });

    it("decrement of an iceberg refills it at the end", () => {
      desk.buy(1, 101, 30, { ...MAKER, display: 10 });
      desk.sell(2, 101, 12, DECREMENT);
      desk.sell(3, 101, 3);
      expect(desk.phase(Phase.Continuous)).toEqual([
        "continuous begins: PHASE_BY_OPERATOR",
        "1 is reduced to 18: SELF_TRADE_PREVENTED",
        "2 ends with 12 left: SELF_TRADE_PREVENTED",
        "3 takes 3 at 101 from 1 in auction",
        "1 shows 10 of 15 again",
      ]);
    });

    it("decrement of the younger, an iceberg", () => {
      desk.buy(1, 101, 12, MAKER);
      desk.sell(2, 101, 30, { ...DECREMENT, display: 10 });
      expect(desk.phase(Phase.Continuous)).toEqual([
        "continuous begins: PHASE_BY_OPERATOR",
        "1 ends with 12 left: SELF_TRADE_PREVENTED",
        "2 is reduced to 18: SELF_TRADE_PREVENTED",
        "2 shows 10 of 18 again",
      ]);
    });

    it("uncrosses again when the book is still crossed", () => {
      desk.sell(1, 100, 10, MAKER);
      desk.sell(2, 105, 10);
      desk.buy(3, 110, 10, OLDEST);
      expect(desk.phase(Phase.Continuous)).toEqual([
        "continuous begins: PHASE_BY_OPERATOR",
        "1 ends with 10 left: SELF_TRADE_PREVENTED",
        "3 takes 10 at 105 from 2 in auction",
      ]);
    });

    it("cancel newest and cancel both", () => {
      desk.sell(1, 100, 10, MAKER);
      desk.buy(2, 100, 10, NEWEST);
      desk.buy(3, 100, 4, BOTH);
      expect(desk.phase(Phase.PostOnly)).toEqual([
        "post-only begins: PHASE_BY_OPERATOR",
        "2 ends with 10 left: SELF_TRADE_PREVENTED",
        "1 ends with 10 left: SELF_TRADE_PREVENTED",
        "3 ends with 4 left: SELF_TRADE_PREVENTED",
      ]);
    });
  });
});
