/** How far prices may go, how large orders may be (rule book, 6). */
import { beforeEach, describe, expect, it } from "vitest";
import { OrderType } from "../../actors/kernel/order.js";
import { Phase } from "../../actors/market/phase.js";
import {
  AT_THE_OPEN,
  Desk,
  ENGINES,
  FILL_OR_KILL,
  IMMEDIATE,
  MARKET,
  stopAt,
  stopLimitAt,
} from "../helpers/engine.js";

const OFF = { staticBandBps: 0 };

describe.each(ENGINES)("%s: protection", (_, Engine) => {
  let desk: Desk;
  beforeEach(() => {
    desk = new Desk(Engine);
  });

  describe("the static band (6.1)", () => {
    it("refuses limits beyond a fifth of the session's reference", () => {
      expect(desk.buy(1, 120, 5)).toEqual(["1 rests with 5 at 120"]);
      expect(desk.buy(2, 121, 5)).toEqual(["2 ends with 5 left: PRICE_OUTSIDE_BAND"]);
      expect(desk.buy(3, 80, 5)).toEqual(["3 rests with 5 at 80"]);
      expect(desk.buy(4, 79, 5)).toEqual(["4 ends with 5 left: PRICE_OUTSIDE_BAND"]);
    });

    it("is rounded inwards", () => {
      desk = new Desk(Engine, { instrument: { referencePrice: 99 } });
      expect(desk.buy(1, 118, 5)).toEqual(["1 rests with 5 at 118"]);
      expect(desk.buy(2, 119, 5)).toEqual(["2 ends with 5 left: PRICE_OUTSIDE_BAND"]);
      expect(desk.buy(3, 80, 5)).toEqual(["3 rests with 5 at 80"]);
      expect(desk.buy(4, 79, 5)).toEqual(["4 ends with 5 left: PRICE_OUTSIDE_BAND"]);
    });

    it("does not follow the last trade within a session", () => {
      desk.tradeAt(120);
      expect(desk.buy(1, 121, 5)).toEqual(["1 ends with 5 left: PRICE_OUTSIDE_BAND"]);
    });

    it("takes the limits of market orders and stops, but holds what they take at", () => {
      desk.rules(OFF);
      desk.sell(1, 119, 5);
      desk.sell(2, 121, 5);
      desk.rules({ staticBandBps: 2_000 });
      expect(desk.buy(3, 150, 8, MARKET)).toEqual([
        "3 takes 5 at 119 from 1",
        "3 ends with 3 left: PRICE_PROTECTION",
      ]);
      expect(desk.buy(4, 150, 1, stopLimitAt(120))).toEqual(["4 waits with 1"]);
      desk.sell(5, 120, 1);
      expect(desk.buy(6, 120, 1)).toEqual([
        "6 takes 1 at 120 from 5",
        "4 is triggered",
        "4 ends with 1 left: PRICE_PROTECTION",
      ]);
    });

    it("holds sellers below", () => {
      desk.rules(OFF);
      desk.buy(1, 79, 5);
      desk.rules({ staticBandBps: 2_000 });
      expect(desk.sell(2, 50, 8, MARKET)).toEqual(["2 ends with 8 left: PRICE_PROTECTION"]);
    });

    it("does not hold limit orders that meet what stands outside", () => {
      desk.rules(OFF);
      desk.sell(1, 119, 5);
      desk.rules({ staticBandBps: 1_000 });
      expect(desk.buy(2, 110, 1)).toEqual(["2 rests with 1 at 110"]);
      desk.rules(OFF);
      desk.buy(3, 119, 1);
      desk.rules({ staticBandBps: 1_000 });
      expect(desk.asks).toEqual(["1: 4 at 119"]);
    });

    it("of a triggered stop-limit that rests is that of a limit order", () => {
      desk.buy(1, 150, 5, stopLimitAt(105));
      desk.sell(2, 105, 1);
      desk.buy(3, 105, 1);
      expect(desk.bids).toEqual(["1: 5 at 150"]);
      expect(desk.amend(1, { price: 140 })).toEqual(["amend of 1 is refused: PRICE_OUTSIDE_BAND"]);
      expect(desk.amend(1, { price: 120 })).toHaveLength(2);
    });
  });

  describe("the dynamic band (6.2)", () => {
    beforeEach(() => {
      desk = new Desk(Engine, { rules: { dynamicBandBps: 200 } });
    });

    it("does nothing before there was a trade", () => {
      desk.sell(1, 110, 5);
      expect(desk.buy(2, 110, 5)).toEqual(["2 takes 5 at 110 from 1"]);
    });

    it("stops a taker so far from the last trade before it; the rest ends", () => {
      desk.tradeAt(100);
      desk.sell(1, 101, 5);
      desk.sell(2, 102, 5);
      desk.sell(3, 103, 5);
      expect(desk.buy(4, 110, 20)).toEqual([
        "4 takes 5 at 101 from 1",
        "4 takes 5 at 102 from 2",
        "4 ends with 10 left: PRICE_PROTECTION",
      ]);
      // The next is measured from 102.
      expect(desk.buy(5, 110, 2, IMMEDIATE)).toEqual(["5 takes 2 at 103 from 3"]);
    });

    it("stops sellers too", () => {
      desk.tradeAt(100);
      desk.buy(1, 98, 1);
      desk.buy(2, 97, 1);
      expect(desk.sell(3, 90, 2)).toEqual([
        "3 takes 1 at 98 from 1",
        "3 ends with 1 left: PRICE_PROTECTION",
      ]);
    });

    it("lets a taker rest that has met nobody within its limit", () => {
      desk.tradeAt(100);
      desk.sell(1, 110, 5);
      expect(desk.buy(2, 109, 5)).toEqual(["2 rests with 5 at 109"]);
    });

    it("measures each stop of a wave anew, by the trades before it", () => {
      desk.tradeAt(100);
      desk.buy(1, 110, 1, stopAt(101));
      desk.buy(2, 110, 1, stopAt(101));
      desk.sell(3, 102, 1);
      desk.sell(4, 104, 1);
      desk.sell(5, 101, 1);
      expect(desk.buy(6, 101, 1)).toEqual([
        "6 takes 1 at 101 from 5",
        "1 is triggered",
        "1 takes 1 at 102 from 3",
        "2 is triggered",
        "2 takes 1 at 104 from 4",
      ]);
    });

    it("ends the look of fill or kill (2.2)", () => {
      desk.tradeAt(100);
      desk.sell(1, 102, 5);
      desk.sell(2, 103, 5);
      expect(desk.buy(3, 110, 6, FILL_OR_KILL)).toEqual(["3 ends with 6 left: FOK_NOT_FILLABLE"]);
      expect(desk.buy(4, 110, 5, FILL_OR_KILL)).toEqual(["4 takes 5 at 102 from 1"]);
    });
  });

  describe("the breaker (6.2, 6.3)", () => {
    const halts = (seconds: number): string =>
      `volatility-auction begins for ${seconds} s from the start: PHASE_BY_BREAKER`;
    beforeEach(() => {
      desk = new Desk(Engine, {
        rules: { ...OFF, breakerBps: 500, breakerWindowSeconds: 160, breakerHaltSeconds: [30, 60] },
      });
      desk.tradeAt(100);
    });

    it("halts into an auction, in which what is left of the taker rests", () => {
      desk.sell(1, 105, 1);
      desk.sell(2, 106, 1);
      expect(desk.buy(3, 110, 3)).toEqual([
        "3 takes 1 at 105 from 1",
        halts(30),
        "3 rests with 2 at 110",
        "indicative: 1 at 110, surplus 1",
      ]);
      expect(desk.depth).toEqual(["ask 105: 0", "bid 110: 2"]);
      expect(desk.wait(30)).toEqual([
        "continuous begins: PHASE_BY_TIME",
        "3 takes 1 at 110 from 2 in auction",
      ]);
    });

    it("ends what may not rest", () => {
      desk.sell(2, 106, 1);
      const told = desk.buy(3, 110, 3, IMMEDIATE);
      expect(told).toEqual([halts(30), "3 ends with 3 left: PRICE_PROTECTION"]);
    });

    it("halts a triggered stop, which ends", () => {
      desk.sell(2, 106, 1);
      desk.buy(3, 120, 3, stopAt(105));
      desk.sell(4, 105, 1);
      expect(desk.buy(5, 105, 1)).toEqual([
        "5 takes 1 at 105 from 4",
        "3 is triggered",
        halts(30),
        "3 ends with 3 left: PRICE_PROTECTION",
      ]);
    });

    it("measures buyers from the lowest, sellers from the highest trade of its window", () => {
      desk.tradeAt(97);
      desk.tradeAt(100, 902);
      desk.sell(1, 102, 1);
      expect(desk.buy(2, 102, 1)[0]).toBe(halts(30));
      desk = new Desk(Engine, { rules: { ...OFF, breakerBps: 500 } });
      desk.tradeAt(105);
      desk.tradeAt(102, 902);
      desk.buy(1, 99, 1);
      expect(desk.sell(2, 99, 1)[0]).toBe(
        "volatility-auction begins for 60 s from the start: PHASE_BY_BREAKER",
      );
    });

    it("forgets what is older than its window, a sixteenth at a time", () => {
      desk.wait(150);
      desk.sell(1, 106, 2);
      expect(desk.buy(2, 106, 1, IMMEDIATE)[0]).toBe(halts(180));
      desk.phase(Phase.Continuous);
      desk.wait(10);
      expect(desk.buy(3, 106, 1, IMMEDIATE)).toEqual(["3 takes 1 at 106 from 1"]);
    });

    it("measures a taker once, when it begins", () => {
      desk.wait(200);
      desk.sell(1, 90, 1);
      desk.sell(2, 110, 1);
      expect(desk.buy(3, 110, 2)).toEqual(["3 takes 1 at 90 from 1", "3 takes 1 at 110 from 2"]);
      desk.sell(4, 111, 1);
      expect(desk.buy(5, 111, 1)[0]).toBe(halts(230));
    });

    it("halts for its next duration each time in a session, the last again and again", () => {
      desk.sell(1, 106, 9);
      for (const seconds of [30, 60, 60]) {
        expect(desk.buy(desk.engine.state.sequence, 106, 1, IMMEDIATE)[0]).toBe(halts(seconds));
        desk.phase(Phase.Continuous);
      }
      expect(desk.engine.state.halts).toBe(3);
      desk.phase(Phase.Closed);
      desk.phase(Phase.Continuous);
      expect(desk.engine.state.halts).toBe(0);
    });

    it("stops whoever is beyond its bound, whatever else the price is beyond (6.3)", () => {
      desk.rules({ dynamicBandBps: 100 });
      desk.sell(1, 106, 1);
      expect(desk.buy(2, 106, 1)).toEqual([
        halts(30),
        "2 rests with 1 at 106",
        "indicative: 1 at 106, surplus 0",
      ]);
    });

    it("does not stop whom another bound stops first", () => {
      desk.rules({ dynamicBandBps: 100 });
      desk.sell(1, 103, 1);
      expect(desk.buy(2, 106, 1)).toEqual(["2 ends with 1 left: PRICE_PROTECTION"]);
      expect(desk.engine.state.phase).toBe(Phase.Continuous);
    });

    it("is not tripped by the look of fill or kill (2.2)", () => {
      desk.sell(1, 106, 1);
      expect(desk.buy(2, 106, 1, FILL_OR_KILL)).toEqual(["2 ends with 1 left: FOK_NOT_FILLABLE"]);
      expect(desk.engine.state).toMatchObject({ phase: Phase.Continuous, halts: 0 });
    });

    it("measures anew from an uncross that trades, and with a session, and with a new length", () => {
      desk.phase(Phase.OpeningAuction);
      desk.sell(1, 120, 1);
      desk.buy(2, 120, 1);
      desk.phase(Phase.Continuous);
      desk.sell(3, 126, 2);
      expect(desk.buy(4, 126, 1, IMMEDIATE)).toEqual(["4 takes 1 at 126 from 3"]);
      desk.sell(5, 130, 2);
      desk.rules({ breakerWindowSeconds: 300 });
      desk.cancel(3);
      expect(desk.buy(6, 130, 1, IMMEDIATE)).toEqual(["6 takes 1 at 130 from 5"]);
      desk.phase(Phase.Closed);
      desk.phase(Phase.Continuous);
      desk.sell(7, 140, 2);
      desk.cancel(5);
      expect(desk.buy(8, 140, 1, IMMEDIATE)).toEqual(["8 takes 1 at 140 from 7"]);
      desk.rules({ breakerHaltSeconds: [5] });
      desk.sell(9, 150, 2);
      desk.cancel(7);
      expect(desk.buy(10, 150, 1, IMMEDIATE)[0]).toBe(halts(5));
    });
  });

  describe("the largest order (6.4)", () => {
    it("is so large", () => {
      desk.rules({ orderQuantityMax: 50, orderValueMax: 4_000 });
      expect(desk.buy(1, 80, 50)).toEqual(["1 rests with 50 at 80"]);
      expect(desk.buy(2, 80, 51)).toEqual(["2 ends with 51 left: ORDER_QUANTITY_ABOVE_LIMIT"]);
      expect(desk.buy(3, 81, 50)).toEqual(["3 ends with 50 left: ORDER_VALUE_ABOVE_LIMIT"]);
      expect(desk.buy(4, 81, 50, MARKET)).toEqual(["4 ends with 50 left: ORDER_VALUE_ABOVE_LIMIT"]);
      expect(desk.buy(5, 81, 50, stopAt(110))).toEqual([
        "5 ends with 50 left: ORDER_VALUE_ABOVE_LIMIT",
      ]);
    });
  });

  it("changes for what comes after: what rests stays (6.5)", () => {
    desk.buy(1, 85, 50);
    desk.rules({ staticBandBps: 1_000, orderQuantityMax: 10 });
    expect(desk.bids).toEqual(["1: 50 at 85"]);
    expect(desk.amend(1, { change: -10 })).toEqual([
      "amend of 1 is refused: ORDER_QUANTITY_ABOVE_LIMIT",
    ]);
    expect(desk.buy(2, 85, 5)).toEqual(["2 ends with 5 left: PRICE_OUTSIDE_BAND"]);
  });

  it("takes market orders for an auction at their ledger's price", () => {
    desk.phase(Phase.PreOpen);
    const told = desk.buy(1, 140, 5, { type: OrderType.Market, ...AT_THE_OPEN });
    expect(told).toEqual(["1 rests with 5 at 140"]);
  });
});
