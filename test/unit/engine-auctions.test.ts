/** The uncross and what is announced of it (rule book, 5.5 and 5.6). */
import { beforeEach, describe, expect, it } from "vitest";
import { Phase } from "../../actors/market/phase.js";
import { Random } from "../../services/participants/random.js";
import { Desk, ENGINES, goodFor, POST_ONLY } from "../helpers/engine.js";
import { eventsOf } from "../helpers/engine-events.js";

/** Limits and quantities of orders, all of different accounts. */
type Orders = readonly (readonly [price: number, quantity: number])[];

interface PriceCase {
  readonly why: string;
  readonly bids: Orders;
  readonly asks: Orders;
  readonly reference?: number;
  readonly tick?: number;
  /** Price, volume, surplus. */
  readonly result: readonly [number, number, number];
}

const MIRRORED: Orders[] = [
  [
    [106, 10],
    [102, 5],
  ],
  [
    [100, 10],
    [103, 5],
  ],
];

const CASES: readonly PriceCase[] = [
  {
    why: "where most is traded",
    bids: [
      [105, 10],
      [103, 10],
    ],
    asks: [
      [101, 5],
      [103, 15],
    ],
    result: [103, 20, 0],
  },
  {
    why: "where least is left over",
    bids: [
      [105, 10],
      [102, 5],
    ],
    asks: [[100, 10]],
    result: [103, 10, 0],
  },
  {
    why: "the highest when buyers are left over",
    bids: [[106, 10]],
    asks: [[101, 5]],
    result: [106, 5, 5],
  },
  {
    why: "the lowest when sellers are left over",
    bids: [[106, 5]],
    asks: [[102, 10]],
    result: [102, 5, -5],
  },
  {
    why: "the reference price when nothing is left over",
    bids: [[106, 5]],
    asks: [[95, 5]],
    result: [100, 5, 0],
  },
  {
    why: "the lowest when the reference is below",
    bids: [[106, 5]],
    asks: [[102, 5]],
    result: [102, 5, 0],
  },
  {
    why: "the highest when the reference is above",
    bids: [[98, 5]],
    asks: [[95, 5]],
    result: [98, 5, 0],
  },
  {
    why: "nearest to the reference when either side may be left over: buyers",
    bids: MIRRORED[0]!,
    asks: MIRRORED[1]!,
    reference: 101,
    result: [101, 10, 5],
  },
  {
    why: "nearest to the reference when either side may be left over: sellers",
    bids: MIRRORED[0]!,
    asks: MIRRORED[1]!,
    reference: 105,
    result: [105, 10, -5],
  },
  {
    why: "one that nobody has named",
    bids: MIRRORED[0]!,
    asks: [
      [100, 10],
      [104, 5],
    ],
    result: [103, 10, 0],
  },
  {
    why: "one that nobody has named, on tick",
    bids: [
      [115, 10],
      [100, 5],
    ],
    asks: [
      [95, 10],
      [110, 5],
    ],
    tick: 5,
    result: [105, 10, 0],
  },
  { why: "the only one", bids: [[100, 3]], asks: [[100, 7]], result: [100, 3, -4] },
];

describe.each(ENGINES)("%s: auctions", (_, Engine) => {
  let desk: Desk;
  const enter = (bids: Orders, asks: Orders): void => {
    bids.forEach(([price, quantity], at) => desk.buy(1 + at, price, quantity));
    asks.forEach(([price, quantity], at) => desk.sell(11 + at, price, quantity));
  };
  const indicative = (): number[] => {
    const { indicativePrice, indicativeVolume, indicativeSurplus } = desk.engine.state;
    return [indicativePrice, indicativeVolume, indicativeSurplus];
  };
  beforeEach(() => {
    desk = new Desk(Engine, { phase: Phase.OpeningAuction });
  });

  describe("the price (5.5)", () => {
    it.each(CASES)("$why", ({ bids, asks, reference = 100, tick = 1, result }) => {
      const instrument = { referencePrice: reference, tick };
      desk = new Desk(Engine, { phase: Phase.OpeningAuction, instrument });
      enter(bids, asks);
      expect(indicative()).toEqual(result);
      desk.phase(Phase.Continuous);
      const [price, volume] = result;
      const trades = eventsOf(desk.engine.log).filter((event) => event.kind === "trade");
      expect(new Set(trades.map((trade) => trade.price))).toEqual(new Set([price]));
      expect(trades.reduce((sum, { quantity }) => sum + quantity, 0)).toBe(volume);
      expect(desk.engine.state).toMatchObject({ lastPrice: price, sessionReference: price });
      expect(indicative()).toEqual([0, 0, 0]);
    });

    it("is nearest to the last trade's, once there was one (5.6)", () => {
      desk = new Desk(Engine);
      desk.tradeAt(104);
      desk.phase(Phase.OpeningAuction);
      enter([[106, 5]], [[95, 5]]);
      expect(indicative()).toEqual([104, 5, 0]);
    });

    it.each([
      [5, 103, 105],
      [4, 102, 100],
      [5, 101, 100],
    ])("is on tick when ticks are %d since a trade at %d", (tick, last, price) => {
      desk = new Desk(Engine);
      desk.tradeAt(last);
      desk.phase(Phase.OpeningAuction);
      desk.engine.state.instrument = { ...desk.engine.state.instrument!, tick };
      enter([[20 * tick + (tick === 4 ? 28 : 5), 5]], [[95 + (tick === 4 ? 1 : 0), 5]]);
      expect(indicative()).toEqual([price, 5, 0]);
    });

    it("may be a limit that is off tick by now", () => {
      enter([[103, 5]], [[103, 5]]);
      desk.engine.state.instrument = { ...desk.engine.state.instrument!, tick: 5 };
      expect(desk.phase(Phase.Continuous)).toContain("11 takes 5 at 103 from 1 in auction");
    });
  });

  it("has the price that one finds who tries them all (5.5)", () => {
    const random = new Random(5);
    for (let run = 0; run < 300; run++) {
      const tick = random.pick([1, 3, 5]);
      const reference = tick * random.whole(30, 36);
      const draw = (): Orders =>
        Array.from({ length: random.whole(1, 5) }, () => [
          tick * random.whole(28, 38),
          random.whole(1, 4),
        ]);
      const [bids, asks] = [draw(), draw()];
      const options = {
        instrument: { tick, referencePrice: reference },
        rules: { staticBandBps: 0 },
      };
      desk = new Desk(Engine, { phase: Phase.OpeningAuction, ...options });
      enter(bids, asks);
      expect([bids, asks, reference, ...indicative()]).toEqual([
        bids,
        asks,
        reference,
        ...triedOut(bids, asks, tick, reference),
      ]);
    }
  });

  it("trades best first, each side by price, then priority; the younger is the taker", () => {
    enter(
      [
        [103, 4],
        [105, 4],
        [103, 4],
      ],
      [
        [101, 5],
        [100, 5],
      ],
    );
    desk.buy(20, 103, 1);
    expect(desk.phase(Phase.Continuous)).toEqual([
      "continuous begins: PHASE_BY_OPERATOR",
      "12 takes 4 at 103 from 2 in auction",
      "12 takes 1 at 103 from 1 in auction",
      "11 takes 3 at 103 from 1 in auction",
      "11 takes 2 at 103 from 3 in auction",
    ]);
    expect(desk.depth).toEqual(["bid 105: 0", "ask 100: 0", "bid 103: 3", "ask 101: 0"]);
    expect(desk.bids).toEqual(["3: 2 at 103", "20: 1 at 103"]);
  });

  it("tells of its trades who was the taker, and on which side", () => {
    desk.sell(1, 100, 5, { account: 7 });
    desk.buy(2, 100, 3, { account: 8 });
    desk.phase(Phase.Continuous);
    expect(eventsOf(desk.engine.log)[1]).toMatchObject({
      maker: 1,
      taker: 2,
      makerAccount: 7,
      takerAccount: 8,
      takerSide: 1,
      isAuction: true,
      makerLeaves: 2,
      takerLeaves: 0,
    });
  });

  it("trades post-only orders too (1.6)", () => {
    desk.sell(1, 100, 5, POST_ONLY);
    expect(desk.buy(2, 101, 5, POST_ONLY)[0]).toBe("2 rests with 5 at 101");
    expect(desk.phase(Phase.Continuous)).toHaveLength(2);
  });

  it("first ends what has expired", () => {
    desk = new Desk(Engine, { phase: Phase.PreOpen, limits: { expiriesAtOnceMax: 1 } });
    desk.sell(1, 100, 5, goodFor(1));
    desk.sell(2, 100, 5, goodFor(1));
    desk.buy(3, 100, 5, goodFor(1));
    desk.buy(4, 101, 5);
    desk.sell(5, 101, 5);
    desk.wait(1);
    expect(desk.phase(Phase.Continuous)).toEqual([
      "continuous begins: PHASE_BY_OPERATOR",
      "2 ends with 5 left: EXPIRED",
      "3 ends with 5 left: EXPIRED",
      "5 takes 5 at 101 from 4 in auction",
    ]);
  });

  it("does nothing when what has expired was all that crossed", () => {
    desk = new Desk(Engine, { phase: Phase.PreOpen, limits: { expiriesAtOnceMax: 1 } });
    desk.sell(1, 100, 5, goodFor(1));
    desk.sell(2, 100, 5, goodFor(1));
    desk.buy(4, 101, 5);
    desk.wait(1);
    expect(desk.phase(Phase.Continuous)).toHaveLength(2);
    expect(desk.engine.state).toMatchObject({ lastPrice: 0, sessionReference: 100 });
  });

  describe("what is announced (5.6)", () => {
    it("when it changes, before the depth", () => {
      expect(desk.buy(1, 101, 5)).toEqual(["1 rests with 5 at 101"]);
      expect(desk.sell(2, 101, 8)).toEqual([
        "2 rests with 8 at 101",
        "indicative: 5 at 101, surplus -3",
      ]);
      expect(eventsOf(desk.engine.log).at(-1)).toMatchObject({ kind: "depth" });
      expect(desk.buy(3, 99, 5)).toEqual(["3 rests with 5 at 99"]);
      expect(desk.reduce(2, 6)).toEqual(["2 is reduced to 6", "indicative: 5 at 101, surplus -1"]);
      expect(desk.cancel(2)).toEqual([
        "2 ends with 6 left: CANCELLED_BY_CLIENT",
        "indicative: 0 at 0, surplus 0",
      ]);
    });

    it("with icebergs in full", () => {
      desk.buy(1, 101, 50, { display: 5 });
      desk.sell(2, 101, 40);
      expect(indicative()).toEqual([101, 40, 10]);
      desk.reduce(1, 45);
      expect(indicative()).toEqual([101, 40, 5]);
    });

    it("anew in each phase, and not in others", () => {
      desk.phase(Phase.PreOpen);
      desk.buy(1, 101, 5);
      expect(desk.sell(2, 101, 5)).toEqual(["2 rests with 5 at 101"]);
      expect(desk.phase(Phase.OpeningAuction)).toEqual([
        "opening-auction begins: PHASE_BY_OPERATOR",
        "indicative: 5 at 101, surplus 0",
      ]);
      expect(desk.phase(Phase.VolatilityAuction)).toEqual([
        "volatility-auction begins: PHASE_BY_OPERATOR",
        "indicative: 5 at 101, surplus 0",
      ]);
      expect(desk.phase(Phase.Halted)).toEqual(["halted begins: PHASE_BY_OPERATOR"]);
      expect(indicative()).toEqual([0, 0, 0]);
    });

    it("after a look for expired orders too", () => {
      desk.buy(1, 101, 5, goodFor(1));
      desk.sell(2, 101, 5);
      expect(desk.wait(1)).toEqual([
        "1 ends with 5 left: EXPIRED",
        "indicative: 0 at 0, surplus 0",
      ]);
    });
  });
});

/** Price, volume and surplus of the best of all prices, each of which is tried. */
function triedOut(bids: Orders, asks: Orders, tick: number, reference: number): number[] {
  const sum = (orders: Orders): number =>
    orders.reduce((total, [, quantity]) => total + quantity, 0);
  const lowest = Math.min(...asks.map(([price]) => price));
  const highest = Math.max(...bids.map(([price]) => price));
  let best: number[][] = [];
  for (let price = lowest; price <= highest; price += tick) {
    const bought = sum(bids.filter(([limit]) => limit >= price));
    const sold = sum(asks.filter(([limit]) => limit <= price));
    const offer = [price, Math.min(bought, sold), bought - sold];
    const rank = ([, volume, surplus]: number[]): number => volume! * 1_000 - Math.abs(surplus!);
    const isBetter = best.length === 0 || rank(offer) > rank(best[0]!);
    if (isBetter) best = [offer];
    else if (rank(offer) === rank(best[0]!)) best.push(offer);
  }
  if (best.length === 0) return [0, 0, 0];
  if (best.every(([, , surplus]) => surplus! > 0)) return best.at(-1)!;
  if (best.every(([, , surplus]) => surplus! < 0)) return best[0]!;
  const distance = ([price]: number[]): number => Math.abs(price! - reference);
  return best.sort((a, b) => distance(a) - distance(b) || a[0]! - b[0]!)[0]!;
}
