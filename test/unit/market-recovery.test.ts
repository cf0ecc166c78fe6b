import { describe, expect, it } from "vitest";
import { Market } from "../../actors/market/market.js";
import { plainOrder } from "../../actors/market/messages.js";
import { MalformedError } from "../../actors/kernel/bytes.js";
import { Links } from "../../actors/kernel/links.js";
import { OrderType, SelfTrade, Side, TimeInForce } from "../../actors/kernel/order.js";
import { Phase } from "../../actors/market/phase.js";
import { accountOf, Floor, give, list, MARKET_ID, orderOf } from "../helpers/market.js";
import { BOOK_BEFORE, HASH_BEFORE, STATE_BEFORE } from "../helpers/market-before.js";
import { rowsOf, Tables } from "../helpers/tables.js";

const GTC = TimeInForce.GoodTillCancel;

function enter(market: Market, count: number, side: Side, price: number, quantity: number): void {
  const orderId = orderOf(count);
  const account = accountOf(count);
  give(market, plainOrder({ orderId, account, side, price, quantity, timeInForce: GTC }));
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
    expect(second["book"]!.count).toBe(0);
    expect(rowsOf(second["book_changed"]!)).toEqual([
      { order_id: orderOf(2), price: 100, leaves: 5, shown: 5, priority: 2 },
    ]);
    expect(rowsOf(second["book_removed"]!)).toEqual([{ order_id: orderOf(1) }]);
    expect(second["trades"]!.count).toBe(2);

    give(market, { kind: "cancel", orderId: orderOf(9) });
    const third = market.takeEffects().rows;
    for (const part of Object.values(third)) expect(part.count).toBe(0);
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

  it("takes what was stored before there were phases and terms, and its hash", () => {
    const state = Uint8Array.from(Buffer.from(STATE_BEFORE, "hex"));
    const market = Market.restore({ id: MARKET_ID, state }, new Links());
    market.loadPage("book", BOOK_BEFORE);
    market.finishLoading();
    market.checkInvariants();
    expect(market.loadedHash()).toBe(HASH_BEFORE);
    expect(market.state).toMatchObject({ phase: Phase.Continuous, sessionReference: 101 });
    expect(market.depth()).toEqual({ bids: 2, asks: 2 });
    // Another row would be noticed.
    const other = Market.restore({ id: MARKET_ID, state }, new Links());
    other.loadPage("book", [{ ...BOOK_BEFORE[0]!, leaves: 6, shown: 6 }, ...BOOK_BEFORE.slice(1)]);
    other.finishLoading();
    expect(other.loadedHash()).not.toBe(HASH_BEFORE);
    // What it stores from now on is of this version.
    enter(market, 11, Side.Buy, 103, 3);
    const effects = market.takeEffects();
    expect(rowsOf(effects.rows["trades"]!)).toMatchObject([
      { trade_id: 3, price: 101, quantity: 2 },
      { trade_id: 4, price: 103, quantity: 1 },
    ]);
    const next = Market.restore({ id: MARKET_ID, state: effects.state }, new Links());
    const rows = rowsOf(effects.rows["book_changed"]!);
    const changed = new Map(rows.map((row) => [row["order_id"], row]));
    const book = BOOK_BEFORE.map((row) => ({ ...row, ...changed.get(row.order_id) }));
    next.loadPage(
      "book",
      book.filter(({ order_id }) => order_id !== orderOf(2)),
    );
    next.finishLoading();
    expect(next.loadedHash()).toBe(market.stateHash());
  });

  it("puts the terms of orders and the orders together, and lacks neither", () => {
    const { market } = new Floor();
    const order = { orderId: orderOf(1), account: 7, side: Side.Sell, price: 101, quantity: 10 };
    const plain = plainOrder({ ...order, timeInForce: GTC });
    give(market, { ...plain, display: 3, selfTrade: SelfTrade.CancelBoth });
    const stop = { ...plain, orderId: orderOf(3), side: Side.Buy, price: 110, stopPrice: 105 };
    give(market, { ...stop, type: OrderType.StopLimit, owner: 9 });
    enter(market, 2, Side.Buy, 100, 5);
    const effects = market.takeEffects();
    expect(rowsOf(effects.rows["book"]!)).toMatchObject([
      { order_id: orderOf(1), leaves: 10, shown: 3 },
      { order_id: orderOf(3), leaves: 10, shown: 0 },
      { order_id: orderOf(2), leaves: 5, shown: 5 },
    ]);
    const terms = rowsOf(effects.rows["order_terms"]!);
    expect(terms).toMatchObject([
      { order_id: orderOf(1), owner: 7, display: 3, self_trade: SelfTrade.CancelBoth },
      { order_id: orderOf(3), owner: 9, type: OrderType.StopLimit, stop_price: 105 },
    ]);
    const tables = new Tables();
    tables.apply(effects);
    const load = (isLeftOut: (table: string, orderId: unknown) => boolean): Market => {
      const restored = Market.restore({ id: MARKET_ID, state: effects.state }, new Links());
      tables.loadMarket((table, rows) => {
        restored.loadPage(
          table,
          rows.filter((row) => !isLeftOut(table, row["order_id"])),
        );
      });
      restored.finishLoading();
      return restored;
    };
    const restored = load(() => false);
    expect(restored.loadedHash()).toBe(market.stateHash());
    expect(restored.book(Side.Sell)).toEqual(market.book(Side.Sell));
    expect(restored.waiting()).toEqual(market.waiting());
    expect(() => load((table, id) => table === "book" && id === orderOf(3))).toThrow(
      "do not exist",
    );
    const isTermsOfIceberg = (table: string, id: unknown) =>
      table === "order_terms" && id === orderOf(1);
    // Either the engine refuses an order that cannot stand so, or the hash is another.
    const hashOfIncomplete = () => load(isTermsOfIceberg).loadedHash();
    let hash: number | undefined;
    try {
      hash = hashOfIncomplete();
    } catch {
      hash = undefined;
    }
    expect(hash).not.toBe(market.stateHash());

    // A triggered stop-limit is a limit order: its terms go, and it stays.
    enter(market, 4, Side.Sell, 105, 1);
    enter(market, 6, Side.Buy, 105, 11);
    const later = market.takeEffects();
    tables.apply(later);
    expect(tables.rows("order_terms").map((row) => row["order_id"])).toEqual([orderOf(3)]);
    give(market, { kind: "cancel", orderId: orderOf(3) });
    tables.apply(market.takeEffects());
    expect(tables.rows("order_terms")).toEqual([]);
  });

  it("refuses a state of another version", () => {
    const state = Market.create(MARKET_ID).takeEffects().state.slice();
    state[0] = 3;
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
