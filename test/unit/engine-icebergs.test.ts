/** Icebergs (rule book, 1.5): what they show, when they show again, and in which place. */
import { beforeEach, describe, expect, it } from "vitest";
import { Phase } from "../../actors/market/phase.js";
import { Desk, ENGINES } from "../helpers/engine.js";

describe.each(ENGINES)("%s: icebergs", (_, Engine) => {
  let desk: Desk;
  beforeEach(() => {
    desk = new Desk(Engine);
  });

  it("show at most their display", () => {
    expect(desk.sell(1, 101, 50, { display: 10 })).toEqual(["1 rests with 50 at 101, showing 10"]);
    expect(desk.depth).toEqual(["ask 101: 10"]);
    expect(desk.asks).toEqual(["1: 10 of 50 at 101"]);
  });

  it("show again behind all others of their price when what they show is traded", () => {
    desk.sell(1, 101, 25, { display: 10 });
    desk.sell(2, 101, 5);
    expect(desk.buy(3, 101, 10)).toEqual(["3 takes 10 at 101 from 1", "1 shows 10 of 15 again"]);
    expect(desk.depth).toEqual(["ask 101: 15"]);
    expect(desk.asks).toEqual(["2: 5 at 101", "1: 10 of 15 at 101"]);
    expect(desk.engine.find(1)!.priority).toBe(3);
  });

  it("keep their place while something is left of what they show", () => {
    desk.sell(1, 101, 25, { display: 10 });
    desk.sell(2, 101, 5);
    expect(desk.buy(3, 101, 4)).toEqual(["3 takes 4 at 101 from 1"]);
    expect(desk.asks).toEqual(["1: 6 of 21 at 101", "2: 5 at 101"]);
  });

  it("are met again by the same sweep, part by part, and end with a smaller part", () => {
    desk.sell(1, 101, 25, { display: 10 });
    desk.sell(2, 101, 5);
    expect(desk.buy(3, 101, 31)).toEqual([
      "3 takes 10 at 101 from 1",
      "1 shows 10 of 15 again",
      "3 takes 5 at 101 from 2",
      "3 takes 10 at 101 from 1",
      "1 shows 5 of 5 again",
      "3 takes 5 at 101 from 1",
      "3 rests with 1 at 101",
    ]);
    expect(desk.depth).toEqual(["ask 101: 0", "bid 101: 1"]);
  });

  it("tell the level that they refill, though it shows what it showed (7.1)", () => {
    desk.sell(1, 101, 50, { display: 10 });
    desk.buy(2, 101, 10);
    expect(desk.depth).toEqual(["ask 101: 10"]);
  });

  it("reduced, show what they showed, at most what is left", () => {
    desk.sell(1, 101, 50, { display: 10 });
    expect(desk.reduce(1, 20)).toEqual(["1 is reduced to 20, showing 10"]);
    expect(desk.depth).toEqual([]);
    expect(desk.reduce(1, 6)).toEqual(["1 is reduced to 6"]);
    expect(desk.depth).toEqual(["ask 101: 6"]);
  });

  it("amended in their place, show what they showed; the new display counts from the refill", () => {
    desk.sell(1, 101, 50, { display: 10 });
    desk.sell(2, 101, 5);
    expect(desk.amend(1, { display: 4 })).toEqual(["1 is amended to 50 at 101, showing 10"]);
    expect(desk.depth).toEqual([]);
    expect(desk.amend(1, { display: 20, change: -5 })).toEqual([
      "1 is amended to 45 at 101, showing 10",
    ]);
    expect(desk.buy(3, 101, 10)).toEqual(["3 takes 10 at 101 from 1", "1 shows 20 of 35 again"]);
  });

  it("amended out of their place, show anew", () => {
    desk.sell(1, 101, 50, { display: 10 });
    desk.buy(2, 101, 4);
    expect(desk.amend(1, { price: 102, display: 20 })).toEqual([
      "1 is amended to 46 at 102, off the book",
      "1 rests with 46 at 102, showing 20",
    ]);
    expect(desk.depth).toEqual(["ask 101: 0", "ask 102: 20"]);
  });

  it("as takers trade in full, and then hide", () => {
    desk.sell(1, 101, 30);
    expect(desk.buy(2, 101, 50, { display: 10 })).toEqual([
      "2 takes 30 at 101 from 1",
      "2 rests with 20 at 101, showing 10",
    ]);
  });

  it("in an uncross trade in full in their place, and show again at its end (5.5)", () => {
    desk.phase(Phase.PreOpen);
    desk.buy(1, 100, 40, { display: 10 });
    desk.buy(2, 100, 5);
    desk.sell(3, 100, 20);
    desk.sell(4, 100, 10);
    expect(desk.phase(Phase.Continuous)).toEqual([
      "continuous begins: PHASE_BY_OPERATOR",
      "3 takes 20 at 100 from 1 in auction",
      "4 takes 10 at 100 from 1 in auction",
      "1 shows 10 of 10 again",
    ]);
    expect(desk.depth).toEqual(["bid 100: 15", "ask 100: 0"]);
    expect(desk.bids).toEqual(["2: 5 at 100", "1: 10 at 100"]);
  });

  it("keep their place in an uncross that leaves something of what they show", () => {
    desk.phase(Phase.PreOpen);
    desk.buy(1, 100, 40, { display: 10 });
    desk.buy(2, 100, 5);
    desk.sell(3, 100, 4);
    desk.phase(Phase.Continuous);
    expect(desk.bids).toEqual(["1: 6 of 36 at 100", "2: 5 at 100"]);
  });
});
