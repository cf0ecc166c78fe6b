import { describe, expect, it } from "vitest";
import { FastEngine } from "../../actors/market/fast/fast-engine.js";
import type { EngineMaker } from "../../actors/market/market.js";
import { NaiveEngine } from "../../actors/market/naive/naive-engine.js";
import { Floor, withoutBands } from "../helpers/market.js";

const engines: Record<string, EngineMaker> = {
  FastEngine: (state) => new FastEngine(state),
  NaiveEngine: (state) => new NaiveEngine(state),
};

describe.each(Object.entries(engines))("matching with the %s", (name, engineOf) => {
  const floor = (): Floor => {
    const floor = new Floor(engineOf);
    withoutBands(floor.market);
    return floor;
  };

  it("rests an order that meets nobody", () => {
    const market = floor();
    expect(market.sell(1, 101, 100).fills).toEqual([]);
    expect(market.buy(2, 100, 100).fills).toEqual([]);
    expect(market.market.depth()).toEqual({ bids: 1, asks: 1 });
  });

  it("fills two equal orders whole, whichever side came first", () => {
    const sellFirst = floor();
    sellFirst.sell(1, 101, 100);
    expect(sellFirst.buy(2, 101, 100).fills).toEqual([[1, 101, 100]]);
    expect(sellFirst.market.depth()).toEqual({ bids: 0, asks: 0 });
    const buyFirst = floor();
    buyFirst.buy(1, 101, 100);
    expect(buyFirst.sell(2, 101, 100).fills).toEqual([[1, 101, 100]]);
    expect(buyFirst.market.depth()).toEqual({ bids: 0, asks: 0 });
  });

  it("leaves the rest of the larger maker on the book", () => {
    const market = floor();
    market.sell(1, 101, 100);
    expect(market.buy(2, 101, 50).fills).toEqual([[1, 101, 50]]);
    expect(market.buy(3, 101, 60).fills).toEqual([[1, 101, 50]]);
    expect(market.market.depth()).toEqual({ bids: 1, asks: 0 });
  });

  it("leaves the rest of the larger taker on the book, as the new best", () => {
    const market = floor();
    market.sell(1, 101, 50);
    expect(market.buy(2, 101, 100).fills).toEqual([[1, 101, 50]]);
    expect(market.sell(3, 99, 50).fills).toEqual([[2, 101, 50]]);
  });

  it.each(["buy", "sell"] as const)("fills a resting order by many small takers (%s)", (side) => {
    const market = floor();
    const other = side === "buy" ? "sell" : "buy";
    market[other](1, 101, 100);
    for (const taker of [2, 3, 4, 5]) {
      expect(market[side](taker, 101, 25).fills).toEqual([[1, 101, 25]]);
    }
    expect(market[side](6, 101, 25).fills).toEqual([]);
  });

  it("trades with the earlier of two orders of a price", () => {
    const market = floor();
    market.buy(1, 101, 25);
    market.buy(2, 101, 25);
    expect(market.sell(3, 101, 25).fills).toEqual([[1, 101, 25]]);
  });

  it("trades with the better price first, then with the earlier order, across calls", () => {
    const market = floor();
    market.sell(1, 103, 10);
    market.sell(2, 101, 10);
    market.sell(3, 102, 10);
    market.sell(4, 101, 10);
    expect(market.buy(5, 102, 15).fills).toEqual([
      [2, 101, 10],
      [4, 101, 5],
    ]);
    expect(market.buy(6, 103, 100).fills).toEqual([
      [4, 101, 5],
      [3, 102, 10],
      [1, 103, 10],
    ]);
  });

  it("keeps a partly filled maker in front", () => {
    const market = floor();
    market.sell(1, 101, 100);
    market.sell(2, 101, 100);
    market.buy(3, 101, 30);
    expect(market.buy(4, 101, 80).fills).toEqual([
      [1, 101, 70],
      [2, 101, 10],
    ]);
  });

  it("forgets a cancelled order, be it the first, in the middle or the last", () => {
    const market = floor();
    for (const order of [1, 2, 3, 4, 5]) market.buy(order, 101, 10);
    for (const order of [1, 3, 5]) market.cancel(order);
    expect(market.sell(6, 101, 100).fills).toEqual([
      [2, 101, 10],
      [4, 101, 10],
    ]);
  });

  it("leaves no phantom best price after the only order there is cancelled", () => {
    const market = floor();
    market.buy(1, 101, 10);
    market.buy(2, 100, 10);
    market.cancel(1);
    expect(market.sell(3, 99, 10).fills).toEqual([[2, 100, 10]]);
    market.sell(4, 101, 5);
    market.cancel(4);
    expect(market.buy(5, 200, 5).fills).toEqual([]);
  });

  it("sweeps thousands of orders of one price in their order", () => {
    const market = floor();
    const makers = name === "NaiveEngine" ? 60 : 1_000;
    for (let order = 1; order <= makers; order++) market.sell(order, 101, 1);
    const { fills } = market.buyNow(makers + 1, 101, makers);
    expect(fills).toEqual(Array.from({ length: makers }, (_, n) => [n + 1, 101, 1]));
    expect(market.market.depth()).toEqual({ bids: 0, asks: 0 });
  });

  it("stops an immediate order exactly where its quantity, the book or its limit ends", () => {
    const market = floor();
    market.sell(1, 101, 10);
    market.sell(2, 102, 10);
    market.sell(3, 103, 10);
    expect(market.buyNow(4, 103, 20).fills).toEqual([
      [1, 101, 10],
      [2, 102, 10],
    ]);
    expect(market.buyNow(5, 102, 10).fills).toEqual([]);
    expect(market.buyNow(6, 500, 30).fills).toEqual([[3, 103, 10]]);
    expect(market.market.depth()).toEqual({ bids: 0, asks: 0 });
  });

  it("fills a crossing order at the makers' prices, on both sides", () => {
    const market = floor();
    market.sell(1, 101, 5);
    expect(market.buy(2, 110, 10).fills).toEqual([[1, 101, 5]]);
    expect(market.sell(3, 90, 5).fills).toEqual([[2, 110, 5]]);
  });

  it("rests a crossing order's remainder at its own limit and never beyond it", () => {
    const market = floor();
    market.sell(1, 101, 5);
    market.sell(2, 103, 5);
    expect(market.buy(3, 102, 10).fills).toEqual([[1, 101, 5]]);
    expect(market.sellNow(4, 102, 10).fills).toEqual([[3, 102, 5]]);
  });

  it("keeps priority when an order is reduced", () => {
    const market = floor();
    market.sell(1, 101, 100);
    market.sell(2, 101, 100);
    market.reduce(1, 40);
    expect(market.buy(3, 101, 50).fills).toEqual([
      [1, 101, 40],
      [2, 101, 10],
    ]);
  });

  it("takes an order id again after its order was cancelled or filled", () => {
    const market = floor();
    market.buy(1, 100, 10);
    market.cancel(1);
    market.buy(1, 101, 10);
    expect(market.sell(2, 100, 10).fills).toEqual([[1, 101, 10]]);
    market.buy(1, 99, 10);
    expect(market.sell(4, 99, 10).fills).toEqual([[1, 99, 10]]);
  });

  it("matches at the ends of the range of prices and quantities", () => {
    const market = floor();
    market.sell(1, 10 ** 12, 9_000);
    market.sell(2, 1, 1);
    expect(market.buy(3, 10 ** 12, 9_000).fills).toEqual([
      [2, 1, 1],
      [1, 10 ** 12, 8_999],
    ]);
    market.sell(4, 1, 10 ** 12);
    expect(market.buyNow(5, 9_000, 10 ** 12).fills).toEqual([[4, 1, 10 ** 12]]);
  });
});
