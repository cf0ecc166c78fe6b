/** Orders, time in force, price then time (rule book, 1 and 2). */
import { beforeEach, describe, expect, it } from "vitest";
import { OrderType, SelfTrade, Side, TimeInForce } from "../../actors/kernel/order.js";
import { PRICE_UNITS_MAX, QUANTITY_UNITS_MAX } from "../../actors/kernel/limits.js";
import { MarketState } from "../../actors/market/market-state.js";
import { OrderEntry } from "../../actors/market/order-entry.js";
import {
  AT_THE_CLOSE,
  Desk,
  ENGINES,
  FILL_OR_KILL,
  goodFor,
  IMMEDIATE,
  MARKET,
  type OrderTerms,
  POST_ONLY,
  stopAt,
  stopLimitAt,
} from "../helpers/engine.js";
import { eventsOf, sentence, START } from "../helpers/engine-events.js";

describe.each(ENGINES)("%s: orders", (_, Engine) => {
  let desk: Desk;
  beforeEach(() => {
    desk = new Desk(Engine);
  });

  it("rests what meets nobody, behind its price's others, with the next priority (1.2)", () => {
    expect(desk.buy(1, 99, 5)).toEqual(["1 rests with 5 at 99"]);
    expect(desk.depth).toEqual(["bid 99: 5"]);
    desk.buy(2, 99, 7);
    desk.buy(3, 100, 1);
    expect(desk.depth).toEqual(["bid 100: 1"]);
    desk.sell(4, 101, 2);
    desk.sell(5, 102, 2);
    expect(desk.bids).toEqual(["3: 1 at 100", "1: 5 at 99", "2: 7 at 99"]);
    expect(desk.asks).toEqual(["4: 2 at 101", "5: 2 at 102"]);
    expect([1, 2, 3, 4, 5].map((id) => desk.engine.find(id)!.priority)).toEqual([1, 2, 3, 4, 5]);
    expect([desk.engine.count(Side.Buy), desk.engine.count(Side.Sell)]).toEqual([3, 2]);
    expect(desk.engine.find(6)).toBeUndefined();
  });

  it("trades with the best price first, then with the older order, at the maker's price (2.1)", () => {
    desk.sell(1, 103, 10);
    desk.sell(2, 101, 10);
    desk.sell(3, 101, 10);
    expect(desk.buy(4, 102, 15)).toEqual(["4 takes 10 at 101 from 2", "4 takes 5 at 101 from 3"]);
    expect(desk.depth).toEqual(["ask 101: 5"]);
    expect(desk.buy(5, 105, 20)).toEqual([
      "5 takes 5 at 101 from 3",
      "5 takes 10 at 103 from 1",
      "5 rests with 5 at 105",
    ]);
    expect(desk.depth).toEqual(["ask 101: 0", "ask 103: 0", "bid 105: 5"]);
    expect(desk.sell(6, 100, 5)).toEqual(["6 takes 5 at 105 from 5"]);
    expect(desk.engine.state.lastPrice).toBe(105);
  });

  it("tells of a trade who made it, who took, and what each has left", () => {
    desk.sell(1, 101, 10, { account: 7 });
    desk.buy(2, 101, 4, { account: 8 });
    expect(eventsOf(desk.engine.log)[0]).toEqual({
      kind: "trade",
      sequence: 2,
      tradeId: 1,
      price: 101,
      quantity: 4,
      maker: 1,
      taker: 2,
      makerAccount: 7,
      takerAccount: 8,
      takerSide: Side.Buy,
      isAuction: false,
      makerLeaves: 6,
      takerLeaves: 0,
    });
  });

  it("tells of an order all that it is, when it rests and when it ends", () => {
    desk.buy(1, 99, 5, { account: 7 });
    const rested = {
      kind: "rested",
      sequence: 1,
      orderId: 1,
      account: 7,
      side: Side.Buy,
      price: 99,
    };
    const standing = { leaves: 5, shown: 5, priority: 1, code: "OK" };
    expect(eventsOf(desk.engine.log)[0]).toEqual({ ...rested, ...standing });
    desk.cancel(1);
    const ended = { ...rested, kind: "ended", sequence: 2 };
    const gone = { leaves: 5, shown: 0, priority: 0, code: "CANCELLED_BY_CLIENT" };
    expect(eventsOf(desk.engine.log)[0]).toEqual({ ...ended, ...gone });
  });

  it("lets an order keep all its terms while it is open", () => {
    const terms = {
      account: 5,
      owner: 77,
      selfTrade: SelfTrade.CancelBoth,
      ...POST_ONLY,
      ...goodFor(60),
    };
    desk.buy(1, 99, 5, { ...terms, display: 2, pair: 2 });
    expect(desk.engine.find(1)).toEqual({
      orderId: 1,
      account: 5,
      owner: 77,
      side: Side.Buy,
      type: OrderType.Limit,
      timeInForce: TimeInForce.GoodTillDate,
      price: 99,
      leaves: 5,
      shown: 2,
      priority: 1,
      stopPrice: 0,
      display: 2,
      expires: START + 60_000_000,
      pair: 2,
      selfTrade: SelfTrade.CancelBoth,
      postOnly: true,
      trail: 0,
    });
    expect(desk.engine.book(Side.Buy)).toEqual([desk.engine.find(1)]);
  });

  it("cancels what an immediate order does not trade at once (1.4)", () => {
    desk.sell(1, 101, 3);
    expect(desk.buy(2, 101, 5, IMMEDIATE)).toEqual([
      "2 takes 3 at 101 from 1",
      "2 ends with 2 left: IMMEDIATE_REMAINDER",
    ]);
    expect(desk.buy(3, 101, 5, IMMEDIATE)).toEqual(["3 ends with 5 left: IMMEDIATE_REMAINDER"]);
    expect(desk.depth).toEqual([]);
  });

  it("takes at the market up to the price that the ledger held at (1.1, 1.3)", () => {
    desk.sell(1, 101, 3);
    desk.sell(2, 103, 3);
    desk.sell(3, 105, 3);
    expect(desk.buy(4, 104, 9, MARKET)).toEqual([
      "4 takes 3 at 101 from 1",
      "4 takes 3 at 103 from 2",
      "4 ends with 3 left: IMMEDIATE_REMAINDER",
    ]);
  });

  describe("fill or kill (2.2)", () => {
    it("trades all of it, over several prices", () => {
      desk.sell(1, 101, 3);
      desk.sell(2, 102, 3);
      expect(desk.buy(3, 102, 6, FILL_OR_KILL)).toEqual([
        "3 takes 3 at 101 from 1",
        "3 takes 3 at 102 from 2",
      ]);
    });

    it("trades nothing when one unit is missing, and changes nothing", () => {
      desk.sell(1, 101, 3);
      desk.sell(2, 102, 3);
      expect(desk.buy(3, 102, 7, FILL_OR_KILL)).toEqual(["3 ends with 7 left: FOK_NOT_FILLABLE"]);
      expect(desk.buy(4, 101, 4, { ...FILL_OR_KILL, type: OrderType.Market })).toEqual([
        "4 ends with 4 left: FOK_NOT_FILLABLE",
      ]);
      expect(desk.depth).toEqual([]);
      expect(desk.asks).toEqual(["1: 3 at 101", "2: 3 at 102"]);
      expect(desk.engine.state.tradeId).toBe(0);
    });

    it("counts hidden parts", () => {
      desk.sell(1, 101, 10, { display: 2 });
      expect(desk.buy(2, 101, 11, FILL_OR_KILL)).toEqual(["2 ends with 11 left: FOK_NOT_FILLABLE"]);
      expect(desk.buy(3, 101, 9, FILL_OR_KILL)).toHaveLength(5 + 4);
      expect(desk.asks).toEqual(["1: 1 at 101"]);
    });

    it("passes over its own under cancel oldest; under other modes they end the look", () => {
      desk.sell(1, 101, 3, { account: 7 });
      desk.sell(2, 101, 3);
      const own = { ...FILL_OR_KILL, account: 7 };
      for (const selfTrade of [SelfTrade.CancelNewest, SelfTrade.CancelBoth, SelfTrade.Decrement]) {
        const told = desk.buy(10 + selfTrade, 101, 3, { ...own, selfTrade });
        expect(told).toEqual([`${10 + selfTrade} ends with 3 left: FOK_NOT_FILLABLE`]);
      }
      const oldest = { ...own, selfTrade: SelfTrade.CancelOldest };
      expect(desk.buy(3, 101, 4, oldest)).toEqual(["3 ends with 4 left: FOK_NOT_FILLABLE"]);
      expect(desk.buy(4, 101, 3, oldest)).toEqual([
        "1 ends with 3 left: SELF_TRADE_PREVENTED",
        "4 takes 3 at 101 from 2",
      ]);
    });

    it("meets the parts of an iceberg behind an order of its own", () => {
      desk.sell(1, 101, 6, { display: 2 });
      desk.sell(2, 101, 1, { account: 7 });
      const own = { ...FILL_OR_KILL, account: 7, selfTrade: SelfTrade.CancelNewest };
      expect(desk.buy(3, 101, 3, own)).toEqual(["3 ends with 3 left: FOK_NOT_FILLABLE"]);
      expect(desk.buy(4, 101, 2, own)).toEqual(["4 takes 2 at 101 from 1", "1 shows 2 of 4 again"]);
    });

    it("trades with its own where no mode forbids it", () => {
      desk.sell(1, 101, 3, { account: 7 });
      expect(desk.buy(2, 101, 3, { ...FILL_OR_KILL, account: 7 })).toEqual([
        "2 takes 3 at 101 from 1",
      ]);
    });

    it("does not count what would end with its pair", () => {
      desk.sell(1, 101, 3, { pair: 2 });
      desk.sell(2, 102, 3, { pair: 1 });
      expect(desk.buy(3, 102, 6, FILL_OR_KILL)).toEqual(["3 ends with 6 left: FOK_NOT_FILLABLE"]);
      expect(desk.buy(4, 102, 3, FILL_OR_KILL)).toEqual([
        "4 takes 3 at 101 from 1",
        "2 ends with 3 left: PAIR_DONE",
      ]);
    });

    it("does not count on its own pair once it has traded, nor on anything behind it", () => {
      desk.sell(1, 101, 3);
      desk.sell(2, 102, 3, { pair: 3 });
      expect(desk.buy(3, 102, 6, { ...FILL_OR_KILL, pair: 2 })).toEqual([
        "3 ends with 6 left: FOK_NOT_FILLABLE",
        "2 ends with 3 left: PAIR_DONE",
      ]);
      desk.sell(4, 100, 3, { pair: 5 });
      expect(desk.buy(5, 101, 6, { ...FILL_OR_KILL, pair: 4 })[0]).toBe(
        "5 ends with 6 left: FOK_NOT_FILLABLE",
      );
      desk.sell(6, 100, 3, { pair: 7 });
      expect(desk.buy(7, 101, 3, { ...FILL_OR_KILL, pair: 6 })).toEqual([
        "7 takes 3 at 100 from 6",
      ]);
    });

    it("does not count what has expired", () => {
      desk = new Desk(Engine, { limits: { expiriesAtOnceMax: 1 } });
      desk.sell(1, 101, 3, goodFor(1));
      desk.sell(2, 101, 3, goodFor(1));
      desk.sell(3, 102, 3);
      desk.wait(1);
      expect(desk.buy(4, 102, 4, FILL_OR_KILL)).toEqual(["4 ends with 4 left: FOK_NOT_FILLABLE"]);
      expect(desk.buy(5, 102, 3, FILL_OR_KILL)).toEqual([
        "2 ends with 3 left: EXPIRED",
        "5 takes 3 at 102 from 3",
      ]);
    });
  });

  describe("post-only (1.6)", () => {
    it("rests when it would not trade", () => {
      desk.sell(1, 101, 3);
      expect(desk.buy(2, 100, 3, POST_ONLY)).toEqual(["2 rests with 3 at 100"]);
    });

    it("is refused when its limit reaches the other side, whoever stands there", () => {
      desk.sell(1, 101, 3, { account: 7 });
      const own = { ...POST_ONLY, account: 7, selfTrade: SelfTrade.CancelOldest };
      expect(desk.buy(2, 101, 3, own)).toEqual(["2 ends with 3 left: POST_ONLY_WOULD_TRADE"]);
      expect(desk.buy(3, 102, 3, POST_ONLY)).toEqual(["3 ends with 3 left: POST_ONLY_WOULD_TRADE"]);
      expect(desk.asks).toEqual(["1: 3 at 101"]);
    });
  });

  describe("what makes no sense (1.8)", () => {
    const cases: [code: string, price: number, quantity: number, terms: OrderTerms][] = [
      ["INVALID_SIDE", 100, 10, { side: 3 } as unknown as OrderTerms],
      ["INVALID_ORDER_TYPE", 100, 10, { type: 5 as OrderType }],
      ["INVALID_TIME_IN_FORCE", 100, 10, { timeInForce: 8 as TimeInForce }],
      ["INVALID_SELF_TRADE_MODE", 100, 10, { selfTrade: 5 as SelfTrade }],
      ["QUANTITY_NOT_POSITIVE", 100, 0, {}],
      ["QUANTITY_OFF_LOT", 100, 7, {}],
      ["QUANTITY_TOO_LARGE", 100, QUANTITY_UNITS_MAX + 10, {}],
      ["PRICE_OFF_TICK", 101, 10, {}],
      ["PRICE_TOO_LARGE", PRICE_UNITS_MAX + 2, 10, {}],
      ["PRICE_NOT_POSITIVE", 0, 10, {}],
      ["STOP_PRICE_WITHOUT_STOP", 100, 10, { stopPrice: 100 }],
      ["STOP_PRICE_MISSING", 100, 10, stopAt(0)],
      ["STOP_PRICE_OFF_TICK", 100, 10, stopAt(103)],
      ["STOP_PRICE_TOO_LARGE", 100, 10, stopLimitAt(PRICE_UNITS_MAX + 2)],
      ["DISPLAY_OFF_LOT", 100, 20, { display: 7 }],
      ["DISPLAY_NOT_BELOW_QUANTITY", 100, 20, { display: 20 }],
      ["DISPLAY_OF_IMMEDIATE", 100, 20, { display: 10, ...IMMEDIATE }],
      ["DISPLAY_OF_IMMEDIATE", 100, 20, { display: 10, ...stopAt(104) }],
      ["POST_ONLY_NOT_LIMIT", 100, 20, { ...POST_ONLY, ...stopLimitAt(104) }],
      ["POST_ONLY_IMMEDIATE", 100, 20, { ...POST_ONLY, ...IMMEDIATE }],
      ["MARKET_ORDER_TIME_IN_FORCE", 100, 20, { type: OrderType.Market }],
      ["STOP_TIME_IN_FORCE", 100, 20, { ...stopAt(104), ...IMMEDIATE }],
      ["STOP_TIME_IN_FORCE", 100, 20, { ...stopLimitAt(104), ...AT_THE_CLOSE }],
      ["EXPIRY_WITHOUT_DATE", 100, 20, { expires: START + 1 }],
      ["EXPIRY_MISSING", 100, 20, { timeInForce: TimeInForce.GoodTillDate }],
      ["EXPIRY_IN_THE_PAST", 100, 20, goodFor(0)],
    ];

    it.each(cases)("%s at %d for %d", (code, price, quantity, terms) => {
      const picky = new Desk(Engine, { instrument: { tick: 2, lot: 10 } });
      const told = picky.buy(1, price, quantity, terms);
      expect(told).toEqual([`1 ends with ${quantity} left: ${code}`]);
      expect(picky.depth).toEqual([]);
      expect(picky.engine.state.sequence).toBe(1);
    });
  });

  it("takes no order before its instrument is listed, and numbers it all the same", () => {
    const engine = new Engine(new MarketState());
    engine.enter(new OrderEntry().reset(1, 7, Side.Buy, 100, 5, TimeInForce.GoodTillCancel));
    expect(eventsOf(engine.log).map(sentence)).toEqual([
      "1 ends with 5 left: INSTRUMENT_UNKNOWN_TO_MARKET",
    ]);
    expect(engine.state.sequence).toBe(1);
  });

  it("gives each command one number of the sequence (7.1)", () => {
    desk.buy(1, 99, 5);
    desk.cancel(2);
    desk.reduce(1, 9);
    desk.amend(1, {});
    desk.massCancel();
    desk.rules({});
    desk.schedule();
    desk.phase(desk.engine.state.phase);
    expect(desk.engine.state.sequence).toBe(8);
    desk.wait(1);
    expect(desk.engine.state.sequence).toBe(8);
  });
});
