import { describe, expect, it } from "vitest";
import { Code } from "../../actors/kernel/codes.js";
import {
  OrderRequest,
  OrderType,
  SelfTrade,
  Side,
  TimeInForce,
} from "../../actors/kernel/order.js";
import { type EnterOrder, plainOrder } from "../../actors/market/messages.js";
import { Phase } from "../../actors/market/phase.js";
import { DEFAULT_RULES } from "../../actors/market/rules.js";
import { accountOf, answersTo, Floor, orderOf } from "../helpers/market.js";
import { rowsOf } from "../helpers/tables.js";

const TOO_LATE = { kind: "refused", code: Code.TOO_LATE };

describe("an order of another kind", () => {
  const plain = (count: number, side: Side, price: number, quantity: number): EnterOrder =>
    plainOrder({
      orderId: orderOf(count),
      account: accountOf(count),
      side,
      price,
      quantity,
      timeInForce: TimeInForce.GoodTillCancel,
    });

  it("waits for its trigger, is triggered and trades, each step told", () => {
    const floor = new Floor();
    const stop = { ...plain(1, Side.Buy, 110, 8), type: OrderType.StopLimit, stopPrice: 102 };
    expect(floor.take(stop).answers).toEqual([
      { kind: "waiting", orderId: orderOf(1), leaves: 8, sequence: 1 },
    ]);
    floor.sell(3, 102, 5);
    floor.sell(5, 103, 5);
    const { answers, events } = floor.buy(2, 102, 3);
    expect(
      answers.filter((answer) => "orderId" in answer || answer.kind === "trade"),
    ).toMatchObject([
      { kind: "trade", makerOrder: orderOf(3), takerOrder: orderOf(2), quantity: 3 },
      { kind: "triggered", orderId: orderOf(1), leaves: 8, sequence: 4 },
      {
        kind: "trade",
        makerOrder: orderOf(3),
        takerOrder: orderOf(1),
        quantity: 2,
        takerLeaves: 6,
      },
      {
        kind: "trade",
        makerOrder: orderOf(5),
        takerOrder: orderOf(1),
        quantity: 5,
        takerLeaves: 1,
      },
      { kind: "rested", orderId: orderOf(1), leaves: 1, sequence: 4 },
      { kind: "trade", makerOrder: orderOf(3), takerOrder: orderOf(2), quantity: 3 },
    ]);
    expect(events.filter(({ kind }) => kind === "depth")).toMatchObject([
      { side: Side.Sell, price: 102, quantity: 0 },
      { side: Side.Sell, price: 103, quantity: 0 },
      { side: Side.Buy, price: 110, quantity: 1 },
    ]);
  });

  it("is amended with all its terms told, those that stay too", () => {
    const floor = new Floor();
    const amend = { kind: "amend", stopPrice: 0, display: 0, price: 0, change: 0 } as const;
    floor.take({ ...plain(1, Side.Buy, 99, 8), display: 3 });
    const [answer] = floor.take({ ...amend, orderId: orderOf(1), change: -2 }).answers;
    const amended = { kind: "amended", orderId: orderOf(1), leaves: 6, stopPrice: 0 };
    expect(answer).toEqual({ ...amended, price: 99, display: 3, sequence: 2 });
    const both = floor.take({ ...amend, orderId: orderOf(1), price: 98, display: 2 }).answers;
    expect(both).toMatchObject([
      { ...amended, price: 98, display: 2, sequence: 3 },
      { kind: "rested", leaves: 6, sequence: 3 },
    ]);
    expect(floor.take({ ...amend, orderId: orderOf(1) }).answers).toMatchObject([
      { kind: "refused", request: OrderRequest.Amend, code: Code.AMEND_OF_NOTHING },
    ]);
    expect(floor.take({ ...amend, orderId: orderOf(9), change: 1 }).answers).toMatchObject([
      { ...TOO_LATE, request: OrderRequest.Amend },
    ]);
    // One that crosses is told of first, and is gone when its account hears of the trade.
    floor.sell(2, 100, 6);
    expect(
      answersTo(floor.take({ ...amend, orderId: orderOf(1), price: 100 }).effects, 1),
    ).toMatchObject([
      { ...amended, price: 100, display: 2, sequence: 7 },
      { kind: "trade", takerOrder: orderOf(1), takerLeaves: 0 },
    ]);
  });

  it("is reduced without having asked for it, and told why", () => {
    const floor = new Floor();
    floor.sell(1, 100, 10);
    const own = { ...plain(3, Side.Buy, 100, 4), selfTrade: SelfTrade.Decrement };
    const code = Code.SELF_TRADE_PREVENTED;
    expect(floor.take(own).answers).toMatchObject([
      { kind: "reduced", orderId: orderOf(1), leaves: 6, code },
      { kind: "ended", orderId: orderOf(3), leaves: 4, code },
    ]);
  });

  it("ends when its time has come, in a batch without a command", () => {
    const floor = new Floor();
    const expires = floor.time + 5_000;
    floor.take({ ...plain(1, Side.Buy, 99, 8), timeInForce: TimeInForce.GoodTillDate, expires });
    expect(floor.market.due()).toBe(expires);
    expect(floor.pass(4).effects.sends.size).toBe(0);
    const { answers, events, effects } = floor.pass(1);
    expect(answers).toEqual([
      { kind: "ended", orderId: orderOf(1), leaves: 8, code: Code.EXPIRED, sequence: 2 },
    ]);
    expect(events).toEqual([
      { kind: "depth", sequence: 2, side: Side.Buy, price: 99, quantity: 0 },
    ]);
    expect(rowsOf(effects.rows["order_terms_removed"]!)).toEqual([{ order_id: orderOf(1) }]);
    expect(floor.market.due()).toBe(Infinity);
    expect(floor.pass(1).events).toEqual([]);
  });
});

describe("an operator", () => {
  it("holds an auction: its price is announced, and all trade at it when it ends by itself", () => {
    const floor = new Floor();
    const until = floor.time + 2_000;
    const phase = { kind: "phase", phase: Phase.OpeningAuction, until } as const;
    expect(floor.take(phase).events).toMatchObject([
      {
        kind: "phase",
        sequence: 1,
        phase: Phase.OpeningAuction,
        until,
        code: Code.PHASE_BY_OPERATOR,
      },
    ]);
    floor.sell(1, 99, 6);
    const crossing = floor.buy(2, 101, 4);
    expect(crossing.fills).toEqual([]);
    expect(crossing.events).toMatchObject([
      { kind: "indicative", sequence: 3, volume: 4, surplus: -2 },
      { kind: "depth", side: Side.Buy, price: 101, quantity: 4 },
    ]);
    const { answers, events, effects } = floor.pass(2);
    expect(events[0]).toMatchObject({
      kind: "phase",
      phase: Phase.Continuous,
      code: Code.PHASE_BY_TIME,
    });
    const trade = { kind: "trade", isAuction: true, takerSide: Side.Buy, quantity: 4 };
    expect(answers.filter(({ kind }) => kind === "trade")).toMatchObject([trade, trade]);
    expect(rowsOf(effects.rows["trades"]!)).toMatchObject([{ taker_side: Side.Buy, quantity: 4 }]);
  });

  it("cancels everything of an account, and each shard hears of its orders", () => {
    const floor = new Floor();
    for (const count of [1, 2, 3, 4]) floor.buy(count, 90 + count, 5);
    const ofOne = floor.take({ kind: "mass-cancel", account: accountOf(1), side: 0 });
    const code = Code.CANCELLED_BY_OPERATOR;
    expect(ofOne.answers).toMatchObject([
      { kind: "ended", orderId: orderOf(3), code },
      { kind: "ended", orderId: orderOf(1), code },
    ]);
    const ofAll = floor.take({ kind: "mass-cancel", account: 0, side: Side.Buy });
    expect(ofAll.effects.sends.get(2)).toHaveLength(2);
    expect(floor.market.depth()).toEqual({ bids: 0, asks: 0 });
  });

  it("sets rules and a schedule, which is followed with no further word", () => {
    const floor = new Floor();
    const rules = { ...DEFAULT_RULES, staticBandBps: 100 };
    floor.take({ kind: "rules", rules });
    expect(floor.buy(1, 102, 5).answers).toMatchObject([{ code: Code.PRICE_OUTSIDE_BAND }]);
    const time = floor.time + 1_000;
    floor.take({ kind: "schedule", schedule: [{ time, phase: Phase.Closed }] });
    expect(floor.market.due()).toBe(time);
    expect(floor.pass(1).events).toMatchObject([
      { kind: "phase", phase: Phase.Closed, code: Code.PHASE_BY_SCHEDULE },
    ]);
    expect(floor.buy(3, 100, 5).answers).toMatchObject([{ code: Code.MARKET_CLOSED }]);
    expect(floor.market.state).toMatchObject({ rules, phase: Phase.Closed, schedule: [] });
  });

  it("is not heard where what it wishes makes no sense", () => {
    const floor = new Floor();
    const before = floor.market.stateHash();
    const phases = [
      { phase: Phase.Continuous, until: 0 },
      { phase: Phase.Halted, until: floor.time + 1_000 },
      { phase: Phase.VolatilityAuction, until: floor.time },
    ];
    for (const each of phases) {
      expect(floor.take({ kind: "phase", ...each }).effects.events).toBeNull();
    }
    expect(floor.market.stateHash()).toBe(before);
  });
});
