/**
 * Like `engine-defects.test.ts`: what goes wrong where orders are more than a limit and a quantity, or where one command
 * ends or trades many.
 */
import { beforeEach, describe, expect, it } from "vitest";
import { SelfTrade, Side } from "../../actors/kernel/order.js";
import { Phase } from "../../actors/market/phase.js";
import { AT_THE_CLOSE, FILL_OR_KILL, goodFor, stopAt } from "../helpers/engine.js";
import { MIRRORED, MirroredDesk } from "../helpers/mirrored-desk.js";

describe.each(MIRRORED)("%s, the taker a %s", (_, __, Engine, side) => {
  const isBuy = side === Side.Buy;
  let desk: MirroredDesk;
  beforeEach(() => {
    desk = new MirroredDesk(Engine, side);
  });

  it("fill or kill counts over levels, none of its own owner's, to the last unit", () => {
    const group = { owner: 50, selfTrade: SelfTrade.CancelOldest };
    desk.make(1, 0, 3, { ...group, account: 8 });
    desk.make(2, 1, 4);
    desk.make(3, 1, 2, { ...group, account: 9 });
    desk.make(4, 2, 5, { display: 2 });
    desk.make(5, 3, 1);
    const own = { ...FILL_OR_KILL, ...group, account: 7 };
    expect(desk.take(6, 2, 10, own)).toEqual(["6 ends with 10 left: FOK_NOT_FILLABLE"]);
    expect(desk.makers).toHaveLength(5);
    expect(desk.take(7, 2, 9, own)).toEqual([
      "1 ends with 3 left: SELF_TRADE_PREVENTED",
      desk.trade(7, 4, 1, 2),
      "3 ends with 2 left: SELF_TRADE_PREVENTED",
      desk.trade(7, 2, 2, 4),
      "4 shows 2 of 3 again",
      desk.trade(7, 2, 2, 4),
      "4 shows 1 of 1 again",
      desk.trade(7, 1, 2, 4),
    ]);
    expect(desk.makers).toEqual([desk.standing(5, 1, 3)]);
  });

  it("ten units are sold to ten of five hundred, never an eleventh", () => {
    desk.make(1, 0, 10);
    const told = Array.from({ length: 500 }, (_, n) => desk.take(2 + n, 0, 1, FILL_OR_KILL)[0]);
    expect(told.slice(0, 10)).toEqual(told.slice(0, 10).map((_, n) => desk.trade(2 + n, 1, 0, 1)));
    expect(told.slice(10)).toEqual(
      told.slice(10).map((_, n) => `${12 + n} ends with 1 left: FOK_NOT_FILLABLE`),
    );
    expect(desk.makers).toEqual([]);
  });

  it("icebergs of one price refill in turn, each behind all others", () => {
    desk.make(1, 0, 6, { display: 2 });
    desk.make(2, 0, 7, { display: 3 });
    desk.make(3, 0, 1);
    expect(desk.take(4, 0, 11)).toEqual([
      desk.trade(4, 2, 0, 1),
      "1 shows 2 of 4 again",
      desk.trade(4, 3, 0, 2),
      "2 shows 3 of 4 again",
      desk.trade(4, 1, 0, 3),
      desk.trade(4, 2, 0, 1),
      "1 shows 2 of 2 again",
      desk.trade(4, 3, 0, 2),
      "2 shows 1 of 1 again",
    ]);
    expect(desk.depth).toEqual([desk.level(0, 3)]);
    expect(desk.makers).toEqual([desk.standing(1, 2, 0), desk.standing(2, 1, 0)]);
  });

  it("stops set off stops until nothing is left to set off, in one command", () => {
    const links = 40;
    for (let n = links; n >= 1; n--) {
      desk.enter(n, side, desk.at(500), 1, stopAt(desk.at(n)));
      desk.make(100 + n, n + 1, 1);
    }
    desk.make(200, 1, 1);
    const told = desk.take(201, 1, 1);
    expect(told).toEqual([
      desk.trade(201, 1, 1, 200),
      ...Array.from({ length: links }, (_, n) => [
        `${n + 1} is triggered`,
        desk.trade(n + 1, 1, n + 2, 101 + n),
      ]).flat(),
    ]);
    expect([desk.waiting, desk.makers, desk.takers]).toEqual([[], [], []]);
    expect(desk.engine.state.sequence).toBe(2 * links + 2);
  });

  it("stops that one price sets off are executed by arrival, whatever their ids and prices", () => {
    for (const [id, worse] of [
      [70, 3],
      [6, 1],
      [41, 2],
      [5, 3],
    ] as const) {
      desk.enter(id, side, desk.at(500), 1, stopAt(desk.at(worse)));
    }
    desk.make(100, 3, 5);
    expect(desk.take(101, 3, 1)).toEqual([
      desk.trade(101, 1, 3, 100),
      ...[70, 6, 41, 5].flatMap((id) => [`${id} is triggered`, desk.trade(id, 1, 3, 100)]),
    ]);
  });

  it("an uncross trades at one price what a crossed book has, by price, then place", () => {
    desk.phase(Phase.PreOpen);
    for (const [id, worse, quantity] of [
      [1, 0, 10],
      [2, 0, 20],
      [3, 10, 10],
      [4, 10, 20],
      [5, 20, 30],
    ] as const) {
      desk.take(id, worse, quantity);
    }
    for (const [id, worse, quantity] of [
      [11, 10, 30],
      [12, 0, 15],
      [13, 10, 25],
      [14, 20, 9],
    ] as const) {
      desk.make(id, worse, quantity);
    }
    const [, ...trades] = desk.phase(Phase.Continuous);
    const match = (maker: number, taker: number, quantity: number): string =>
      `${taker} takes ${quantity} at ${desk.at(10)} from ${maker} in auction`;
    expect(trades).toEqual([
      match(5, 12, 15),
      match(5, 11, 15),
      match(3, 11, 10),
      match(4, 11, 5),
      match(4, 13, 15),
    ]);
    expect(desk.makers).toEqual([desk.standing(13, 10, 10), desk.standing(14, 9, 20)]);
    expect(desk.takers).toEqual([desk.standing(1, 10, 0), desk.standing(2, 20, 0)]);
  });

  it("orders that expire go from the middle of their levels, by expiry, then place", () => {
    desk.make(1, 0, 5);
    desk.make(2, 0, 5, goodFor(9));
    desk.make(3, 0, 5, goodFor(8));
    desk.make(4, 1, 5, goodFor(8));
    desk.make(5, 0, 5);
    desk.take(6, -1, 5, goodFor(8));
    expect(desk.wait(7)).toEqual([]);
    expect(desk.wait(2)).toEqual([
      ...[3, 4, 6].map((id) => `${id} ends with 5 left: EXPIRED`),
      "2 ends with 5 left: EXPIRED",
    ]);
    expect(desk.take(7, 5, 12)).toEqual([
      desk.trade(7, 5, 0, 1),
      desk.trade(7, 5, 0, 5),
      desk.rest(7, 2, 5),
    ]);
  });

  it("a mass cancel ends orders by price and place, whatever their ids and accounts", () => {
    for (const [id, worse] of [
      [40, 3],
      [9, 1],
      [31, 3],
      [2, 2],
      [77, 1],
    ] as const) {
      desk.make(id, worse, 1, { account: id % 2 });
    }
    desk.take(8, -1, 1, { account: 1 });
    for (const [id, worse] of [
      [60, 400],
      [3, 300],
      [51, 400],
    ] as const) {
      desk.enter(id, side, desk.at(500), 1, { ...stopAt(desk.at(worse)), account: id % 2 });
    }
    desk.make(5, 0, 1, { ...AT_THE_CLOSE, account: 1 });
    desk.enter(7, desk.makerSide, desk.at(-500), 1, { ...stopAt(desk.at(-400)), account: 1 });
    const ids = (told: readonly string[]): number[] =>
      told.map((line) => Number(line.split(" ")[0]));
    const ofOne = isBuy ? [8, 9, 77, 31] : [9, 77, 31, 8];
    expect(ids(desk.massCancel(1))).toEqual([...ofOne, 3, 51, 5, 7]);
    expect(ids(desk.massCancel())).toEqual([2, 40, 60]);
  });
});
