/** R8, R6 and R13 of a market in a simulated run: what it commits is what its commands give on paper, its rules too. */
import { describe, expect, it } from "vitest";
import { encodeFrame } from "../../actors/kernel/frame.js";
import { Market } from "../../actors/market/market.js";
import { MarketState } from "../../actors/market/market-state.js";
import {
  encodeMarketCommand,
  isOrderCommand,
  type MarketCommand,
  plainOrder,
} from "../../actors/market/messages.js";
import { OrderType, TimeInForce } from "../../actors/kernel/order.js";
import { Phase } from "../../actors/market/phase.js";
import { DEFAULT_RULES, type MarketRules } from "../../actors/market/rules.js";
import { type ActorHistory, History } from "../../chaos/simulator/checks/history.js";
import { MatchingCheck, tradesOf } from "../../chaos/simulator/checks/matching.js";
import { ReplayCheck } from "../../chaos/simulator/checks/replay.js";
import { Verdict } from "../../chaos/simulator/checks/verdict.js";
import type { Batch } from "../../services/ports/store.js";
import { INSTRUMENT } from "../helpers/market.js";
import { batchOf, frameOf, logOf, MARKET, SHARD, stage } from "../helpers/seen-batches.js";

describe("a market", () => {
  const enter = (orderId: number, side: 1 | 2, price: number): MarketCommand =>
    plainOrder({ orderId, account: 1, side, timeInForce: 1, price, quantity: 5 });
  const commands = [enter(1_025, 2, 101), enter(2_049, 2, 100), enter(3_073, 1, 101)];

  /** What a market commits that is listed, and then ordered and asked this, each in a frame of its own. */
  function committed(asked: readonly MarketCommand[] = commands): {
    readonly batch: Batch;
    readonly market: ActorHistory;
  } {
    const { market } = stage();
    const actor = Market.create(MARKET);
    const frames: Uint8Array[] = [];
    const numbers = new Map<number, number>();
    actor.advance(1);
    for (const command of [
      { kind: "list", instrument: INSTRUMENT, shards: 1 } as const,
      ...asked,
    ]) {
      const source = isOrderCommand(command) ? SHARD : -1;
      const number = (numbers.get(source) ?? 0) + 1;
      numbers.set(source, number);
      const payload = encodeMarketCommand(command);
      actor.apply({ source, token: 1, number, payload });
      frames.push(frameOf(source, number, [payload]));
    }
    const effects = actor.takeEffects();
    const outbox = [...effects.sends].map(([destination, sends]) => ({
      destination,
      first: 1,
      last: sends.length,
      frame: encodeFrame(MARKET, 1, [...sends]),
    }));
    const hash = actor.stateHash();
    return {
      batch: batchOf(market, { commands: logOf(...frames), effects, outbox, hash }),
      market,
    };
  }

  /** The same with one column's values changed. */
  function changed(batch: Batch, part: string, column: string, values: number[]): Batch {
    const rows = batch.effects.rows[part]!;
    const changedRows = { ...rows, columns: { ...rows.columns, [column]: values } };
    const all = { ...batch.effects.rows, [part]: changedRows };
    return { ...batch, effects: { ...batch.effects, rows: all } };
  }

  it("that trades by price and time passes, done again it is the same", () => {
    const { batch, market } = committed();
    const verdict = new Verdict(() => 0);
    const stored = new History().read(batch, "node-1#1");
    new MatchingCheck(verdict).commit(stored, market);
    new ReplayCheck(verdict).commit(stored, market);
    expect(verdict.violation).toBeNull();
  });

  it.each([
    ["trades", "price", [101], "at another price than the maker's"],
    ["trades", "maker_order", [1_025], "with a worse maker than there is"],
    ["book", "leaves", [4], "and keeps something else than what rests"],
  ])("is caught when it writes %s.%s %j: %s", (part, column, values) => {
    const { batch, market } = committed();
    const verdict = new Verdict(() => 0);
    const wrong = new History().read(changed(batch, part, column, values), "node-1#1");
    new MatchingCheck(verdict).commit(wrong, market);
    expect(verdict.violation?.rule).toBe("R8");
    const again = new Verdict(() => 0);
    new ReplayCheck(again).commit(wrong, market);
    expect(again.violation?.rule).toBe("R6");
  });

  const rules = (changed: Partial<MarketRules>): MarketCommand => ({
    kind: "rules",
    rules: { ...DEFAULT_RULES, ...changed },
  });
  const phase = (to: Phase): MarketCommand => ({ kind: "phase", phase: to, until: 0 });
  const marketOrder: MarketCommand = {
    ...plainOrder({ orderId: 3_073, account: 1, side: 1, timeInForce: 3, price: 120, quantity: 9 }),
    type: OrderType.Market,
    timeInForce: TimeInForce.ImmediateOrCancel,
  };
  const [dear, cheap, buyer] = commands as [MarketCommand, MarketCommand, MarketCommand];
  const late = enter(4_097, 1, 101);

  it.each<[string, readonly MarketCommand[], trades: number]>([
    ["a band", [rules({ staticBandBps: 50 }), dear, cheap, buyer, enter(4_097, 1, 100)], 1],
    ["no band", [rules({ staticBandBps: 0 }), enter(1_025, 2, 500), enter(2_049, 1, 500)], 1],
    ["a band for a market order", [dear, cheap, rules({ staticBandBps: 50 }), marketOrder], 1],
    ["a largest quantity", [dear, rules({ orderQuantityMax: 4 }), buyer], 0],
    ["a largest value", [dear, rules({ orderValueMax: 504 }), buyer, rules({}), late], 1],
    ["a halt", [dear, phase(Phase.Halted), buyer, phase(Phase.Continuous), late], 1],
    ["a phase for post-only orders", [dear, phase(Phase.PostOnly), buyer], 0],
    [
      "the close, and another session",
      [
        dear,
        buyer,
        phase(Phase.Closed),
        cheap,
        phase(Phase.Continuous),
        rules({ staticBandBps: 50 }),
        enter(4_097, 2, 101),
        enter(5_121, 1, 101),
      ],
      2,
    ],
    [
      "the end of all orders",
      [dear, cheap, { kind: "mass-cancel", account: 0, side: 0 }, buyer],
      0,
    ],
    ["the end of one side", [dear, { kind: "mass-cancel", account: 1, side: 1 }, buyer], 1],
    ["the end of others' orders", [dear, { kind: "mass-cancel", account: 2, side: 0 }, buyer], 1],
  ])("does on paper what it does when %s is ordered", (_what, asked, trades) => {
    const { batch, market } = committed(asked);
    const verdict = new Verdict(() => 0);
    const stored = new History().read(batch, "node-1#1");
    new MatchingCheck(verdict).commit(stored, market);
    new ReplayCheck(verdict).commit(stored, market);
    expect(verdict.violation).toBeNull();
    expect(tradesOf(batch)).toHaveLength(trades);
  });

  it.each<[string, readonly MarketCommand[], why: RegExp]>([
    ["an auction", [phase(Phase.PreOpen)], /auction/],
    [
      "a schedule",
      [{ kind: "schedule", schedule: [{ time: 9, phase: Phase.Halted }] }],
      /schedule/,
    ],
    ["a breaker", [rules({ breakerBps: 100 })], /bounds follow its trades/],
    ["a dynamic band", [rules({ dynamicBandBps: 100 })], /bounds follow its trades/],
    ["a day order", [{ ...dear, timeInForce: TimeInForce.Day } as MarketCommand], /kind/],
  ])("does not guess what comes of %s", (_what, asked, why) => {
    const { batch, market } = committed(asked);
    const stored = new History().read(batch, "node-1#1");
    const check = new MatchingCheck(new Verdict(() => 0));
    expect(() => check.commit(stored, market)).toThrow(why);
  });

  it("knows a schedule without entries", () => {
    const { batch, market } = committed([{ kind: "schedule", schedule: [] }, ...commands]);
    const verdict = new Verdict(() => 0);
    new MatchingCheck(verdict).commit(new History().read(batch, "node-1#1"), market);
    expect(verdict.violation).toBeNull();
  });

  it.each<[string, (state: MarketState) => void]>([
    ["another band", (state) => (state.rules = { ...state.rules, staticBandBps: 1_999 })],
    ["another largest order", (state) => (state.rules = { ...state.rules, orderQuantityMax: 5 })],
    ["another phase", (state) => (state.phase = Phase.Halted)],
    ["another reference", (state) => (state.sessionReference += 1)],
    ["another last price", (state) => (state.lastPrice += 1)],
  ])("is caught when it stores %s, which nobody has ordered", (_what, change) => {
    const { batch, market } = committed();
    const state = MarketState.decode(batch.effects.state);
    change(state);
    const effects = { ...batch.effects, state: state.encode() };
    const verdict = new Verdict(() => 0);
    const stored = new History().read({ ...batch, effects }, "node-1#1");
    new MatchingCheck(verdict).commit(stored, market);
    expect(verdict.violation?.rule).toBe("R13");
  });
});
