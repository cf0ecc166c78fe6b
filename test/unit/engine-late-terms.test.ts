/** Stops that follow the price, minimum quantities, and post-only orders that reprice. */
import { describe, expect, it } from "vitest";
import { TimeInForce } from "../../actors/kernel/order.js";
import { Phase } from "../../actors/market/phase.js";
import {
  Desk,
  ENGINES,
  hashOf,
  IMMEDIATE,
  openOrdersOf,
  restored,
  stopAt,
  stopLimitAt,
} from "../helpers/engine.js";

const REPRICES = { postOnly: true, reprices: true } as const;

describe.each(ENGINES)("%s: a trailing stop", (_, Engine) => {
  const stopOf = (desk: Desk, orderId: number) => desk.engine.find(orderId)!.stopPrice;

  /** Lets somebody trade one at a price. */
  function trade(desk: Desk, id: number, price: number): string[] {
    desk.sell(id, price, 1);
    return desk.buy(id + 1, price, 1);
  }

  it("follows the last trade, on its own side only, and never goes back (3.5)", () => {
    const desk = new Desk(Engine);
    desk.sell(1, 80, 2, { ...stopAt(90), trail: 5 });
    desk.buy(2, 130, 2, { ...stopLimitAt(120), trail: 5 });
    expect([stopOf(desk, 1), stopOf(desk, 2)]).toEqual([90, 120]);
    trade(desk, 10, 100);
    expect([stopOf(desk, 1), stopOf(desk, 2)]).toEqual([95, 105]);
    trade(desk, 12, 102);
    expect([stopOf(desk, 1), stopOf(desk, 2)]).toEqual([97, 105]);
    trade(desk, 14, 99);
    expect([stopOf(desk, 1), stopOf(desk, 2)]).toEqual([97, 104]);
    expect(trade(desk, 16, 97)).toContain("1 is triggered");
    expect(desk.waiting).toEqual([2]);
  });

  it("that comes when the price is further away follows at once", () => {
    const desk = new Desk(Engine);
    trade(desk, 10, 100);
    desk.sell(1, 80, 2, { ...stopAt(90), trail: 3 });
    expect(stopOf(desk, 1)).toBe(97);
  });

  it("stays where a trail that is larger than the price would lead below nothing", () => {
    const desk = new Desk(Engine);
    desk.sell(1, 80, 2, { ...stopAt(90), trail: 500 });
    trade(desk, 10, 100);
    expect(stopOf(desk, 1)).toBe(90);
  });

  it("follows in an auction too, and keeps its arrival wherever it goes", () => {
    const desk = new Desk(Engine);
    desk.sell(1, 80, 1, { ...stopLimitAt(80), trail: 5 });
    desk.sell(2, 80, 1, stopLimitAt(95));
    desk.phase(Phase.OpeningAuction);
    desk.sell(10, 100, 1);
    desk.buy(11, 100, 1);
    desk.phase(Phase.Continuous);
    expect(stopOf(desk, 1)).toBe(95);
    const [first, second] = trade(desk, 12, 95).filter((line) => line.includes("triggered"));
    expect([first, second]).toEqual(["1 is triggered", "2 is triggered"]);
  });

  it("is put anew by an amend, and goes on from there", () => {
    const desk = new Desk(Engine);
    trade(desk, 10, 100);
    desk.sell(1, 80, 2, { ...stopAt(90), trail: 5 });
    desk.amend(1, { stopPrice: 85 });
    // At once it follows the last trade again.
    expect(stopOf(desk, 1)).toBe(95);
    desk.amend(1, { change: -1 });
    expect(stopOf(desk, 1)).toBe(95);
  });

  it("is stored where it stands, with its trail, which its trigger ends", () => {
    const desk = new Desk(Engine);
    trade(desk, 10, 100);
    desk.sell(1, 90, 2, { ...stopLimitAt(90), trail: 5 });
    const successor = restored(desk.engine, Engine, {}, openOrdersOf(desk.engine));
    expect(successor.find(1)).toEqual(desk.engine.find(1));
    expect(successor.find(1)).toMatchObject({ stopPrice: 95, trail: 5 });
    expect(hashOf(successor)).toBe(hashOf(desk.engine));
    trade(desk, 12, 95);
    expect(desk.engine.find(1)).toMatchObject({ stopPrice: 0, trail: 0 });
  });

  it("is one of so many at most; whoever stays is taken", () => {
    const desk = new Desk(Engine, { limits: { trailingStopsMax: 1, levelsPerSideMax: 1 } });
    desk.sell(1, 80, 2, { ...stopAt(90), trail: 5 });
    expect(desk.sell(2, 80, 2, { ...stopAt(90), trail: 5 })).toEqual([
      "2 ends with 2 left: TRAILING_STOPS_FULL",
    ]);
    desk.sell(3, 80, 2, stopAt(90));
    // It finds room where there is none for others.
    trade(desk, 10, 100);
    expect(stopOf(desk, 1)).toBe(95);
    expect(desk.sell(4, 80, 2, stopAt(89))).toEqual(["4 ends with 2 left: LEVELS_FULL"]);
    desk.cancel(1);
    desk.cancel(3);
    expect(desk.sell(5, 80, 2, { ...stopAt(90), trail: 50 })).toEqual(["5 waits with 2"]);
  });
});

describe.each(ENGINES)("%s: a minimum quantity", (_, Engine) => {
  it("trades at once, or nothing does (2.2)", () => {
    const desk = new Desk(Engine);
    desk.sell(1, 100, 5);
    desk.sell(2, 101, 5);
    expect(desk.buy(3, 100, 20, { minQuantity: 6 })).toEqual([
      "3 ends with 20 left: MIN_QUANTITY_NOT_FILLABLE",
    ]);
    expect(desk.asks).toEqual(["1: 5 at 100", "2: 5 at 101"]);
    desk.buy(4, 101, 20, { minQuantity: 6 });
    expect(desk.bids).toEqual(["4: 10 at 101"]);
    // What rests has no minimum any more.
    expect(desk.sell(5, 101, 1)).toEqual(["5 takes 1 at 101 from 4"]);
  });

  it.each([
    [4, "oldest", 2],
    [4, "decrement", 4],
    [4, "both", 3],
  ] as const)("of %s counts no order of its owner (%s)", (least, _mode, selfTrade) => {
    const desk = new Desk(Engine);
    desk.sell(1, 100, 3, { owner: 77 });
    desk.sell(2, 101, 4);
    const terms = { owner: 77, selfTrade, ...IMMEDIATE };
    const refused = (id: number) => [`${id} ends with 9 left: MIN_QUANTITY_NOT_FILLABLE`];
    expect(desk.buy(3, 101, 9, { ...terms, minQuantity: least + 1 })).toEqual(refused(3));
    const told = desk.buy(4, 101, 9, { ...terms, minQuantity: least });
    if (selfTrade === 3) expect(told).toEqual(refused(4));
    else expect(told).toContain("4 takes 4 at 101 from 2");
  });

  it("is one of what is left when its own orders have been taken off", () => {
    const desk = new Desk(Engine);
    desk.sell(1, 100, 6, { owner: 77 });
    desk.sell(2, 101, 9);
    const terms = { owner: 77, selfTrade: 4, ...IMMEDIATE } as const;
    expect(desk.buy(3, 101, 10, { ...terms, minQuantity: 5 })).toEqual([
      "3 ends with 10 left: MIN_QUANTITY_NOT_FILLABLE",
    ]);
    expect(desk.buy(4, 101, 10, { ...terms, minQuantity: 4 })).toContain("4 takes 4 at 101 from 2");
  });
});

describe.each(ENGINES)("%s: a post-only order that reprices", (_, Engine) => {
  it("takes the nearest limit at which it rests (1.6)", () => {
    const desk = new Desk(Engine);
    desk.sell(1, 100, 5);
    expect(desk.buy(2, 104, 5, REPRICES)).toEqual([
      "2 is amended to 5 at 99, off the book",
      "2 rests with 5 at 99",
    ]);
    desk.sell(3, 95, 5, REPRICES);
    expect(desk.asks).toEqual(["1: 5 at 100", "3: 5 at 100"]);
    expect(desk.amend(3, { price: 99 })).toEqual(["amend of 3 is refused: POST_ONLY_WOULD_TRADE"]);
  });

  it("keeps its limit where that rests, and while orders are collected", () => {
    const desk = new Desk(Engine);
    desk.sell(1, 100, 5);
    expect(desk.buy(2, 98, 5, REPRICES)).toEqual(["2 rests with 5 at 98"]);
    desk.phase(Phase.OpeningAuction);
    expect(desk.buy(3, 104, 5, REPRICES)[0]).toBe("3 rests with 5 at 104");
  });

  it("does so too where only post-only orders are taken", () => {
    const desk = new Desk(Engine);
    desk.sell(1, 100, 5);
    desk.phase(Phase.PostOnly);
    desk.buy(2, 104, 5, { ...REPRICES, timeInForce: TimeInForce.Day });
    expect(desk.bids).toEqual(["2: 5 at 99"]);
  });

  it("is refused where there is no such limit, or the rules forbid it", () => {
    const desk = new Desk(Engine);
    desk.rules({ staticBandBps: 500 });
    desk.sell(1, 95, 5);
    expect(desk.buy(2, 104, 5, REPRICES)).toEqual(["2 ends with 5 left: PRICE_OUTSIDE_BAND"]);
    desk.rules({ staticBandBps: 0 });
    desk.sell(3, 1, 5);
    expect(desk.buy(4, 104, 5, REPRICES)).toEqual(["4 ends with 5 left: POST_ONLY_WOULD_TRADE"]);
  });
});
