/** Amend, reduce, cancel (rule book, 4.1 to 4.3). */
import { beforeEach, describe, expect, it } from "vitest";
import { PRICE_UNITS_MAX } from "../../actors/kernel/limits.js";
import { Phase } from "../../actors/market/phase.js";
import {
  AT_THE_CLOSE,
  Desk,
  ENGINES,
  goodFor,
  POST_ONLY,
  stopAt,
  stopLimitAt,
} from "../helpers/engine.js";
import { eventsOf } from "../helpers/engine-events.js";

describe.each(ENGINES)("%s: amends", (_, Engine) => {
  let desk: Desk;
  beforeEach(() => {
    desk = new Desk(Engine);
  });

  it("to less keeps the place", () => {
    desk.buy(1, 99, 5);
    desk.buy(2, 99, 5);
    expect(desk.amend(1, { change: -3 })).toEqual(["1 is amended to 2 at 99"]);
    expect(desk.depth).toEqual(["bid 99: 7"]);
    expect(eventsOf(desk.engine.log)[0]).toMatchObject({ shown: 2, priority: 1 });
    expect(desk.bids).toEqual(["1: 2 at 99", "2: 5 at 99"]);
  });

  it("to more loses it, with one new priority", () => {
    desk.buy(1, 99, 5);
    desk.buy(2, 99, 5);
    expect(desk.amend(1, { change: 3 })).toEqual([
      "1 is amended to 8 at 99, off the book",
      "1 rests with 8 at 99",
    ]);
    expect(eventsOf(desk.engine.log)[0]).toMatchObject({ shown: 0, priority: 0 });
    expect(desk.depth).toEqual(["bid 99: 13"]);
    expect(desk.bids).toEqual(["2: 5 at 99", "1: 8 at 99"]);
    expect(desk.engine.find(1)!.priority).toBe(3);
  });

  it("to another price loses it", () => {
    desk.buy(1, 99, 5);
    expect(desk.amend(1, { price: 98, change: -1 })).toEqual([
      "1 is amended to 4 at 98, off the book",
      "1 rests with 4 at 98",
    ]);
    expect(desk.depth).toEqual(["bid 99: 0", "bid 98: 4"]);
  });

  it("across the market trades at the makers' prices", () => {
    desk.sell(1, 101, 3);
    desk.sell(2, 102, 3);
    desk.buy(3, 99, 4);
    expect(desk.amend(3, { price: 103, change: 4 })).toEqual([
      "3 is amended to 8 at 103, off the book",
      "3 takes 3 at 101 from 1",
      "3 takes 3 at 102 from 2",
      "3 rests with 2 at 103",
    ]);
    expect(desk.depth).toEqual(["bid 99: 0", "ask 101: 0", "ask 102: 0", "bid 103: 2"]);
    desk.sell(4, 105, 2);
    expect(desk.amend(3, { price: 105 })).toEqual([
      "3 is amended to 2 at 105, off the book",
      "3 takes 2 at 105 from 4",
    ]);
    expect(desk.engine.find(3)).toBeUndefined();
  });

  it("of a partly filled order change what is left", () => {
    desk.buy(1, 99, 5);
    desk.sell(2, 99, 3);
    expect(desk.amend(1, { change: -1 })).toEqual(["1 is amended to 1 at 99"]);
  });

  it("of a waiting stop keep its place if only quantity shrinks, else not", () => {
    desk.tradeAt(100);
    desk.buy(1, 110, 5, stopAt(105));
    desk.buy(2, 110, 5, stopAt(105));
    expect(desk.amend(1, { change: -1 })).toEqual(["1 is amended to 4 at 110, off the book"]);
    expect(desk.waiting).toEqual([1, 2]);
    expect(desk.amend(1, { stopPrice: 106 })).toEqual([
      "1 is amended to 4 at 110, off the book",
      "1 waits with 4",
    ]);
    expect(desk.waiting).toEqual([2, 1]);
    expect(desk.engine.find(1)!.stopPrice).toBe(106);
    expect(desk.amend(2, { price: 150 })).toEqual([
      "2 is amended to 5 at 150, off the book",
      "2 waits with 5",
    ]);
    expect(desk.amend(2, { change: 1 })).toHaveLength(2);
    expect(desk.depth).toEqual([]);
  });

  it("of an order that waits for the close go on waiting", () => {
    desk.buy(1, 99, 5, AT_THE_CLOSE);
    desk.sell(2, 101, 5);
    expect(desk.amend(1, { price: 105 })).toEqual([
      "1 is amended to 5 at 105, off the book",
      "1 waits with 5",
    ]);
  });

  describe("that come to nothing change nothing", () => {
    const refused = (code: string): string[] => [`amend of 1 is refused: ${code}`];

    it("of no open order", () => {
      expect(desk.amend(1, { change: -1 })).toEqual(refused("TOO_LATE"));
    });

    it("that ask for nothing", () => {
      desk.buy(1, 99, 5, { display: 2 });
      expect(desk.amend(1, {})).toEqual(refused("AMEND_OF_NOTHING"));
      expect(desk.amend(1, { price: 99, display: 2 })).toEqual(refused("AMEND_OF_NOTHING"));
    });

    it("that would leave nothing", () => {
      desk.buy(1, 99, 5);
      expect(desk.amend(1, { change: -5 })).toEqual(refused("AMEND_BELOW_FILLED"));
      expect(desk.amend(1, { change: -9 })).toEqual(refused("AMEND_BELOW_FILLED"));
    });

    it("that would make another kind of order of it", () => {
      desk.buy(1, 99, 5);
      expect(desk.amend(1, { stopPrice: 105 })).toEqual(refused("AMEND_OF_OTHER_TERMS"));
      expect(desk.amend(1, { display: 2 })).toEqual(refused("AMEND_OF_OTHER_TERMS"));
    });

    it("that break a rule of what makes sense (1.8)", () => {
      const picky = new Desk(Engine, {
        instrument: { tick: 2, lot: 10 },
        rules: { staticBandBps: 0 },
      });
      picky.buy(1, 98, 40, { display: 20 });
      expect(picky.amend(1, { change: 5 })).toEqual(refused("QUANTITY_OFF_LOT"));
      expect(picky.amend(1, { price: 97 })).toEqual(refused("PRICE_OFF_TICK"));
      expect(picky.amend(1, { price: PRICE_UNITS_MAX + 2 })).toEqual(refused("PRICE_TOO_LARGE"));
      expect(picky.amend(1, { display: 15 })).toEqual(refused("DISPLAY_OFF_LOT"));
      expect(picky.bids).toEqual(["1: 20 of 40 at 98"]);
      picky.cancel(1);
      picky.buy(1, 120, 40, stopAt(110));
      expect(picky.amend(1, { stopPrice: 111 })).toEqual(refused("STOP_PRICE_OFF_TICK"));
      expect(picky.amend(1, { stopPrice: PRICE_UNITS_MAX + 2 })).toEqual(
        refused("STOP_PRICE_TOO_LARGE"),
      );
    });

    it("that break a rule of section 6", () => {
      desk.buy(1, 99, 5);
      expect(desk.amend(1, { price: 121 })).toEqual(refused("PRICE_OUTSIDE_BAND"));
      desk.rules({ orderQuantityMax: 10, orderValueMax: 900 });
      expect(desk.amend(1, { change: 6 })).toEqual(refused("ORDER_QUANTITY_ABOVE_LIMIT"));
      expect(desk.amend(1, { change: 5 })).toEqual(refused("ORDER_VALUE_ABOVE_LIMIT"));
    });

    it("that would trigger a stop at once", () => {
      desk.tradeAt(100);
      desk.buy(1, 110, 5, stopLimitAt(105));
      expect(desk.amend(1, { stopPrice: 100 })).toEqual(refused("STOP_ALREADY_TRIGGERED"));
      expect(desk.amend(1, { stopPrice: 101 })).toHaveLength(2);
    });

    it("that would make a post-only order trade", () => {
      desk.sell(2, 101, 5);
      desk.buy(1, 99, 5, POST_ONLY);
      expect(desk.amend(1, { price: 101 })).toEqual(refused("POST_ONLY_WOULD_TRADE"));
      expect(desk.bids).toEqual(["1: 5 at 99"]);
      expect(desk.amend(1, { price: 100 })).toHaveLength(2);
    });

    it("that would make any order trade in the phase post-only", () => {
      desk.sell(2, 101, 5);
      desk.buy(1, 99, 5);
      desk.phase(Phase.PostOnly);
      expect(desk.amend(1, { price: 101 })).toEqual(refused("POST_ONLY_WOULD_TRADE"));
      expect(desk.amend(1, { price: 100 })).toHaveLength(2);
    });

    it("of an order whose expiry has come", () => {
      desk = new Desk(Engine, { limits: { expiriesAtOnceMax: 1 } });
      desk.buy(2, 99, 5, goodFor(1));
      desk.buy(1, 99, 5, goodFor(1));
      desk.wait(1);
      expect(desk.amend(1, { change: -1 })).toEqual(refused("TOO_LATE"));
      expect(desk.reduce(1, 3)).toEqual(["1 is reduced to 3"]);
      expect(desk.cancel(1)).toEqual(["1 ends with 3 left: CANCELLED_BY_CLIENT"]);
    });

    it("are numbered, and tell no depth", () => {
      desk.buy(1, 99, 5);
      desk.amend(1, {});
      expect(desk.depth).toEqual([]);
      expect(desk.engine.state.sequence).toBe(2);
    });
  });

  describe("by phase (5.1)", () => {
    const refused = (code: string): string[] => [`amend of 1 is refused: ${code}`];

    it.each([
      ["MARKET_HALTED", Phase.Halted],
      ["CANCEL_ONLY", Phase.CancelOnly],
    ] as const)("%s unless the order keeps its place", (code, phase) => {
      desk.buy(1, 99, 5);
      desk.phase(phase);
      expect(desk.amend(1, { price: 98 })).toEqual(refused(code));
      expect(desk.amend(1, { change: 1 })).toEqual(refused(code));
      expect(desk.amend(1, { change: -1 })).toEqual(["1 is amended to 4 at 99"]);
    });

    it("none in a closed market", () => {
      desk.buy(1, 99, 5);
      desk.phase(Phase.Closed);
      expect(desk.amend(1, { change: -1 })).toEqual(refused("MARKET_CLOSED"));
    });

    it("without trades while orders are collected", () => {
      desk.phase(Phase.OpeningAuction);
      desk.sell(2, 101, 5);
      desk.buy(1, 99, 5);
      expect(desk.amend(1, { price: 102 })).toEqual([
        "1 is amended to 5 at 102, off the book",
        "1 rests with 5 at 102",
        "indicative: 5 at 101, surplus 0",
      ]);
    });
  });
});

describe.each(ENGINES)("%s: reduces and cancels", (_, Engine) => {
  let desk: Desk;
  beforeEach(() => {
    desk = new Desk(Engine);
    desk.buy(1, 99, 5);
    desk.buy(2, 99, 5);
  });

  it("reduces in its place (4.2)", () => {
    expect(desk.reduce(1, 2)).toEqual(["1 is reduced to 2"]);
    expect(desk.depth).toEqual(["bid 99: 7"]);
    expect(desk.bids).toEqual(["1: 2 at 99", "2: 5 at 99"]);
  });

  it("reduces to less than there is only", () => {
    expect(desk.reduce(1, 5)).toEqual(["reduce of 1 is refused: REDUCE_NOT_BELOW_LEAVES"]);
    expect(desk.reduce(3, 5)).toEqual(["reduce of 3 is refused: TOO_LATE"]);
    expect(desk.depth).toEqual([]);
  });

  it("cancels what is reduced to nothing", () => {
    expect(desk.reduce(1, 0)).toEqual(["1 ends with 5 left: CANCELLED_BY_CLIENT"]);
    expect(desk.depth).toEqual(["bid 99: 5"]);
  });

  it("cancels (4.3)", () => {
    expect(desk.cancel(2)).toEqual(["2 ends with 5 left: CANCELLED_BY_CLIENT"]);
    expect(desk.cancel(2)).toEqual(["cancel of 2 is refused: TOO_LATE"]);
    expect(desk.cancel(1)).toHaveLength(1);
    expect(desk.depth).toEqual(["bid 99: 0"]);
  });

  it("reduces and cancels what waits, unseen", () => {
    desk.buy(3, 110, 5, stopAt(105));
    expect(desk.reduce(3, 2)).toEqual(["3 is reduced to 2"]);
    expect(desk.cancel(3)).toEqual(["3 ends with 2 left: CANCELLED_BY_CLIENT"]);
    expect(desk.depth).toEqual([]);
  });

  it.each(Object.entries(Phase))("in the phase %s too (5.1)", (_, phase) => {
    desk.phase(phase);
    expect(desk.reduce(1, 2)).toEqual(["1 is reduced to 2"]);
    expect(desk.cancel(2)).toEqual(["2 ends with 5 left: CANCELLED_BY_CLIENT"]);
  });
});
