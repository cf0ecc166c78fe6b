/** What is stored of an engine's orders, and what a successor makes of it. */
import { describe, expect, it } from "vitest";
import { SelfTrade, Side } from "../../actors/kernel/order.js";
import { isOrdinary, type OpenOrder } from "../../actors/market/engine.js";
import { Phase } from "../../actors/market/phase.js";
import {
  AT_THE_CLOSE,
  AT_THE_OPEN,
  DAY,
  Desk,
  ENGINES,
  goodFor,
  hashOf,
  MARKET,
  openOrdersOf,
  POST_ONLY,
  restored,
  stopAt,
  stopLimitAt,
} from "../helpers/engine.js";
import { OrderTables } from "../helpers/engine-tables.js";

/** How a market came to stand so, and what happens next. */
const STATES: Readonly<
  Record<string, readonly [before: (desk: Desk) => void, after: (desk: Desk) => void]>
> = {
  "a book with a queue": [
    (desk) => {
      desk.buy(1, 99, 5);
      desk.buy(2, 99, 5);
      desk.sell(3, 101, 5);
      desk.sell(4, 101, 2);
    },
    (desk) => {
      desk.sell(5, 99, 7);
      desk.buy(6, 101, 6);
    },
  ],
  "icebergs half shown": [
    (desk) => {
      desk.sell(1, 101, 30, { display: 10 });
      desk.sell(2, 101, 30, { display: 7 });
      desk.buy(3, 101, 14);
    },
    (desk) => desk.buy(4, 101, 40),
  ],
  "stops of both sides": [
    (desk) => {
      desk.tradeAt(100);
      desk.buy(1, 110, 5, stopAt(103));
      desk.buy(2, 110, 5, { ...stopLimitAt(102), ...DAY, display: 2 });
      desk.sell(3, 90, 5, { ...stopLimitAt(98), ...goodFor(60) });
      desk.amend(1, { stopPrice: 102 });
    },
    (desk) => {
      desk.sell(4, 102, 3);
      desk.buy(5, 102, 1);
      desk.wait(60);
    },
  ],
  "pairs, whole and half entered": [
    (desk) => {
      desk.sell(1, 110, 5, { pair: 2 });
      desk.sell(2, 90, 5, { ...stopAt(95), pair: 1 });
      desk.sell(3, 109, 5, { pair: 4 });
      desk.buy(5, 98, 5, { pair: 6 });
      desk.sell(7, 98, 1);
    },
    (desk) => {
      desk.sell(4, 108, 5, { pair: 3 });
      desk.buy(6, 97, 5, { pair: 5 });
      desk.buy(8, 108, 1);
      desk.cancel(1);
    },
  ],
  "an opening auction": [
    (desk) => {
      desk.phase(Phase.OpeningAuction, 60);
      desk.buy(1, 103, 5, AT_THE_OPEN);
      desk.buy(2, 102, 50, { display: 5 });
      desk.sell(3, 101, 25, { account: 7, selfTrade: SelfTrade.CancelOldest });
      desk.sell(4, 100, 2, POST_ONLY);
      desk.buy(5, 99, 2, AT_THE_CLOSE);
    },
    (desk) => {
      desk.buy(6, 101, 3, { account: 7 });
      desk.wait(60);
      desk.phase(Phase.ClosingAuction);
      desk.phase(Phase.Closed);
    },
  ],
  "a halt over a crossed book": [
    (desk) => {
      desk.phase(Phase.PreOpen);
      desk.buy(1, 103, 5);
      desk.sell(2, 101, 3);
      desk.phase(Phase.Halted);
    },
    (desk) => desk.phase(Phase.Continuous),
  ],
  "a breaker that has halted": [
    (desk) => {
      desk.rules({ breakerBps: 300, dynamicBandBps: 400 });
      desk.tradeAt(100);
      desk.sell(1, 104, 5);
      desk.buy(2, 110, 7);
    },
    (desk) => {
      desk.wait(60);
      desk.sell(3, 112, 5);
      desk.buy(4, 120, 5);
    },
  ],
  "day orders and expired ones left over": [
    (desk) => {
      for (const id of [1, 2, 3, 4, 5]) desk.buy(id, 99, 5, id % 2 === 0 ? DAY : goodFor(1));
      desk.buy(6, 120, 5, { ...DAY, ...stopAt(110) });
      desk.phase(Phase.Closed);
      desk.wait(1);
    },
    (desk) => {
      desk.wait(0);
      desk.phase(Phase.Continuous);
      desk.sell(7, 99, 9);
    },
  ],
  "a schedule": [
    (desk) => {
      desk.schedule([10, Phase.ClosingAuction], [20, Phase.Closed]);
      desk.buy(1, 99, 5, AT_THE_CLOSE);
      desk.wait(10);
    },
    (desk) => desk.wait(10),
  ],
};
const LIMITS = { expiriesAtOnceMax: 2 };

describe.each(ENGINES)("%s: storing", (_, Engine) => {
  describe.each(Object.entries(STATES))("%s", (_, [before, after]) => {
    const stand = (): Desk => {
      const desk = new Desk(Engine, { limits: LIMITS });
      before(desk);
      return desk;
    };

    it("is restored with the same hash, the same orders and the same dues", () => {
      const { engine } = stand();
      const successor = restored(engine, Engine, LIMITS);
      successor.checkInvariants();
      expect(hashOf(successor)).toBe(hashOf(engine));
      expect(openOrdersOf(successor)).toEqual(openOrdersOf(engine));
      expect(successor.due()).toBe(engine.due());
    });

    it("goes on in the same way", () => {
      const desk = stand();
      const other = stand();
      other.engine = restored(other.engine, Engine, LIMITS);
      const logs = [desk, other].map((each) => {
        const logs: number[][][] = [];
        const run = each.do.bind(each);
        each.do = (command) => {
          const told = run(command);
          logs.push(each.engine.log.toArrays());
          return told;
        };
        after(each);
        return logs;
      });
      expect(logs[0]!.flat().length).toBeGreaterThan(0);
      expect(logs[1]).toEqual(logs[0]);
      expect(hashOf(other.engine)).toBe(hashOf(desk.engine));
    });

    it("is in its rows, written batch by batch or all at once", () => {
      const often = new Desk(Engine, { limits: LIMITS });
      const run = often.do.bind(often);
      const tables = new OrderTables();
      often.do = (command) => {
        const told = run(command);
        tables.take(often.engine);
        return told;
      };
      before(often);
      const once = stand();
      const onceTables = new OrderTables();
      onceTables.take(once.engine);
      expect(tables.orders()).toEqual(onceTables.orders());
      expect(tables.orders()).toEqual(byId(openOrdersOf(once.engine)));
      // Rows of a successor tell only what has changed since.
      const successor = new Desk(Engine, { limits: LIMITS });
      successor.engine = restored(once.engine, Engine, LIMITS, tables.inOrderOfLoading());
      expect(onceTables.take(successor.engine)).toBe(0);
      successor.time = once.time;
      after(successor);
      onceTables.take(successor.engine);
      expect(onceTables.orders()).toEqual(byId(openOrdersOf(successor.engine)));
    });
  });

  it("writes nothing of an order that came and went, nor of one that has not changed", () => {
    const desk = new Desk(Engine);
    const tables = new OrderTables();
    desk.buy(1, 99, 5);
    desk.buy(2, 99, 5);
    desk.cancel(2);
    expect(tables.take(desk.engine)).toBe(1);
    expect(tables.take(desk.engine)).toBe(0);
    desk.amend(1, {});
    desk.sell(3, 100, 5, MARKET);
    expect(tables.take(desk.engine)).toBe(0);
    desk.reduce(1, 3);
    expect(tables.take(desk.engine)).toBe(1);
    expect(tables.orders()).toEqual([desk.engine.find(1)]);
    desk.cancel(1);
    expect(tables.take(desk.engine)).toBe(1);
    expect(tables.orders()).toEqual([]);
  });

  it("knows which orders are ordinary, and forgets their terms when they become so", () => {
    const desk = new Desk(Engine);
    const tables = new OrderTables();
    desk.buy(1, 99, 5, { pair: 2 });
    desk.buy(3, 110, 5, stopLimitAt(105));
    tables.take(desk.engine);
    expect(tables.terms.size).toBe(2);
    desk.sell(4, 99, 1);
    desk.sell(5, 105, 1);
    desk.buy(6, 105, 1);
    tables.take(desk.engine);
    expect([1, 3].map((id) => isOrdinary(desk.engine.find(id)!))).toEqual([true, true]);
    expect(tables.terms.size).toBe(0);
    expect(tables.orders()).toEqual(byId(openOrdersOf(desk.engine)));
    desk.massCancel();
    tables.take(desk.engine);
    expect(tables.orders()).toEqual([]);
  });

  describe("refuses what cannot have been stored", () => {
    const order = (orderId: number, side: Side, price: number, changes = {}): OpenOrder => {
      const desk = new Desk(Engine);
      desk.enter(orderId, side, price, 5);
      return { ...desk.engine.find(orderId)!, priority: orderId, ...changes };
    };
    const load = (...orders: readonly OpenOrder[]): void => {
      const desk = new Desk(Engine);
      desk.engine.state.arrivals = 2;
      desk.engine.state.lastPrice = 100;
      restored(desk.engine, Engine, { restingOrdersMax: 3 }, orders);
    };

    it("but nothing else", () => {
      expect(() => load(order(1, Side.Buy, 99), order(2, Side.Sell, 101))).not.toThrow();
    });

    it.each<[string, readonly OpenOrder[]]>([
      ["a crossed book in continuous trading", [order(1, Side.Buy, 101), order(2, Side.Sell, 101)]],
      ["an order twice", [order(1, Side.Buy, 99), order(1, Side.Buy, 99)]],
      ["a priority that was never given", [order(3, Side.Buy, 99)]],
      ["an order that shows more than it is", [order(1, Side.Buy, 99, { shown: 6, display: 6 })]],
      ["an order with nothing left", [order(1, Side.Buy, 99, { leaves: 0, shown: 0 })]],
      [
        "a stop that was not triggered",
        [order(1, Side.Buy, 110, { type: 4, stopPrice: 100, shown: 0 })],
      ],
    ])("%s", (_, orders) => {
      expect(() => load(...orders)).toThrow();
    });
  });
});

function byId(orders: readonly OpenOrder[]): OpenOrder[] {
  return [...orders].sort((a, b) => a.orderId - b.orderId);
}
