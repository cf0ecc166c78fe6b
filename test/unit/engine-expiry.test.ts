/** Expiry: what ends by its time alone (rule book, 2.6 and 7.2). */
import { beforeEach, describe, expect, it } from "vitest";
import { Phase } from "../../actors/market/phase.js";
import { Desk, ENGINES, goodFor, stopAt } from "../helpers/engine.js";
import { SECOND, START } from "../helpers/engine-events.js";

describe.each(ENGINES)("%s: expiry", (_, Engine) => {
  let desk: Desk;
  beforeEach(() => {
    desk = new Desk(Engine);
  });

  it("ends orders at their time, by (expiry, priority), what waits too", () => {
    desk.buy(1, 99, 5, goodFor(20));
    desk.sell(2, 105, 5, goodFor(10));
    desk.buy(3, 110, 5, { ...stopAt(108), ...goodFor(10) });
    desk.buy(4, 98, 5, goodFor(10));
    desk.amend(2, { price: 106 });
    expect(desk.engine.due()).toBe(START + 10 * SECOND);
    expect(desk.wait(9)).toEqual([]);
    const { sequence } = desk.engine.state;
    expect(desk.wait(11)).toEqual([
      "3 ends with 5 left: EXPIRED",
      "4 ends with 5 left: EXPIRED",
      "2 ends with 5 left: EXPIRED",
      "1 ends with 5 left: EXPIRED",
    ]);
    expect(desk.depth).toEqual(["bid 98: 0", "ask 106: 0", "bid 99: 0"]);
    expect(desk.engine.state.sequence).toBe(sequence + 1);
  });

  it("comes after what the schedule has for the same time", () => {
    desk.buy(1, 99, 5, goodFor(10));
    desk.schedule([10, Phase.Halted]);
    expect(desk.wait(10)).toEqual([
      "halted begins: PHASE_BY_SCHEDULE",
      "1 ends with 5 left: EXPIRED",
    ]);
  });

  it("ends so many at once; what is left never trades (2.6)", () => {
    desk = new Desk(Engine, { limits: { expiriesAtOnceMax: 2 } });
    for (const id of [1, 2, 3, 4]) desk.sell(id, 100 + id, 5, goodFor(10));
    desk.sell(5, 105, 5);
    expect(desk.wait(10)).toHaveLength(2);
    expect(desk.engine.due()).toBe(START + 10 * SECOND);
    expect(desk.buy(6, 105, 5)).toEqual([
      "3 ends with 5 left: EXPIRED",
      "4 ends with 5 left: EXPIRED",
      "6 takes 5 at 105 from 5",
    ]);
    expect(desk.engine.due()).toBe(Infinity);
  });

  it("counts before self-trade prevention", () => {
    desk = new Desk(Engine, { limits: { expiriesAtOnceMax: 1 } });
    desk.sell(1, 101, 5, { account: 7, ...goodFor(10) });
    desk.sell(2, 101, 5, { account: 7, ...goodFor(10) });
    desk.wait(10);
    expect(desk.buy(3, 101, 5, { account: 7, selfTrade: 1 })).toEqual([
      "2 ends with 5 left: EXPIRED",
      "3 rests with 5 at 101",
    ]);
  });

  it("does not count pairs against the number that ends at once", () => {
    desk = new Desk(Engine, { limits: { expiriesAtOnceMax: 2 } });
    desk.buy(1, 99, 5, { ...goodFor(10), pair: 2 });
    desk.buy(2, 110, 5, { ...stopAt(109), pair: 1 });
    desk.buy(3, 99, 5, goodFor(10));
    desk.buy(4, 99, 5, goodFor(10));
    expect(desk.wait(10)).toEqual([
      "1 ends with 5 left: EXPIRED",
      "2 ends with 5 left: PAIR_DONE",
      "3 ends with 5 left: EXPIRED",
    ]);
  });
});
