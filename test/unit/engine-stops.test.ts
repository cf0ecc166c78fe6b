/** Stops and what they set off (rule book, 3). */
import { beforeEach, describe, expect, it } from "vitest";
import { OrderType, Side, TimeInForce } from "../../actors/kernel/order.js";
import { Phase } from "../../actors/market/phase.js";
import { DAY, Desk, ENGINES, goodFor, MARKET, stopAt, stopLimitAt } from "../helpers/engine.js";

describe.each(ENGINES)("%s: stops", (_, Engine) => {
  let desk: Desk;
  beforeEach(() => {
    desk = new Desk(Engine);
  });

  it("wait, unseen", () => {
    desk.tradeAt(100);
    expect(desk.buy(1, 110, 5, stopAt(105))).toEqual(["1 waits with 5"]);
    expect(desk.sell(2, 94, 5, { ...stopLimitAt(95), ...DAY })).toEqual(["2 waits with 5"]);
    expect(desk.depth).toEqual([]);
    expect([desk.bids, desk.asks, desk.waiting]).toEqual([[], [], [1, 2]]);
    expect(desk.engine.find(1)).toMatchObject({ shown: 0, priority: 2, stopPrice: 105 });
  });

  it("that would trigger at once are refused (3.1)", () => {
    desk.tradeAt(100);
    expect(desk.buy(1, 110, 5, stopAt(100))).toEqual([
      "1 ends with 5 left: STOP_ALREADY_TRIGGERED",
    ]);
    expect(desk.buy(2, 110, 5, stopAt(99))).toEqual(["2 ends with 5 left: STOP_ALREADY_TRIGGERED"]);
    expect(desk.sell(3, 90, 5, stopAt(100))).toEqual([
      "3 ends with 5 left: STOP_ALREADY_TRIGGERED",
    ]);
    expect(desk.sell(4, 90, 5, stopAt(101))).toEqual([
      "4 ends with 5 left: STOP_ALREADY_TRIGGERED",
    ]);
    expect(desk.sell(5, 90, 5, stopAt(99))).toEqual(["5 waits with 5"]);
  });

  it("only wait before there was any trade", () => {
    expect(desk.buy(1, 110, 5, stopAt(90))).toEqual(["1 waits with 5"]);
    expect(desk.sell(2, 90, 5, stopAt(110))).toEqual(["2 waits with 5"]);
  });

  it("of both sides trigger at their price or beyond, and take at the market", () => {
    desk.buy(1, 110, 5, stopAt(102));
    desk.sell(2, 90, 3, stopAt(98));
    desk.sell(3, 103, 4);
    desk.buy(4, 97, 9);
    desk.sell(10, 102, 1);
    expect(desk.buy(11, 102, 1)).toEqual([
      "11 takes 1 at 102 from 10",
      "1 is triggered",
      "1 takes 4 at 103 from 3",
      "1 ends with 1 left: IMMEDIATE_REMAINDER",
    ]);
    expect(desk.waiting).toEqual([2]);
    expect(desk.sell(12, 97, 1)).toEqual([
      "12 takes 1 at 97 from 4",
      "2 is triggered",
      "2 takes 3 at 97 from 4",
    ]);
  });

  it("with a limit go on as a limit order of their own time in force, with no stop price (1.3)", () => {
    desk.buy(1, 103, 9, { ...stopLimitAt(102), ...DAY, display: 2 });
    desk.sell(2, 103, 4);
    desk.sell(10, 102, 1);
    expect(desk.buy(11, 102, 1)).toEqual([
      "11 takes 1 at 102 from 10",
      "1 is triggered",
      "1 takes 4 at 103 from 2",
      "1 rests with 5 at 103, showing 2",
    ]);
    const order = desk.engine.find(1);
    expect(order).toMatchObject({
      type: OrderType.Limit,
      stopPrice: 0,
      timeInForce: TimeInForce.Day,
    });
    expect(desk.amend(1, { stopPrice: 105 })).toEqual([
      "amend of 1 is refused: AMEND_OF_OTHER_TERMS",
    ]);
  });

  it("trigger after the command is done with everything else, in the order of arrival", () => {
    desk.buy(1, 110, 1, stopAt(103));
    desk.buy(2, 110, 1, stopAt(101));
    desk.buy(3, 110, 1, stopAt(102));
    desk.sell(10, 103, 1);
    expect(desk.buy(11, 104, 2)).toEqual([
      "11 takes 1 at 103 from 10",
      "11 rests with 1 at 104",
      "1 is triggered",
      "1 ends with 1 left: IMMEDIATE_REMAINDER",
      "2 is triggered",
      "2 ends with 1 left: IMMEDIATE_REMAINDER",
      "3 is triggered",
      "3 ends with 1 left: IMMEDIATE_REMAINDER",
    ]);
  });

  it("by the last price of the command, not by one that came and went", () => {
    desk.sell(1, 90, 1, stopAt(99));
    desk.buy(2, 110, 1, stopAt(101));
    desk.sell(10, 101, 1);
    desk.sell(11, 100, 1);
    desk.buy(12, 98, 1);
    // 100, then 101: only the buyer's is reached at the end.
    const told = desk.buy(13, 101, 2);
    expect(told).toEqual([
      "13 takes 1 at 100 from 11",
      "13 takes 1 at 101 from 10",
      "2 is triggered",
      "2 ends with 1 left: IMMEDIATE_REMAINDER",
    ]);
    expect(desk.waiting).toEqual([1]);
  });

  it("set off wave after wave (3.2)", () => {
    desk.buy(1, 110, 2, stopAt(101));
    desk.buy(2, 110, 1, stopAt(101));
    desk.buy(3, 110, 1, stopAt(102));
    desk.sell(10, 102, 2);
    desk.sell(11, 104, 5);
    desk.sell(12, 101, 1);
    expect(desk.buy(13, 101, 1)).toEqual([
      "13 takes 1 at 101 from 12",
      // The first wave: 1 and 2, though 1 has already moved the price to where 3 triggers.
      "1 is triggered",
      "1 takes 2 at 102 from 10",
      "2 is triggered",
      "2 takes 1 at 104 from 11",
      "3 is triggered",
      "3 takes 1 at 104 from 11",
    ]);
  });

  it("of a wave are executed though the price has come back; others of the way are not (3.2)", () => {
    desk.buy(1, 110, 1, stopAt(101));
    desk.sell(2, 90, 1, { ...stopAt(96) });
    desk.buy(3, 110, 1, stopAt(101));
    desk.buy(10, 97, 5);
    desk.sell(11, 103, 5);
    desk.sell(12, 101, 1);
    desk.buy(13, 101, 1);
    expect(desk.waiting).toEqual([2]);
    expect(desk.asks).toEqual(["11: 3 at 103"]);
    expect(desk.engine.state.lastPrice).toBe(103);
  });

  it("whose expiry has come end instead of being triggered (2.6)", () => {
    desk = new Desk(Engine, { limits: { expiriesAtOnceMax: 1 } });
    desk.sell(1, 150, 1, { ...goodFor(1), ...stopLimitAt(60) });
    desk.buy(2, 110, 1, { ...stopAt(101), ...goodFor(1) });
    desk.sell(10, 101, 1);
    expect(desk.wait(1)).toEqual(["1 ends with 1 left: EXPIRED"]);
    expect(desk.buy(11, 101, 1)).toEqual([
      "11 takes 1 at 101 from 10",
      "2 ends with 1 left: EXPIRED",
    ]);
  });

  describe("outside continuous trading", () => {
    it("wait for it, and trigger by whatever last price when it begins (3.2, 3.4)", () => {
      desk.buy(1, 120, 2, stopAt(102));
      desk.phase(Phase.OpeningAuction);
      desk.sell(10, 103, 2);
      desk.buy(11, 103, 2);
      expect(desk.phase(Phase.PostOnly)).toEqual([
        "post-only begins: PHASE_BY_OPERATOR",
        "11 takes 2 at 103 from 10 in auction",
      ]);
      desk.sell(12, 104, 2, { postOnly: true });
      expect(desk.waiting).toEqual([1]);
      expect(desk.phase(Phase.Continuous)).toEqual([
        "continuous begins: PHASE_BY_OPERATOR",
        "1 is triggered",
        "1 takes 2 at 104 from 12",
      ]);
    });

    it("are entered while orders are collected", () => {
      desk.phase(Phase.PreOpen);
      expect(desk.buy(1, 110, 2, stopAt(102))).toEqual(["1 waits with 2"]);
    });

    it("those that a halt in mid-wave has spared go on waiting (3.3)", () => {
      desk = new Desk(Engine, { rules: { breakerBps: 500, staticBandBps: 0 } });
      desk.buy(1, 120, 1, stopAt(101));
      desk.buy(2, 120, 1, stopAt(101));
      desk.sell(10, 101, 1);
      desk.sell(11, 110, 5);
      expect(desk.buy(12, 101, 1)).toEqual([
        "12 takes 1 at 101 from 10",
        "1 is triggered",
        "volatility-auction begins for 60 s from the start: PHASE_BY_BREAKER",
        "1 ends with 1 left: PRICE_PROTECTION",
      ]);
      expect(desk.waiting).toEqual([2]);
      expect(desk.wait(60)).toEqual([
        "continuous begins: PHASE_BY_TIME",
        "2 is triggered",
        "volatility-auction begins for 360 s from the start: PHASE_BY_BREAKER",
        "2 ends with 1 left: PRICE_PROTECTION",
      ]);
    });
  });

  it("may end orders of the same wave", () => {
    desk.buy(1, 110, 1, { ...stopAt(101), pair: 2 });
    desk.buy(2, 120, 1, { ...stopAt(101), pair: 1 });
    desk.sell(11, 102, 5);
    desk.sell(12, 101, 1);
    expect(desk.buy(13, 101, 1)).toEqual([
      "13 takes 1 at 101 from 12",
      "1 is triggered",
      "2 ends with 1 left: PAIR_DONE",
      "1 takes 1 at 102 from 11",
    ]);
  });

  it("have depth told once for the whole cascade, in the order of the first change", () => {
    desk.buy(1, 110, 1, stopAt(101));
    desk.sell(10, 101, 2);
    desk.sell(11, 102, 1);
    desk.buy(12, 101, 1);
    expect(desk.depth).toEqual(["ask 101: 0"]);
    desk.buy(2, 110, 1, stopLimitAt(102));
    desk.buy(13, 102, 1);
    expect(desk.depth).toEqual(["ask 102: 0", "bid 110: 1"]);
  });

  it("are taken by sides: a market order moves them too", () => {
    desk.sell(1, 90, 2, stopLimitAt(99));
    desk.buy(2, 99, 1);
    expect(desk.sell(3, 90, 1, MARKET)).toEqual([
      "3 takes 1 at 99 from 2",
      "1 is triggered",
      "1 rests with 2 at 90",
    ]);
    expect(desk.engine.count(Side.Sell)).toBe(1);
  });
});
