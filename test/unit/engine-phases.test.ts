/** Phases, the schedule, the session (rule book, 5). */
import { beforeEach, describe, expect, it } from "vitest";
import { OrderType, TimeInForce } from "../../actors/kernel/order.js";
import { Phase } from "../../actors/market/phase.js";
import {
  AT_THE_CLOSE,
  AT_THE_OPEN,
  DAY,
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
import { SECOND, START } from "../helpers/engine-events.js";

const BY_OPERATOR = "PHASE_BY_OPERATOR";

/** Kinds of orders, and what each phase says to them: nothing when it takes them. */
const KINDS: Readonly<Record<string, OrderTerms>> = {
  limit: {},
  postOnly: POST_ONLY,
  immediate: IMMEDIATE,
  fillOrKill: FILL_OR_KILL,
  minQuantity: { minQuantity: 1 },
  market: MARKET,
  stop: stopAt(105),
  day: DAY,
  atOpen: AT_THE_OPEN,
  atClose: AT_THE_CLOSE,
  marketAtClose: { type: OrderType.Market, ...AT_THE_CLOSE },
  marketAtOpen: { type: OrderType.Market, ...AT_THE_OPEN },
};
const CLOSING = {
  minQuantity: "NOT_IN_AUCTION",
  immediate: "NOT_IN_AUCTION",
  fillOrKill: "NOT_IN_AUCTION",
  market: "NOT_IN_AUCTION",
  atOpen: "TOO_LATE_FOR_OPEN",
  marketAtOpen: "TOO_LATE_FOR_OPEN",
};
const OPENING = { ...CLOSING, atOpen: "", marketAtOpen: "" };
const none = (code: string): Record<string, string> =>
  Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, code]));
const VERDICTS: [keyof typeof Phase, Record<string, string>][] = [
  ["Continuous", { atOpen: "TOO_LATE_FOR_OPEN", marketAtOpen: "TOO_LATE_FOR_OPEN" }],
  ["PreOpen", OPENING],
  ["OpeningAuction", OPENING],
  ["VolatilityAuction", CLOSING],
  ["ClosingAuction", CLOSING],
  ["PostOnly", { ...none("POST_ONLY_PHASE"), postOnly: "" }],
  ["CancelOnly", none("CANCEL_ONLY")],
  ["Halted", none("MARKET_HALTED")],
  ["Closed", none("MARKET_CLOSED")],
];

describe.each(ENGINES)("%s: phases", (_, Engine) => {
  let desk: Desk;
  beforeEach(() => {
    desk = new Desk(Engine);
  });

  it.each(VERDICTS)("%s takes what it takes (5.1, 5.2)", (phase, verdicts) => {
    Object.entries(KINDS).forEach(([kind, terms], at) => {
      const floor = new Desk(Engine, { phase: Phase[phase] });
      const [told] = floor.buy(at, 100, 5, terms);
      const code = verdicts[kind] ?? "";
      if (code !== "") expect([kind, told]).toEqual([kind, `${at} ends with 5 left: ${code}`]);
      else expect(told).toMatch(/rests|waits|IMMEDIATE_REMAINDER|(FOK|MIN_QUANTITY)_NOT_FILLABLE/);
    });
  });

  it("are announced with the reason, and may follow one another freely (5.3)", () => {
    expect(desk.phase(Phase.Halted)).toEqual([`halted begins: ${BY_OPERATOR}`]);
    expect(desk.phase(Phase.PreOpen)).toEqual([`pre-open begins: ${BY_OPERATOR}`]);
    expect(desk.phase(Phase.Closed)).toEqual([`closed begins: ${BY_OPERATOR}`]);
    expect(desk.phase(Phase.Closed)).toEqual([]);
    expect(desk.engine.state).toMatchObject({ phase: Phase.Closed, sequence: 4 });
  });

  it("have an end of their own if they are auctions", () => {
    expect(desk.phase(Phase.OpeningAuction, 60)).toEqual([
      `opening-auction begins for 60 s from the start: ${BY_OPERATOR}`,
    ]);
    expect(desk.engine.due()).toBe(START + 60 * SECOND);
    expect(desk.phase(Phase.OpeningAuction, 90)).toEqual([]);
    expect(desk.wait(59)).toEqual([]);
    expect(desk.wait(1)).toEqual(["continuous begins: PHASE_BY_TIME"]);
    expect(desk.engine.due()).toBe(Infinity);
    for (const phase of [Phase.Halted, Phase.PreOpen, Phase.Continuous, Phase.Closed]) {
      desk.phase(phase, 60);
      expect(desk.engine.state.phaseUntil).toBe(0);
    }
    expect(desk.wait(100)).toEqual([]);
  });

  it("lose an end of their own when they are left before it", () => {
    desk.phase(Phase.OpeningAuction, 60);
    desk.phase(Phase.Halted);
    expect(desk.wait(60)).toEqual([]);
  });

  describe("collect without trading, and are uncrossed when trading begins (5.3)", () => {
    const cross = (phase: Phase): void => {
      desk.phase(phase);
      desk.sell(1, 100, 5);
      desk.buy(2, 102, 5);
      expect([desk.asks, desk.bids]).toEqual([["1: 5 at 100"], ["2: 5 at 102"]]);
    };
    const TRADE = "2 takes 5 at 100 from 1 in auction";

    it.each([Phase.PreOpen, Phase.OpeningAuction, Phase.VolatilityAuction, Phase.ClosingAuction])(
      "phase %d",
      (phase) => {
        cross(phase);
        expect(desk.phase(Phase.Continuous)).toContain(TRADE);
      },
    );

    it("into post-only as well", () => {
      cross(Phase.PreOpen);
      expect(desk.phase(Phase.PostOnly)).toContain(TRADE);
    });

    it("from an auction into closed, but not from pre-open", () => {
      cross(Phase.VolatilityAuction);
      expect(desk.phase(Phase.Closed)).toContain(TRADE);
      desk = new Desk(Engine);
      cross(Phase.PreOpen);
      expect(desk.phase(Phase.Closed)).toEqual([`closed begins: ${BY_OPERATOR}`]);
    });

    it("not through a halt, until trading begins", () => {
      cross(Phase.OpeningAuction);
      expect(desk.phase(Phase.Halted)).toHaveLength(1);
      expect(desk.phase(Phase.CancelOnly)).toHaveLength(1);
      expect(desk.phase(Phase.Continuous)).toContain(TRADE);
    });
  });

  describe("at the open (5.4)", () => {
    it("rests in the opening, and what that does not fill ends", () => {
      desk.phase(Phase.PreOpen);
      expect(desk.buy(1, 101, 5, AT_THE_OPEN)).toEqual(["1 rests with 5 at 101"]);
      desk.buy(2, 120, 5, { type: OrderType.Market, ...AT_THE_OPEN });
      desk.sell(3, 99, 7);
      desk.sell(4, 110, 5, AT_THE_OPEN);
      expect(desk.phase(Phase.OpeningAuction)).toHaveLength(2);
      expect(desk.phase(Phase.Continuous)).toEqual([
        `continuous begins: ${BY_OPERATOR}`,
        "3 takes 5 at 101 from 2 in auction",
        "3 takes 2 at 101 from 1 in auction",
        "1 ends with 3 left: AUCTION_REMAINDER",
        "4 ends with 5 left: AUCTION_REMAINDER",
      ]);
    });

    it("ends with the opening, be there an uncross or not", () => {
      desk.phase(Phase.PreOpen);
      desk.buy(1, 101, 5, AT_THE_OPEN);
      desk.sell(2, 99, 5);
      expect(desk.phase(Phase.Halted)).toEqual([
        `halted begins: ${BY_OPERATOR}`,
        "1 ends with 5 left: AUCTION_REMAINDER",
      ]);
    });
  });

  describe("at the close (5.4)", () => {
    it("waits for the closing auction, rests there in order of arrival, and ends with it", () => {
      expect(desk.buy(1, 101, 5, AT_THE_CLOSE)).toEqual(["1 waits with 5"]);
      desk.buy(2, 120, 5, { type: OrderType.Market, ...AT_THE_CLOSE });
      desk.sell(3, 101, 1);
      expect(desk.phase(Phase.ClosingAuction)).toEqual([
        `closing-auction begins: ${BY_OPERATOR}`,
        "1 rests with 5 at 101",
        "2 rests with 5 at 120",
        "indicative: 1 at 120, surplus 4",
      ]);
      expect(desk.depth).toEqual(["bid 101: 5", "bid 120: 5"]);
      expect(desk.buy(4, 102, 2, AT_THE_CLOSE)).toEqual(["4 rests with 2 at 102"]);
      expect(desk.phase(Phase.Closed)).toEqual([
        `closed begins: ${BY_OPERATOR}`,
        "2 takes 1 at 120 from 3 in auction",
        "2 ends with 4 left: AUCTION_REMAINDER",
        "4 ends with 2 left: AUCTION_REMAINDER",
        "1 ends with 5 left: AUCTION_REMAINDER",
      ]);
    });

    it("ends when what rule 6 takes has changed", () => {
      desk.buy(1, 110, 5, AT_THE_CLOSE);
      desk.buy(2, 120, 5, { type: OrderType.Market, ...AT_THE_CLOSE });
      desk.buy(3, 100, 5, AT_THE_CLOSE);
      desk.buy(4, 101, 2, AT_THE_CLOSE);
      desk.rules({ staticBandBps: 500, orderQuantityMax: 5, orderValueMax: 600 });
      desk.reduce(4, 1);
      desk.rules({ orderQuantityMax: 4 });
      expect(desk.phase(Phase.ClosingAuction)).toEqual([
        `closing-auction begins: ${BY_OPERATOR}`,
        "1 ends with 5 left: PRICE_OUTSIDE_BAND",
        "2 ends with 5 left: ORDER_QUANTITY_ABOVE_LIMIT",
        "3 ends with 5 left: ORDER_QUANTITY_ABOVE_LIMIT",
        "4 rests with 1 at 101",
      ]);
    });

    it("ends too when the market closes without a closing auction, or leaves it otherwise", () => {
      desk.buy(1, 101, 5, AT_THE_CLOSE);
      expect(desk.phase(Phase.Closed)).toContain("1 ends with 5 left: AUCTION_REMAINDER");
      desk.phase(Phase.Continuous);
      desk.buy(2, 101, 5, AT_THE_CLOSE);
      desk.phase(Phase.ClosingAuction);
      expect(desk.phase(Phase.Halted)).toContain("2 ends with 5 left: AUCTION_REMAINDER");
    });
  });

  describe("day orders and the session (5.3)", () => {
    it("end when the market closes: bids, asks, then what waits", () => {
      desk.sell(1, 105, 5, { ...DAY, ...stopLimitAt(90) });
      desk.sell(2, 103, 5, DAY);
      desk.buy(3, 98, 5, DAY);
      desk.buy(4, 99, 5, DAY);
      desk.buy(5, 97, 5);
      expect(desk.phase(Phase.Closed)).toEqual([
        `closed begins: ${BY_OPERATOR}`,
        "4 ends with 5 left: DAY_ENDED",
        "3 ends with 5 left: DAY_ENDED",
        "2 ends with 5 left: DAY_ENDED",
        "1 ends with 5 left: DAY_ENDED",
      ]);
      expect(desk.bids).toEqual(["5: 5 at 97"]);
      expect(desk.engine.state.hasDayOrders).toBe(false);
    });

    it("end so many at once, the rest at the next looks (7.2)", () => {
      desk = new Desk(Engine, { limits: { expiriesAtOnceMax: 2 } });
      for (const id of [1, 2, 3, 4, 5]) desk.buy(id, 100 - id, 5, DAY);
      desk.buy(6, 90, 5, goodFor(1));
      expect(desk.phase(Phase.Closed)).toHaveLength(3);
      expect(desk.engine.state.hasDayOrders).toBe(true);
      expect(desk.engine.due()).toBeLessThanOrEqual(desk.time);
      expect(desk.wait(0)).toEqual([
        "3 ends with 5 left: DAY_ENDED",
        "4 ends with 5 left: DAY_ENDED",
      ]);
      expect(desk.wait(1)).toEqual([
        "5 ends with 5 left: DAY_ENDED",
        "6 ends with 5 left: EXPIRED",
      ]);
      expect(desk.engine.due()).toBe(Infinity);
      expect(desk.engine.state.sequence).toBe(9);
    });

    it("end at the next look where nothing else is open", () => {
      desk = new Desk(Engine, { limits: { expiriesAtOnceMax: 1 } });
      for (const id of [1, 2]) desk.buy(id, 100 - id, 5, DAY);
      desk.phase(Phase.Closed);
      expect(desk.wait(0)).toEqual(["2 ends with 5 left: DAY_ENDED"]);
      expect(desk.engine.due()).toBe(Infinity);
    });

    it("those that are left end when the next phase begins", () => {
      desk = new Desk(Engine, { limits: { expiriesAtOnceMax: 1 } });
      for (const id of [1, 2, 3]) desk.buy(id, 100 - id, 5, DAY);
      desk.phase(Phase.Closed);
      expect(desk.phase(Phase.PreOpen)).toEqual([
        `pre-open begins: ${BY_OPERATOR}`,
        "2 ends with 5 left: DAY_ENDED",
        "3 ends with 5 left: DAY_ENDED",
      ]);
      desk.buy(4, 99, 5, DAY);
      expect(desk.wait(1)).toEqual([]);
    });

    it("are looked for once more though the last of them was cancelled", () => {
      desk = new Desk(Engine, { limits: { expiriesAtOnceMax: 1 } });
      for (const id of [1, 2]) desk.buy(id, 100 - id, 5, DAY);
      desk.phase(Phase.Closed);
      desk.cancel(2);
      expect(desk.engine.due()).toBeLessThanOrEqual(desk.time);
      const { sequence } = desk.engine.state;
      expect(desk.wait(0)).toEqual([]);
      expect(desk.engine.due()).toBe(Infinity);
      expect(desk.engine.state.sequence).toBe(sequence);
    });

    it("a session begins after closed, around the last trade (6.1)", () => {
      desk.tradeAt(110);
      expect(desk.engine.state.sessionReference).toBe(100);
      desk.engine.state.halts = 2;
      desk.phase(Phase.Closed);
      expect(desk.engine.state).toMatchObject({ sessionReference: 100, halts: 2 });
      desk.phase(Phase.PreOpen);
      expect(desk.engine.state).toMatchObject({ sessionReference: 110, halts: 0 });
    });
  });

  describe("the schedule (5.7)", () => {
    it("is due at its times, and done with the batch's time, in order", () => {
      desk.schedule([60, Phase.ClosingAuction], [120, Phase.Closed], [120, Phase.PreOpen]);
      expect(desk.engine.due()).toBe(START + 60 * SECOND);
      expect(desk.wait(59)).toEqual([]);
      expect(desk.wait(1)).toEqual(["closing-auction begins: PHASE_BY_SCHEDULE"]);
      const { sequence } = desk.engine.state;
      expect(desk.wait(100)).toEqual([
        "closed begins: PHASE_BY_SCHEDULE",
        "pre-open begins: PHASE_BY_SCHEDULE",
      ]);
      expect(desk.engine.state).toMatchObject({ sequence: sequence + 2, schedule: [] });
      expect(desk.engine.due()).toBe(Infinity);
    });

    it("is silent about a phase that is already there", () => {
      desk.schedule([1, Phase.Continuous], [2, Phase.Halted]);
      const { sequence } = desk.engine.state;
      expect(desk.wait(1)).toEqual([]);
      expect(desk.engine.state.sequence).toBe(sequence);
      expect(desk.wait(1)).toEqual(["halted begins: PHASE_BY_SCHEDULE"]);
    });

    it("is replaced as a whole", () => {
      desk.schedule([1, Phase.Halted]);
      desk.schedule([2, Phase.PostOnly]);
      expect(desk.wait(1)).toEqual([]);
      desk.schedule();
      expect(desk.wait(1)).toEqual([]);
    });

    it("goes in the order of time with the end of an auction, which is first at the same time", () => {
      desk.phase(Phase.OpeningAuction, 60);
      desk.schedule([60, Phase.Halted]);
      expect(desk.wait(60)).toEqual([
        "continuous begins: PHASE_BY_TIME",
        "halted begins: PHASE_BY_SCHEDULE",
      ]);
      desk.phase(Phase.OpeningAuction, 60);
      desk.schedule([59, Phase.CancelOnly]);
      expect(desk.wait(60)).toEqual(["cancel-only begins: PHASE_BY_SCHEDULE"]);
      expect(desk.engine.due()).toBe(Infinity);
    });
  });

  it("a stop's time in force is judged when it is entered, day orders need no date", () => {
    expect(desk.buy(1, 99, 5, { ...DAY, expires: START + SECOND })).toEqual([
      "1 ends with 5 left: EXPIRY_WITHOUT_DATE",
    ]);
    expect(desk.buy(2, 110, 5, { ...stopAt(105), timeInForce: TimeInForce.FillOrKill })).toEqual([
      "2 ends with 5 left: STOP_TIME_IN_FORCE",
    ]);
  });
});
