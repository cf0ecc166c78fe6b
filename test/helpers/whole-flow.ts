/** Everything that can happen to a market, drawn at random: orders of all kinds, operators' commands, and time that passes. */
import fc from "fast-check";
import { OrderType, SelfTrade, Side, TimeInForce } from "../../actors/kernel/order.js";
import { type EnterOrder, type MarketCommand, plainOrder } from "../../actors/market/messages.js";
import { Phase } from "../../actors/market/phase.js";
import { DEFAULT_RULES } from "../../actors/market/rules.js";
import { orderOf } from "./market.js";

const SECOND_US = 1_000_000;
const START_US = 1_000 * SECOND_US;

/** What happens at a time, which never decreases; null: only the time. */
export interface Happening {
  readonly time: number;
  readonly command: MarketCommand | null;
}

const terms = fc.record({
  account: fc.integer({ min: 1, max: 3 }),
  isGrouped: fc.boolean(),
  side: fc.constantFrom(Side.Buy, Side.Sell),
  type: fc.constantFrom(
    OrderType.Limit,
    OrderType.Limit,
    OrderType.Limit,
    OrderType.Market,
    OrderType.Stop,
    OrderType.StopLimit,
  ),
  timeInForce: fc.constantFrom(
    TimeInForce.GoodTillCancel,
    TimeInForce.GoodTillCancel,
    ...Object.values(TimeInForce),
  ),
  price: fc.integer({ min: 95, max: 106 }),
  quantity: fc.integer({ min: 1, max: 9 }),
  stopPrice: fc.integer({ min: 97, max: 104 }),
  display: fc.constantFrom(0, 0, 1, 2),
  seconds: fc.integer({ min: 0, max: 4 }),
  selfTrade: fc.constantFrom(SelfTrade.Allow, ...Object.values(SelfTrade)),
  postOnly: fc.constantFrom(false, false, false, true),
  reprices: fc.boolean(),
  trail: fc.constantFrom(0, 1, 3),
  minQuantity: fc.constantFrom(0, 0, 0, 0, 1, 4),
  isPaired: fc.constantFrom(false, false, false, true),
});
type Terms = typeof terms extends fc.Arbitrary<infer T> ? T : never;

const draw = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant("enter" as const), terms }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("cancel" as const), pick: fc.nat() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("reduce" as const),
      pick: fc.nat(),
      leaves: fc.integer({ min: 0, max: 6 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("amend" as const),
      pick: fc.nat(),
      price: fc.constantFrom(0, 0, 98, 100, 102),
      change: fc.integer({ min: -4, max: 4 }),
      stopPrice: fc.constantFrom(0, 0, 0, 99, 101),
      display: fc.constantFrom(0, 0, 0, 2),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("phase" as const),
      phase: fc.constantFrom(Phase.Continuous, Phase.Continuous, ...Object.values(Phase)),
      seconds: fc.integer({ min: 0, max: 3 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("rules" as const),
      staticBandBps: fc.constantFrom(0, 500, 2_000),
      dynamicBandBps: fc.constantFrom(0, 300),
      breakerBps: fc.constantFrom(0, 200),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("schedule" as const),
      entries: fc.array(
        fc.record({
          seconds: fc.integer({ min: 0, max: 3 }),
          phase: fc.constantFrom(...Object.values(Phase)),
        }),
        { maxLength: 2 },
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("mass-cancel" as const),
      account: fc.integer({ min: 0, max: 3 }),
      side: fc.constantFrom(0 as const, Side.Buy, Side.Sell),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("pass" as const), tenths: fc.nat(20) }),
  },
);
type Draw = typeof draw extends fc.Arbitrary<infer D> ? D : never;

export const wholeFlows: fc.Arbitrary<Happening[]> = fc
  .array(draw, { maxLength: 70 })
  .map((draws) => {
    const flow = new Flow();
    for (const each of draws) flow.take(each);
    return flow.happenings;
  });

class Flow {
  readonly happenings: Happening[] = [];
  private time = START_US;
  private orders = 0;

  take(draw: Draw): void {
    if (draw.kind === "pass") {
      this.time += (draw.tenths * SECOND_US) / 10;
      this.happenings.push({ time: this.time, command: null });
    } else if (draw.kind === "enter") {
      this.enter(draw.terms);
    } else {
      this.happenings.push({ time: this.time, command: this.commandOf(draw) });
    }
  }

  /** A pair is two orders at once, of one shard. */
  private enter(terms: Terms): void {
    this.orders += 1;
    const first = this.orders;
    if (!terms.isPaired) {
      this.push(this.orderOf(first, terms));
      return;
    }
    this.orders += 2;
    const second = this.orders;
    this.push({ ...this.orderOf(first, terms), pair: orderOf(second) });
    const side = terms.quantity % 2 === 0 ? terms.side : Side.Sell;
    this.push({ ...this.orderOf(second, { ...terms, side }), pair: orderOf(first) });
  }

  private push(command: MarketCommand): void {
    this.happenings.push({ time: this.time, command });
  }

  /** Mostly one that makes sense. */
  private orderOf(count: number, drawn: Terms): EnterOrder {
    const { account, side, type, price, quantity, display, selfTrade, postOnly } = drawn;
    const isStop = type === OrderType.Stop || type === OrderType.StopLimit;
    const isFit = type === OrderType.Limit || (isStop && drawn.timeInForce <= TimeInForce.Day);
    const timeInForce = isFit ? drawn.timeInForce : fitting(isStop);
    const plain = plainOrder({
      orderId: orderOf(count),
      account,
      side,
      timeInForce,
      price,
      quantity,
    });
    return {
      ...plain,
      type,
      owner: drawn.isGrouped ? 9 : account,
      stopPrice: isStop ? drawn.stopPrice : 0,
      display: type === OrderType.Limit ? display : 0,
      expires: timeInForce === TimeInForce.GoodTillDate ? this.at(drawn.seconds) : 0,
      selfTrade,
      postOnly: postOnly && type === OrderType.Limit,
      reprices: postOnly && drawn.reprices && type === OrderType.Limit,
      trail: isStop ? drawn.trail : 0,
      minQuantity: postOnly || isStop ? 0 : drawn.minQuantity,
    };
  }

  private commandOf(draw: Exclude<Draw, { readonly kind: "enter" | "pass" }>): MarketCommand {
    switch (draw.kind) {
      case "phase":
        return { kind: "phase", phase: draw.phase, until: draw.seconds && this.at(draw.seconds) };
      case "rules": {
        const { staticBandBps, dynamicBandBps, breakerBps } = draw;
        const bands = { staticBandBps, dynamicBandBps, breakerBps };
        const breaker = { breakerWindowSeconds: 10, breakerHaltSeconds: [1, 2] };
        return { kind: "rules", rules: { ...DEFAULT_RULES, ...bands, ...breaker } };
      }
      case "schedule": {
        const entries = draw.entries.map(({ seconds, phase }) => ({
          time: this.at(seconds),
          phase,
        }));
        return { kind: "schedule", schedule: entries.sort((a, b) => a.time - b.time) };
      }
      case "mass-cancel":
        return draw;
      default: {
        const { pick, ...rest } = draw;
        return { ...rest, orderId: orderOf(1 + (pick % (this.orders + 1))) };
      }
    }
  }

  private at(seconds: number): number {
    return this.time + seconds * SECOND_US;
  }
}

function fitting(isStop: boolean): TimeInForce {
  return isStop ? TimeInForce.GoodTillCancel : TimeInForce.ImmediateOrCancel;
}
