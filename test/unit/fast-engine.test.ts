/**
 * The short ways of the fast engine tell what the long ones do, and nothing in it takes longer
 * because much is there.
 */
import { strict as assert } from "node:assert";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Code } from "../../actors/kernel/codes.js";
import { orderIdOf } from "../../actors/kernel/ids.js";
import { OrderType, SelfTrade, Side, TimeInForce } from "../../actors/kernel/order.js";
import type { MatchingEngine } from "../../actors/market/engine.js";
import { Admission } from "../../actors/market/fast/admission.js";
import { FastEngine } from "../../actors/market/fast/fast-engine.js";
import { judgeEntry } from "../../actors/market/ladder.js";
import { NaiveEngine } from "../../actors/market/naive/naive-engine.js";
import { OrderEntry } from "../../actors/market/order-entry.js";
import { Phase } from "../../actors/market/phase.js";
import { type Flow, makeFlow, MessageKind, SCENARIOS } from "../bench/match-flow.js";
import { openEngine } from "../bench/match-run.js";
import { Desk, listedState } from "../helpers/engine.js";
import { randomNumbers } from "../helpers/orderflow.js";

const GOOD = TimeInForce.GoodTillCancel;
const SCENARIO_NAMES = SCENARIOS.map((scenario) => [scenario.name, scenario] as const);

describe.each(SCENARIO_NAMES)("ordinary flow: %s", (_, scenario) => {
  it("is told as the plain engine tells it, message by message", () => {
    const flow = makeFlow({ ...scenario, standing: 100 }, 2_000, 3);
    const fast = openEngine();
    const naive = new NaiveEngine(openEngine().state);
    for (let at = 0; at < flow.length; at++) {
      give(fast, flow, at);
      give(naive, flow, at);
      assert.deepEqual(fast.log.toArrays(), naive.log.toArrays());
      fast.log.reset();
      naive.log.reset();
    }
    fast.checkInvariants();
    expect(fast.state.encode()).toEqual(naive.state.encode());
    for (const side of [Side.Buy, Side.Sell]) {
      expect(fast.book(side).map((order) => ({ ...order }))).toEqual(naive.book(side));
    }
  });
});

function give(engine: MatchingEngine, flow: Flow, at: number): void {
  const orderId = flow.orderIds[at]!;
  const [price, quantity] = [flow.prices[at]!, flow.quantities[at]!];
  if (flow.kinds[at] === MessageKind.Enter) {
    const [side, time] = [flow.sides[at] as Side, flow.timesInForce[at] as TimeInForce];
    const entry = new OrderEntry();
    engine.enter(entry.reset(orderId, flow.accounts[at]!, side, price, quantity, time));
  } else if (flow.kinds[at] === MessageKind.Cancel) {
    engine.cancel(orderId);
  } else {
    engine.amend({ orderId, price, change: quantity, stopPrice: 0, display: 0 });
  }
}

it("reads the best price and the best levels without making anything", () => {
  const engine = new FastEngine(listedState());
  const levels = new Float64Array(6);
  expect([engine.bestPrice(Side.Buy), engine.depth(Side.Buy, levels)]).toEqual([0, 0]);
  const entry = new OrderEntry();
  [97, 99, 98, 99, 96].forEach((price, n) => {
    engine.enter(entry.reset(n + 1, 1, Side.Buy, price, 10 + n, GOOD));
  });
  expect(engine.bestPrice(Side.Buy)).toBe(99);
  expect(engine.depth(Side.Buy, levels)).toBe(3);
  expect([...levels]).toEqual([99, 24, 98, 12, 97, 10]);
});

it("what is admitted at once the ladder admits too", () => {
  /** Mostly one of the first, now and then one of the others. */
  const mostly = <T extends number>(usual: readonly T[], others: readonly number[]) =>
    fc.oneof(
      { arbitrary: fc.constantFrom(...usual), weight: 12 },
      { arbitrary: fc.constantFrom(...others) as unknown as fc.Arbitrary<T>, weight: 1 },
    );
  const numbers = (min: number, max: number) =>
    fc.oneof(
      { arbitrary: fc.integer({ min, max }), weight: 8 },
      { arbitrary: fc.constantFrom(0, 1, 10 ** 12, 10 ** 12 + 1), weight: 1 },
    );
  const terms = fc.record({
    side: mostly(Object.values(Side), [0, 3]),
    type: mostly([OrderType.Limit], [0, 2, 3, 4, 5]),
    timeInForce: mostly([GOOD, TimeInForce.ImmediateOrCancel], [0, 3, 4, 5, 6, 7, 8]),
    price: numbers(80, 125),
    quantity: numbers(1, 60),
    stopPrice: mostly([0], [100]),
    display: mostly([0], [5]),
    expires: mostly([0], [2 ** 50]),
    selfTrade: mostly(Object.values(SelfTrade), [5]),
    postOnly: fc.integer({ min: 0, max: 12 }).map((value) => value === 0),
    reprices: fc.integer({ min: 0, max: 12 }).map((value) => value === 0),
    trail: mostly([0], [5]),
    minQuantity: mostly([0], [5]),
  });
  const rules = fc.record({
    staticBandBps: fc.constantFrom(0, 1_000, 10_000),
    orderQuantityMax: fc.constantFrom(50, 10 ** 12),
    orderValueMax: fc.constantFrom(4_000, Number.MAX_SAFE_INTEGER),
  });
  const units = fc.constantFrom(1, 2, 5);
  const phases = mostly([Phase.Continuous], Object.values(Phase)) as fc.Arbitrary<Phase>;
  let admitted = 0;
  fc.assert(
    fc.property(terms, rules, units, units, phases, (each, changes, tick, lot, phase) => {
      const state = listedState({ rules: changes, instrument: { tick, lot }, phase });
      const entry = Object.assign(new OrderEntry(), each, { orderId: 1, account: 1, owner: 1 });
      if (!new Admission(state).isPlainlyGood(entry)) return;
      admitted += 1;
      expect(judgeEntry(entry, state)).toBe(Code.OK);
    }),
    { numRuns: 10_000 },
  );
  expect(admitted).toBeGreaterThan(200);
});

it("admission follows the listing, the rules and the session", () => {
  const state = listedState();
  const admission = new Admission(state);
  expect([admission.isGood(120, 1), admission.isGood(121, 1)]).toEqual([true, false]);
  state.sessionReference = 200;
  expect([admission.isGood(240, 1), admission.isGood(120, 1)]).toEqual([true, false]);
  state.rules = { ...state.rules, staticBandBps: 5_000 };
  expect(admission.isGood(120, 1)).toBe(true);
  state.instrument = { ...state.instrument!, tick: 50, lot: 3 };
  expect([admission.isGood(120, 3), admission.isGood(150, 3), admission.isGood(150, 4)]).toEqual([
    false,
    true,
    false,
  ]);
});

describe("much of one kind", () => {
  const MANY = 100_000;

  /** With a list that is searched this would take hours. */
  it("100,000 orders of one price are cancelled and amended in any order", () => {
    const desk = new Desk(FastEngine);
    const random = randomNumbers(9);
    const ids = Array.from({ length: MANY }, (_, n) => orderIdOf(n + 1, 1));
    const entry = new OrderEntry();
    for (const orderId of ids) desk.engine.enter(entry.reset(orderId, 1, Side.Buy, 100, 5, GOOD));
    for (let n = ids.length - 1; n > 0; n--) {
      const other = random(n + 1);
      [ids[n], ids[other]] = [ids[other]!, ids[n]!];
    }
    desk.engine.log.reset();
    ids.forEach((orderId, n) => {
      if (n % 3 === 0) desk.engine.cancel(orderId);
      else if (n % 3 === 1) desk.engine.reduce(orderId, 2);
      else desk.engine.amend({ orderId, price: 0, change: 1, stopPrice: 0, display: 0 });
      desk.engine.log.reset();
    });
    desk.engine.checkInvariants();
    expect(desk.engine.count(Side.Buy)).toBe(Math.floor((2 * MANY) / 3));
  });

  it("100,000 prices come from the worst to the best and go from the best to the worst", () => {
    const state = listedState({ instrument: { referencePrice: 1_000_000 } });
    const engine = new FastEngine(state);
    const entry = new OrderEntry();
    for (let n = 0; n < MANY; n++) {
      engine.enter(entry.reset(n + 1, 1, Side.Buy, 800_000 + 3 * n, 1, GOOD));
      engine.log.reset();
    }
    engine.checkInvariants();
    for (let n = MANY - 1; n > 0; n--) {
      engine.cancel(n + 1);
      engine.log.reset();
      assert.equal(engine.bestPrice(Side.Buy), 800_000 + 3 * (n - 1));
    }
    engine.checkInvariants();
    expect(engine.count(Side.Buy)).toBe(1);
  });
});
