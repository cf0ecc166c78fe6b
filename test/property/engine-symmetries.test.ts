/** What must not make a difference to an engine: an order that came and went, which side is which, where batches end. */
import { describe, expect, it } from "vitest";
import { OrderType, Side, TimeInForce } from "../../actors/kernel/order.js";
import type { MatchingEngine, OpenOrder } from "../../actors/market/engine.js";
import { Phase } from "../../actors/market/phase.js";
import { DEFAULT_RULES } from "../../actors/market/rules.js";
import { Random } from "../../services/participants/random.js";
import { type EngineClass, ENGINES, hashOf, listedState, restored } from "../helpers/engine.js";
import { applyTo, type EngineInput } from "../helpers/engine-commands.js";
import { type EngineEvent, eventsOf } from "../helpers/engine-events.js";
import { EngineFlow, type FlowOptions } from "../helpers/engine-flow.js";
import { drawSetting, type FlowSetting } from "../helpers/engine-settings.js";
import { OrderTables } from "../helpers/engine-tables.js";

const RUNS = 8;
const COMMANDS = 250;
/** Above all ids of a flow. */
const FIRST_PASSING_ID = 1_000_000;

interface Flow {
  readonly setting: FlowSetting;
  readonly commands: readonly EngineInput[];
}

/** A flow in one piece. */
function drawFlow(
  Engine: EngineClass,
  random: Random,
  setting: FlowSetting,
  options: FlowOptions,
): Flow {
  const flow = new EngineFlow(random, setting, { ...options, isUnbroken: true });
  const engine = engineOf(Engine, setting);
  const commands = Array.from({ length: COMMANDS }, (): EngineInput => {
    const command = flow.next(engine);
    if (command.kind === "store" || command.kind === "restore") throw new Error("a broken flow");
    applyTo(engine, command);
    return command;
  });
  return { setting, commands };
}

function engineOf(Engine: EngineClass, { tick, lot, reference, rules, limits }: FlowSetting) {
  const instrument = { tick, lot, referencePrice: reference };
  return new Engine(listedState({ instrument, rules }), limits);
}

function eventsAfter(engine: MatchingEngine, command: EngineInput): EngineEvent[] {
  engine.log.reset();
  applyTo(engine, command);
  return eventsOf(engine.log);
}

/** Nothing is left for later because it is too much at once. */
function withoutHurry(setting: FlowSetting): FlowSetting {
  return { ...setting, limits: { ...setting.limits, expiriesAtOnceMax: 1_000_000 } };
}

describe.each(ENGINES)("%s", (_, Engine) => {
  it("is as it was after an order that was cancelled at once, but for numbers", () => {
    let rested = 0;
    for (let run = 0; run < RUNS; run++) {
      const random = new Random(run);
      const { setting, commands } = drawFlow(Engine, random, drawSetting(random), {});
      const plain = engineOf(Engine, setting);
      const visited = engineOf(Engine, setting);
      commands.forEach((command, at) => {
        const passing = passingOrder(random, setting, visited, FIRST_PASSING_ID + at);
        const told = eventsAfter(visited, passing);
        if (told[0]?.kind === "rested" || told[0]?.kind === "waiting") rested += 1;
        applyTo(visited, { kind: "cancel", orderId: FIRST_PASSING_ID + at });
        const one = eventsAfter(plain, command).map(withoutNumbers);
        expect(eventsAfter(visited, command).map(withoutNumbers)).toEqual(one);
        expect(standing(visited)).toEqual(standing(plain));
      });
      expect(visited.state).toMatchObject({
        tradeId: plain.state.tradeId,
        lastPrice: plain.state.lastPrice,
        phase: plain.state.phase,
        indicativePrice: plain.state.indicativePrice,
        indicativeVolume: plain.state.indicativeVolume,
      });
    }
    expect(rested).toBeGreaterThan(RUNS * 20);
  });

  it("does to buyers what it does to sellers", () => {
    let trades = 0;
    for (let run = 0; run < RUNS; run++) {
      const random = new Random(100 + run);
      const setting = symmetrical(drawSetting(random));
      const flow = drawFlow(Engine, random, setting, { isValid: true });
      const commands = flow.commands.filter(isSymmetrical).map(withoutSidedPairs);
      const one = engineOf(Engine, setting);
      const other = engineOf(Engine, setting);
      const mirror = (price: number): number => (price === 0 ? 0 : 2 * setting.reference - price);
      for (const command of commands) {
        const told = eventsAfter(one, command);
        trades += told.filter(({ kind }) => kind === "trade").length;
        const mirrored = eventsAfter(other, mirroredCommand(command, mirror));
        expect(inAnyOrder(mirrored.map((event) => mirroredEvent(event, mirror)))).toEqual(
          inAnyOrder(told),
        );
      }
    }
    expect(trades).toBeGreaterThan(RUNS * 10);
  });

  it("does the same wherever its batches end", () => {
    for (let run = 0; run < RUNS; run++) {
      const random = new Random(200 + run);
      const setting = withoutHurry(drawSetting(random));
      const { commands } = drawFlow(Engine, random, setting, {});
      const whole = engineOf(Engine, setting);
      let broken = engineOf(Engine, setting);
      const tables = new OrderTables();
      const parts: number[][] = [];
      whole.log.reset();
      for (const command of commands) {
        applyTo(whole, command);
        applyTo(broken, command);
        if (!random.chance(0.3)) continue;
        parts.push(...broken.log.toArrays());
        broken.log.reset();
        tables.take(broken);
        if (random.chance(0.3)) {
          broken = restored(broken, Engine, setting.limits, tables.inOrderOfLoading());
        }
        broken.advance(broken.state.time);
      }
      parts.push(...broken.log.toArrays());
      expect(parts).toEqual(whole.log.toArrays());
      expect(hashOf(broken)).toBe(hashOf(whole));
      tables.take(broken);
      const once = new OrderTables();
      once.take(whole);
      expect(tables.orders()).toEqual(once.orders());
    }
  });
});

/** An order that trades with nobody: where trading goes on a post-only one, or a stop. */
function passingOrder(
  random: Random,
  { tick, lot, reference, spread }: FlowSetting,
  { state }: MatchingEngine,
  orderId: number,
): EngineInput {
  const price = (): number => Math.max(1, reference / tick + random.whole(-spread, spread)) * tick;
  const isStop = random.chance(0.3);
  return {
    kind: "enter",
    orderId,
    account: 1,
    owner: 1,
    side: random.pick([Side.Buy, Side.Sell]),
    type: isStop ? OrderType.StopLimit : OrderType.Limit,
    timeInForce: TimeInForce.GoodTillCancel,
    price: price(),
    quantity: lot * random.whole(1, 9),
    stopPrice: isStop ? price() : 0,
    display: 0,
    expires: 0,
    pair: 0,
    selfTrade: 0,
    postOnly: !isStop && (state.phase === Phase.Continuous || random.chance(0.5)),
    reprices: false,
    trail: 0,
    minQuantity: 0,
  };
}

function withoutNumbers(event: EngineEvent): object {
  return { ...event, sequence: 0, priority: 0 };
}

/** All open orders in their order, but for their priorities. */
function standing(engine: MatchingEngine): OpenOrder[] {
  const orders = [...engine.book(Side.Buy), ...engine.book(Side.Sell), ...engine.waiting()];
  return orders.map((order) => ({ ...order, priority: 0 }));
}

/** Bounds in parts of a price are not the same on both sides of it; limits on how many end at once prefer bids. */
function symmetrical(setting: FlowSetting): FlowSetting {
  return {
    ...setting,
    tick: 1,
    reference: 1_000_000,
    spread: Math.min(setting.spread, 8),
    rules: { ...DEFAULT_RULES, staticBandBps: 0 },
    limits: {
      ...setting.limits,
      expiriesAtOnceMax: 1_000_000,
      massCancelOrdersMax: 1_000_000,
    },
  };
}

function isSymmetrical(command: EngineInput): boolean {
  if (command.kind === "mass-cancel") return command.side !== 0;
  return command.kind !== "rules" && command.kind !== "list";
}

/** Of a pair of which both legs end with the day, the bid ends first: here no such order has a pair. */
function withoutSidedPairs(command: EngineInput): EngineInput {
  if (command.kind !== "enter") return command;
  const endsInGroups =
    command.timeInForce === TimeInForce.Day ||
    command.timeInForce === TimeInForce.AtTheOpen ||
    command.timeInForce === TimeInForce.AtTheClose;
  return endsInGroups ? { ...command, pair: 0 } : command;
}

function otherSide<S extends number>(side: S): S {
  return (side === 0 ? 0 : 3 - side) as S;
}

function mirroredCommand(command: EngineInput, mirror: (price: number) => number): EngineInput {
  switch (command.kind) {
    case "enter": {
      const { side, price, stopPrice } = command;
      const prices = { price: mirror(price), stopPrice: mirror(stopPrice) };
      return { ...command, side: otherSide(side), ...prices };
    }
    case "amend":
      return { ...command, price: mirror(command.price), stopPrice: mirror(command.stopPrice) };
    case "mass-cancel":
      return { ...command, side: otherSide(command.side) };
    default:
      return command;
  }
}

function mirroredEvent(event: EngineEvent, mirror: (price: number) => number): EngineEvent {
  switch (event.kind) {
    case "trade":
      return { ...event, price: mirror(event.price), takerSide: otherSide(event.takerSide) };
    case "indicative":
      return { ...event, price: mirror(event.price), surplus: 0 - event.surplus };
    case "refused":
    case "phase":
      return event;
    default:
      return { ...event, price: mirror(event.price), side: otherSide(event.side) };
  }
}

/** Groups that end, end bids before asks. */
function inAnyOrder(events: readonly EngineEvent[]): string[] {
  return events.map((event) => JSON.stringify(event)).sort();
}
