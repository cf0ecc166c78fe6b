import { describe, expect, it } from "vitest";
import { FastBook } from "../../actors/market/book.js";
import { Market } from "../../actors/market/market.js";
import { NaiveBook } from "../../actors/market/naive-book.js";
import { RestingOrder } from "../../actors/market/resting-order.js";
import { MalformedError } from "../../actors/kernel/bytes.js";
import { Links } from "../../actors/kernel/links.js";
import { Side, TimeInForce } from "../../actors/kernel/order.js";
import { accountOf, Floor, give, list, MARKET_ID, orderOf } from "../helpers/market.js";
import { rowsOf, Tables } from "../helpers/tables.js";

const GTC = TimeInForce.GoodTillCancel;

function enter(market: Market, count: number, side: Side, price: number, quantity: number): void {
  const orderId = orderOf(count);
  const account = accountOf(count);
  give(market, { kind: "enter", orderId, account, side, price, quantity, timeInForce: GTC });
}

describe("a market's rows", () => {
  it("are one for each order that a batch left otherwise than it found it", () => {
    const market = Market.create(MARKET_ID);
    list(market);
    for (const count of [1, 2, 3]) enter(market, count, Side.Sell, 100, 10);
    give(market, { kind: "reduce", orderId: orderOf(3), leaves: 4 });
    give(market, { kind: "reduce", orderId: orderOf(3), leaves: 3 });
    const first = market.takeEffects().rows;
    expect(rowsOf(first["book"]!)).toMatchObject([
      { order_id: orderOf(1), account: accountOf(1), side: Side.Sell, price: 100, leaves: 10 },
      { order_id: orderOf(2), leaves: 10, priority: 2 },
      { order_id: orderOf(3), leaves: 3, priority: 3 },
    ]);
    expect(first["book_removed"]!.count).toBe(0);

    enter(market, 4, Side.Buy, 100, 15);
    enter(market, 5, Side.Buy, 99, 15);
    give(market, { kind: "cancel", orderId: orderOf(5) });
    const second = market.takeEffects().rows;
    expect(rowsOf(second["book"]!)).toMatchObject([{ order_id: orderOf(2), leaves: 5 }]);
    expect(rowsOf(second["book_removed"]!)).toEqual([{ order_id: orderOf(1) }]);
    expect(second["trades"]!.count).toBe(2);

    give(market, { kind: "cancel", orderId: orderOf(9) });
    const third = market.takeEffects().rows;
    expect([third["book"]!.count, third["book_removed"]!.count, third["trades"]!.count]).toEqual([
      0, 0, 0,
    ]);
  });
});

describe("a market's recovery", () => {
  it("of one that has never committed is a fresh market", () => {
    const market = Market.restore({ id: MARKET_ID, state: new Uint8Array(0) }, new Links());
    market.finishLoading();
    expect(market.stateHash()).toBe(Market.create(MARKET_ID).stateHash());
  });

  it("gives the same market: hash, depth, instrument, priorities, counters", () => {
    const { market } = new Floor();
    const tables = new Tables();
    for (const count of [1, 2, 3, 4, 5]) enter(market, count, Side.Sell, 100 + (count % 3), 10);
    for (const count of [6, 7, 8]) enter(market, count, Side.Buy, 90 + (count % 2), 10);
    enter(market, 9, Side.Buy, 100, 4);
    const effects = market.takeEffects();
    tables.apply(effects);
    const restored = Market.restore({ id: MARKET_ID, state: effects.state }, new Links());
    tables.loadMarket((table, rows) => restored.loadPage(table, rows), 2);
    restored.finishLoading();
    restored.checkInvariants();
    expect(restored.stateHash()).toBe(market.stateHash());
    expect(restored.depth()).toEqual({ bids: 3, asks: 5 });
    for (const each of [market, restored]) enter(each, 11, Side.Buy, 102, 100);
    expect(restored.takeEffects().events).toEqual(market.takeEffects().events);
    expect(restored.stateHash()).toBe(market.stateHash());
  });

  it("refuses a state of another version", () => {
    const state = Market.create(MARKET_ID).takeEffects().state.slice();
    state[0] = 2;
    expect(() => Market.restore({ id: MARKET_ID, state }, new Links())).toThrow(MalformedError);
  });
});

describe("a market's hash", () => {
  it("is another for any other state, and never depends on the way to it", () => {
    const hashAfter = (act: (market: Market) => void): number => {
      const { market } = new Floor();
      act(market);
      return market.stateHash();
    };
    const hashes = [
      hashAfter(() => {}),
      hashAfter((market) => enter(market, 1, Side.Buy, 100, 10)),
      hashAfter((market) => enter(market, 1, Side.Buy, 100, 11)),
      hashAfter((market) => enter(market, 1, Side.Buy, 101, 10)),
      hashAfter((market) => enter(market, 1, Side.Sell, 100, 10)),
      hashAfter((market) => enter(market, 3, Side.Buy, 100, 10)),
      hashAfter((market) => give(market, { kind: "cancel", orderId: orderOf(1) })),
      hashAfter((market) => list(market, 2, { tick: 2 })),
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
    expect(hashAfter((market) => enter(market, 1, Side.Buy, 100, 10))).toBe(hashes[1]);
  });
});

describe.each([
  ["FastBook", FastBook],
  ["NaiveBook", NaiveBook],
])("the %s", (_, Book) => {
  const order = (id: number, side: Side, price: number, priority: number): RestingOrder =>
    new RestingOrder(id, 1, side, price, 10, priority);

  it("refuses the same id twice, and to raise or keep what an order leaves", () => {
    const book = new Book();
    const resting = order(1, Side.Buy, 100, 1);
    expect(book.add(resting)).toBe(10);
    expect(() => book.add(order(1, Side.Sell, 101, 2))).toThrow("rests already");
    for (const leaves of [10, 11, -1]) expect(() => book.lower(resting, leaves)).toThrow("lowered");
  });

  it("notices a cross and a wrong order of arrival", () => {
    const crossed = new Book();
    crossed.add(order(1, Side.Buy, 100, 1));
    crossed.add(order(2, Side.Sell, 100, 2));
    expect(() => crossed.checkInvariants()).toThrow("crossed");
    const same = new Book();
    same.add(order(1, Side.Buy, 100, 2));
    same.add(order(2, Side.Buy, 100, 2));
    expect(() => same.checkInvariants()).toThrow("behind the wrong order");
  });
});
