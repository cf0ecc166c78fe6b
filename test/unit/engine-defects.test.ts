/**
 * What has been found wrong with matching engines elsewhere, one test for each defect: prices, places, what is left, amends, requests,
 * ids. Each story is told to both engines, from both sides, the books audited after each command.
 */
import { beforeEach, describe, expect, it } from "vitest";
import { SelfTrade, Side } from "../../actors/kernel/order.js";
import { NaiveEngine } from "../../actors/market/naive/naive-engine.js";
import { FILL_OR_KILL, goodFor, IMMEDIATE, POST_ONLY } from "../helpers/engine.js";
import { MIRRORED, MirroredDesk } from "../helpers/mirrored-desk.js";

describe.each(MIRRORED)("%s, the taker a %s", (_, __, Engine, side) => {
  const isBuy = side === Side.Buy;
  let desk: MirroredDesk;
  beforeEach(() => {
    desk = new MirroredDesk(Engine, side);
  });

  describe("prices", () => {
    it("are the maker's, never the taker's", () => {
      desk.make(1, 0, 5);
      desk.make(2, 7, 5);
      expect(desk.take(3, 50, 8)).toEqual([desk.trade(3, 5, 0, 1), desk.trade(3, 3, 7, 2)]);
      expect(desk.engine.state.lastPrice).toBe(desk.at(7));
    });

    it("are swept from the best to the worst, whatever the order of entry", () => {
      const worse = [9, 2, 30, 0, 99, 1, 10, 100, 3];
      for (const [n, each] of worse.entries()) desk.make(n + 1, each, 1);
      const inOrder = worse
        .map((each, n) => desk.trade(100, 1, each, n + 1))
        .sort((a, b) => Number(a.split(" ")[4]) - Number(b.split(" ")[4]));
      expect(desk.take(100, 100, 9)).toEqual(isBuy ? inOrder : inOrder.reverse());
    });

    it("stay sorted by number when levels go and come", () => {
      for (const worse of [5, 50, 500, 6, 60]) desk.make(worse, worse, 1);
      for (const worse of [50, 5]) desk.cancel(worse);
      for (const worse of [51, 4, 499]) desk.make(worse, worse, 1);
      expect(desk.makers).toEqual(
        [4, 6, 51, 60, 499, 500].map((worse) => desk.standing(worse, 1, worse)),
      );
    });

    it("that are beyond the limit are never touched, however much is wanted", () => {
      desk.make(1, 0, 5);
      desk.make(2, 1, 5);
      desk.make(3, 2, 5);
      expect(desk.take(4, 1, 100)).toEqual([
        desk.trade(4, 5, 0, 1),
        desk.trade(4, 5, 1, 2),
        desk.rest(4, 90, 1),
      ]);
      expect(desk.makers).toEqual([desk.standing(3, 5, 2)]);
    });

    it("reach from the smallest to the largest there are", () => {
      const prices = [1, 10 ** 12, 2, 10 ** 12 - 1, 1_000, 10 ** 6, 10 ** 9];
      const best = [...prices].sort((a, b) => (isBuy ? a - b : b - a));
      const other = desk.makerSide;
      for (const [n, price] of prices.entries()) desk.enter(n + 1, other, price, 2);
      for (const [n, price] of best.slice(0, -1).entries()) {
        const told = desk.enter(100 + n, side, price, 2);
        expect(told).toEqual([`${100 + n} takes 2 at ${price} from ${prices.indexOf(price) + 1}`]);
      }
      const last = best.at(-1)!;
      expect(desk.makers).toEqual([`${prices.indexOf(last) + 1}: 2 at ${last}`]);
      desk.enter(200, other, best[0]!, 2);
      const all = desk.enter(201, side, last, 5);
      expect(all.at(-1)).toBe(`201 rests with 1 at ${last}`);
      expect(desk.makers).toEqual([]);
    });
  });

  describe("places", () => {
    it("are by arrival, not by id", () => {
      for (const id of [90, 7, 500, 10, 8]) desk.make(id, 0, 1);
      expect(desk.take(600, 0, 5)).toEqual(
        [90, 7, 500, 10, 8].map((id) => desk.trade(600, 1, 0, id)),
      );
    });

    it("hold over many calls, better prices in between", () => {
      desk.make(1, 1, 4);
      desk.make(2, 1, 4);
      expect(desk.take(3, 1, 1)).toEqual([desk.trade(3, 1, 1, 1)]);
      desk.make(4, 0, 2);
      desk.make(5, 1, 4);
      expect(desk.take(6, 1, 4)).toEqual([desk.trade(6, 2, 0, 4), desk.trade(6, 2, 1, 1)]);
      expect(desk.take(7, 1, 9)).toEqual([
        desk.trade(7, 1, 1, 1),
        desk.trade(7, 4, 1, 2),
        desk.trade(7, 4, 1, 5),
      ]);
    });

    it("are kept by a maker that is filled in part", () => {
      desk.make(1, 0, 10);
      desk.make(2, 0, 10);
      for (const id of [3, 4, 5]) expect(desk.take(id, 0, 3)).toEqual([desk.trade(id, 3, 0, 1)]);
      expect(desk.take(6, 0, 3)).toEqual([desk.trade(6, 1, 0, 1), desk.trade(6, 2, 0, 2)]);
    });

    it("close up when the first, one in the middle and the last are cancelled", () => {
      for (const id of [1, 2, 3, 4, 5]) desk.make(id, 0, id);
      for (const id of [1, 3, 5]) desk.cancel(id);
      expect(desk.makers).toEqual([desk.standing(2, 2, 0), desk.standing(4, 4, 0)]);
      desk.make(6, 0, 6);
      expect(desk.take(7, 0, 100)).toEqual([
        desk.trade(7, 2, 0, 2),
        desk.trade(7, 4, 0, 4),
        desk.trade(7, 6, 0, 6),
        desk.rest(7, 88, 0),
      ]);
    });

    it("of one price are all found by one sweep", () => {
      const count = Engine === NaiveEngine ? 300 : 5_000;
      desk.enterMany(desk.makerSide, desk.at(0), count);
      const told = desk.take(count + 1, 0, count + 3, IMMEDIATE);
      expect(told.slice(0, -1)).toEqual(
        Array.from({ length: count }, (_, n) => desk.trade(count + 1, 1, 0, n + 1)),
      );
      expect(told.at(-1)).toBe(`${count + 1} ends with 3 left: IMMEDIATE_REMAINDER`);
      expect(desk.makers).toEqual([]);
    });
  });

  describe("what is left", () => {
    it("of an immediate order rests nowhere and is known to nobody", () => {
      desk.make(1, 0, 5);
      expect(desk.take(2, 3, 8, IMMEDIATE)).toEqual([
        desk.trade(2, 5, 0, 1),
        "2 ends with 3 left: IMMEDIATE_REMAINDER",
      ]);
      expect(desk.engine.find(2)).toBeUndefined();
      expect(desk.cancel(2)).toEqual(["cancel of 2 is refused: TOO_LATE"]);
      expect(desk.make(3, 0, 5)).toEqual([desk.rest(3, 5, 0)]);
    });

    it("of an immediate order that ends with a level is nothing, and the next level is whole", () => {
      for (const worse of [0, 1, 2]) desk.make(worse + 1, worse, 10);
      expect(desk.take(4, 2, 20, IMMEDIATE)).toEqual([
        desk.trade(4, 10, 0, 1),
        desk.trade(4, 10, 1, 2),
      ]);
      expect(desk.makers).toEqual([desk.standing(3, 10, 2)]);
      expect(desk.take(5, 1, 10, IMMEDIATE)).toEqual(["5 ends with 10 left: IMMEDIATE_REMAINDER"]);
      expect(desk.take(6, 2, 10, IMMEDIATE)).toEqual([desk.trade(6, 10, 2, 3)]);
    });

    it("of a limit order is the best price of its own side", () => {
      desk.take(1, -5, 5);
      desk.make(2, 0, 5);
      expect(desk.take(3, 0, 9)).toEqual([desk.trade(3, 5, 0, 2), desk.rest(3, 4, 0)]);
      expect(desk.takers).toEqual([desk.standing(3, 4, 0), desk.standing(1, 5, -5)]);
      expect(desk.make(4, -5, 6)).toEqual([
        `4 takes 4 at ${desk.at(0)} from 3`,
        `4 takes 2 at ${desk.at(-5)} from 1`,
      ]);
    });

    it("of a maker is exactly what nobody has taken", () => {
      desk.make(1, 0, 1_000);
      let sum = 0;
      for (let quantity = 1; sum + quantity <= 1_000; quantity++) {
        expect(desk.take(1 + quantity, 0, quantity)).toEqual([
          desk.trade(1 + quantity, quantity, 0, 1),
        ]);
        sum += quantity;
      }
      expect(desk.makers).toEqual([desk.standing(1, 1_000 - sum, 0)]);
      expect(desk.take(900, 0, 1_000 - sum)).toEqual([desk.trade(900, 1_000 - sum, 0, 1)]);
      expect(desk.makers).toEqual([]);
    });

    it("of a level, when its only order is cancelled, is nothing to trade with", () => {
      desk.make(1, 0, 5);
      desk.make(2, 1, 5);
      desk.cancel(1);
      expect(desk.depth).toEqual([desk.level(0, 0)]);
      expect(desk.take(3, 0, 5, FILL_OR_KILL)).toEqual(["3 ends with 5 left: FOK_NOT_FILLABLE"]);
      expect(desk.take(4, 0, 5, POST_ONLY)).toEqual([desk.rest(4, 5, 0)]);
      desk.cancel(2);
      expect(desk.take(5, 1, 5)).toEqual([desk.rest(5, 5, 1)]);
    });
  });

  describe("an amend", () => {
    it("into a cross fills at the makers' prices, and what is left can be found and cancelled", () => {
      desk.make(1, 0, 5);
      desk.make(2, 2, 5);
      desk.take(3, -9, 8);
      desk.take(4, -9, 8);
      expect(desk.amend(3, { price: desk.at(5), change: 4 })).toEqual([
        `3 is amended to 12 at ${desk.at(5)}, off the book`,
        desk.trade(3, 5, 0, 1),
        desk.trade(3, 5, 2, 2),
        desk.rest(3, 2, 5),
      ]);
      for (const id of [1, 2]) expect(desk.engine.find(id)).toBeUndefined();
      expect(desk.takers).toEqual([desk.standing(3, 2, 5), desk.standing(4, 8, -9)]);
      expect(desk.cancel(3)).toEqual(["3 ends with 2 left: CANCELLED_BY_CLIENT"]);
      expect(desk.cancel(4)).toEqual(["4 ends with 8 left: CANCELLED_BY_CLIENT"]);
    });

    it("into a cross that fills it leaves nothing of it", () => {
      desk.make(1, 0, 9);
      desk.take(2, -9, 8);
      expect(desk.amend(2, { price: desk.at(0) })).toEqual([
        `2 is amended to 8 at ${desk.at(0)}, off the book`,
        desk.trade(2, 8, 0, 1),
      ]);
      expect(desk.amend(2, { price: desk.at(-9) })).toEqual(["amend of 2 is refused: TOO_LATE"]);
      expect([desk.makers, desk.takers]).toEqual([[desk.standing(1, 1, 0)], []]);
    });

    it("away from a level leaves the others where they are, and they trade as before", () => {
      for (const id of [1, 2, 3]) desk.make(id, 0, id);
      desk.amend(2, { price: desk.at(4) });
      expect(desk.makers).toEqual([
        desk.standing(1, 1, 0),
        desk.standing(3, 3, 0),
        desk.standing(2, 2, 4),
      ]);
      desk.amend(1, { price: desk.at(4) });
      desk.amend(3, { price: desk.at(4) });
      expect(desk.makers).toEqual([
        desk.standing(2, 2, 4),
        desk.standing(1, 1, 4),
        desk.standing(3, 3, 4),
      ]);
      expect(desk.take(4, 3, 1, IMMEDIATE)).toEqual(["4 ends with 1 left: IMMEDIATE_REMAINDER"]);
    });

    it("to more goes behind, to less stays, on a level with others", () => {
      for (const id of [1, 2, 3]) desk.make(id, 0, 5);
      desk.amend(2, { change: -1 });
      desk.amend(1, { change: 1 });
      expect(desk.take(4, 0, 15)).toEqual([
        desk.trade(4, 4, 0, 2),
        desk.trade(4, 5, 0, 3),
        desk.trade(4, 6, 0, 1),
      ]);
    });
  });

  describe("a request", () => {
    const refusals = (id: number): string[] => [
      ...desk.cancel(id),
      ...desk.reduce(id, 1),
      ...desk.amend(id, { price: desk.at(3) }),
      ...desk.amend(id, { change: 1 }),
    ];
    const allRefused = (id: number): string[] =>
      ["cancel", "reduce", "amend", "amend"].map((what) => `${what} of ${id} is refused: TOO_LATE`);

    it("about an order that is filled is refused, and a filled maker is nowhere", () => {
      desk.make(1, 0, 5);
      desk.make(2, 0, 5);
      desk.take(3, 0, 2);
      desk.take(4, 0, 3);
      for (const id of [1, 3, 4]) expect(desk.engine.find(id)).toBeUndefined();
      for (const id of [1, 3, 4]) expect(refusals(id)).toEqual(allRefused(id));
      expect(desk.makers).toEqual([desk.standing(2, 5, 0)]);
    });

    it("about an order that never was is refused", () => {
      desk.make(1, 0, 5);
      for (const id of [2, 77, 2 ** 52]) expect(refusals(id)).toEqual(allRefused(id));
      expect(desk.makers).toEqual([desk.standing(1, 5, 0)]);
    });

    it("to cancel twice removes once, and orphans nobody of the level", () => {
      for (const id of [1, 2, 3]) desk.make(id, 0, 5);
      desk.cancel(2);
      expect(desk.cancel(2)).toEqual(["cancel of 2 is refused: TOO_LATE"]);
      expect(desk.take(4, 0, 7)).toEqual([desk.trade(4, 5, 0, 1), desk.trade(4, 2, 0, 3)]);
      expect(desk.cancel(3)).toEqual(["3 ends with 3 left: CANCELLED_BY_CLIENT"]);
    });

    it("that ends two by two causes ends each once", () => {
      desk.make(1, 0, 5, { account: 7, pair: 5 });
      desk.make(2, 0, 5);
      const own = { account: 7, selfTrade: SelfTrade.CancelBoth };
      expect(desk.take(5, 0, 5, { ...own, pair: 1 })).toEqual([
        "1 ends with 5 left: SELF_TRADE_PREVENTED",
        "5 ends with 5 left: PAIR_DONE",
      ]);
      expect(desk.makers).toEqual([desk.standing(2, 5, 0)]);
    });
  });

  describe("an id", () => {
    it("is never entered while its order is open: that is a bug of ours, and stops the market", () => {
      desk.make(1, 0, 5);
      expect(() => desk.make(1, 5, 5)).toThrow("order 1 is open already");
    });

    it("whose order was cancelled or filled has nothing of that order left", () => {
      desk.make(1, 5, 7, { display: 2, ...goodFor(60) });
      desk.cancel(1);
      expect(desk.make(1, 3, 9)).toEqual([desk.rest(1, 9, 3)]);
      expect(desk.take(2, 5, 9)).toEqual([desk.trade(2, 9, 3, 1)]);
      expect(desk.make(1, 4, 4)).toEqual([desk.rest(1, 4, 4)]);
      expect(desk.wait(60)).toEqual([]);
      expect(desk.engine.find(1)).toMatchObject({ leaves: 4, display: 0, expires: 0, priority: 3 });
    });
  });
});
