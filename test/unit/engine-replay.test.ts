/** One long story, replayed: all of it again, from any point of it by a successor that was restored there, and by the other engine. */
import { describe, expect, it } from "vitest";
import { SelfTrade, Side } from "../../actors/kernel/order.js";
import { EventKind, Field } from "../../actors/market/event-log.js";
import { Phase } from "../../actors/market/phase.js";
import { AuditedDesk } from "../helpers/audited-desk.js";
import {
  AT_THE_CLOSE,
  AT_THE_OPEN,
  DAY,
  type Desk,
  type EngineClass,
  ENGINES,
  FILL_OR_KILL,
  goodFor,
  hashOf,
  IMMEDIATE,
  MARKET,
  POST_ONLY,
  restored,
  stopAt,
  stopLimitAt,
} from "../helpers/engine.js";

const OLDEST = { account: 7, selfTrade: SelfTrade.CancelOldest } as const;
const DECREMENT = { account: 7, selfTrade: SelfTrade.Decrement } as const;

const STORY: readonly ((desk: Desk) => unknown)[] = [
  (desk) => desk.rules({ breakerBps: 800, dynamicBandBps: 700 }),
  (desk) => desk.phase(Phase.PreOpen),
  (desk) => desk.buy(1, 102, 10, AT_THE_OPEN),
  (desk) => desk.sell(2 ** 40, 99, 6),
  (desk) => desk.phase(Phase.OpeningAuction, 60),
  (desk) => desk.sell(3, 101, 20, { display: 4 }),
  (desk) => desk.buy(4, 110, 3, stopAt(103)),
  (desk) => desk.buy(5, 100, 5, { ...AT_THE_CLOSE, account: 9 }),
  (desk) => desk.wait(60),
  // A queue at 100 of which the second is in front of the first again, and the third half filled.
  (desk) => desk.buy(10, 100, 5),
  (desk) => desk.buy(11, 100, 9, { ...DAY, display: 3 }),
  (desk) => desk.buy(12, 100, 6, goodFor(200)),
  (desk) => desk.amend(10, { change: 2 }),
  (desk) => desk.sell(13, 100, 5, IMMEDIATE),
  (desk) => desk.sell(14, 100, 2, MARKET),
  (desk) => desk.reduce(10, 4),
  // Pairs, stops and self-trades across both sides.
  (desk) => desk.sell(20, 104, 5, { account: 8, pair: 21 }),
  (desk) => desk.sell(21, 95, 5, { ...stopLimitAt(97), account: 8, pair: 20 }),
  (desk) => desk.sell(22, 103, 4, OLDEST),
  (desk) => desk.sell(23, 103, 4),
  (desk) => desk.buy(24, 103, 6, FILL_OR_KILL),
  (desk) => desk.buy(25, 103, 9, { ...OLDEST, ...FILL_OR_KILL }),
  (desk) => desk.buy(26, 103, 12, DECREMENT),
  (desk) => desk.sell(27, 101, 5, { ...DECREMENT, ...IMMEDIATE }),
  (desk) => desk.sell(28, 100, 1, POST_ONLY),
  (desk) => desk.cancel(77),
  (desk) => desk.sell(29, 99, 3),
  (desk) => desk.buy(30, 99, 3, POST_ONLY),
  (desk) => desk.buy(36, 97, 1, goodFor(100)),
  // A schedule, a breaker that trips before it comes due, and a session that ends.
  (desk) => desk.schedule([100, Phase.ClosingAuction], [160, Phase.Closed]),
  (desk) => desk.buy(31, 105, 4),
  (desk) => desk.sell(32, 110, 4),
  (desk) => desk.wait(30),
  (desk) => desk.buy(33, 112, 2),
  (desk) => desk.amend(33, { price: 111, change: 1 }),
  (desk) => desk.wait(40),
  (desk) => desk.wait(40),
  (desk) => desk.sell(34, 98, 2, AT_THE_CLOSE),
  (desk) => desk.wait(60),
  (desk) => desk.phase(Phase.Continuous),
  (desk) => desk.sell(35, 100, 9),
  (desk) => desk.massCancel(1_030, Side.Buy),
  (desk) => desk.massCancel(),
];

/** Does a part of the story; the record of each command. */
function tell(desk: Desk, from = 0, to = STORY.length): number[][][] {
  return STORY.slice(from, to).map((step) => {
    step(desk);
    return desk.engine.log.toArrays();
  });
}

describe.each(ENGINES)("%s: a replay", (_, Engine) => {
  const whole = (Class: EngineClass = Engine): [number[][][], AuditedDesk] => {
    const desk = new AuditedDesk(Class);
    return [tell(desk), desk];
  };

  it("is of a story in which everything happens", () => {
    const records = whole()[0].flat();
    const kinds = new Set(records.map((record) => record[Field.kind]!));
    expect([...kinds].sort((a, b) => a - b)).toEqual(Object.values(EventKind));
  });

  it("gives the same trades under the same numbers, the same events, the same hash", () => {
    const [told, desk] = whole();
    const [again, other] = whole();
    expect(again).toEqual(told);
    expect(hashOf(other.engine)).toBe(hashOf(desk.engine));
    const trades = told.flat().filter((record) => record[Field.kind] === EventKind.Trade);
    expect(trades.map((record) => record[Field.tradeId])).toEqual(trades.map((_, at) => at + 1));
  });

  it.each(ENGINES)("gives the same by the %s", (_, Other) => {
    const [told, desk] = whole();
    const [again, other] = whole(Other);
    expect(again).toEqual(told);
    expect(hashOf(other.engine)).toBe(hashOf(desk.engine));
  });

  it.each(ENGINES)(
    "goes on from any point as if nothing had been, restored as a %s",
    (_, Other) => {
      const [told, desk] = whole();
      for (let cut = 0; cut <= STORY.length; cut++) {
        const successor = new AuditedDesk(Engine);
        tell(successor, 0, cut);
        successor.engine = restored(successor.engine, Other, {});
        successor.audit();
        expect(tell(successor, cut)).toEqual(told.slice(cut));
        expect(hashOf(successor.engine)).toBe(hashOf(desk.engine));
      }
    },
  );
});
