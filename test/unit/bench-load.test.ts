/** The pure parts of the benchmarks of a whole exchange: which rate was sustained, what grows, where time goes, the chart. */
import { describe, expect, it } from "vitest";
import { bench, type BenchOptions } from "../../services/cli/bench.js";
import { growthOf, GROWTH_LIMIT_MIB_PER_MILLION_ORDERS, NOISE_MIB } from "../bench/growth.js";
import { charts } from "../bench/load-chart.js";
import type { PhaseReport } from "../bench/phase.js";
import { inOrder, type OrderTimes, stagesOf } from "../bench/stages.js";
import { perMillionOrders } from "../bench/stored-bytes.js";
import {
  ACCEPT_P99_LIMIT_MS,
  brokenBy,
  findSustained,
  nextOffer,
  reportedShare,
} from "../bench/sustained.js";

const HELD = { brokenBy: null };
const BROKEN = { brokenBy: "latency" } as const;

/** What is judged of a phase that went well. */
function phase(offeredPerSecond: number, changed: Partial<PhaseReport> = {}): PhaseReport {
  const good = {
    offeredPerSecond,
    ordersPerSecond: offeredPerSecond,
    seconds: 10,
    orders: offeredPerSecond * 10,
    acceptMsP99: 20,
    lateSends: 0,
  };
  return { ...good, ...changed } as PhaseReport;
}

describe("a step of the offered load", () => {
  it("holds when orders are accepted in time and reported", () => {
    expect(brokenBy(phase(1_000))).toBeNull();
    expect(brokenBy(phase(1_000, { acceptMsP99: ACCEPT_P99_LIMIT_MS }))).toBeNull();
    expect(brokenBy(phase(1_000, { acceptMsP99: ACCEPT_P99_LIMIT_MS + 1 }))).toBe("latency");
    expect(brokenBy(phase(1_000, { ordersPerSecond: 900 }))).toBe("throughput");
  });

  it("says nothing of the exchange when the clients did not keep up", () => {
    expect(brokenBy(phase(1_000, { lateSends: 500 }))).toBeNull();
    expect(brokenBy(phase(1_000, { lateSends: 501, acceptMsP99: 900 }))).toBe("clients");
  });

  it("does not count what was due at the very end", () => {
    expect(reportedShare(phase(1_000, { seconds: 1, ordersPerSecond: 750 }))).toBe(1);
    expect(reportedShare(phase(1_000, { seconds: 1, ordersPerSecond: 600 }))).toBe(0.8);
    expect(reportedShare(phase(1_000, { ordersPerSecond: 1_010 }))).toBe(1);
  });
});

describe("the next step", () => {
  it("begins at half of the closed loop and rises until one breaks", () => {
    expect(nextOffer(8_000, [])).toBe(4_000);
    expect(nextOffer(8_000, [{ offeredPerSecond: 4_000, ...HELD }])).toBe(4_600);
    const broken = { offeredPerSecond: 4_600, ...BROKEN };
    expect(nextOffer(8_000, [{ offeredPerSecond: 4_000, ...HELD }, broken])).toBeNull();
  });

  it("falls where the first is too much already, until one holds or it is enough", () => {
    const first = { offeredPerSecond: 4_000, ...BROKEN };
    expect(nextOffer(8_000, [first])).toBe(2_000);
    expect(nextOffer(8_000, [first, { offeredPerSecond: 2_000, ...HELD }])).toBeNull();
    expect(
      nextOffer(
        8_000,
        Array.from({ length: 4 }, () => first),
      ),
    ).toBeNull();
    expect(nextOffer(1, [])).toBeNull();
  });
});

describe("the sustained rate", () => {
  /** An exchange that keeps up to one rate for a moment, and to a lower one for long. */
  function offers(momentary: number, lasting: number) {
    const asked: string[] = [];
    const offer = async (rate: number, length: "step" | "whole") => {
      asked.push(`${length} ${rate}`);
      const limit = length === "step" ? momentary : lasting;
      return phase(rate, { acceptMsP99: rate <= limit ? 10 : 1_000 });
    };
    return { asked, offer };
  }

  it("is the highest step that then holds for the whole time", async () => {
    const { asked, offer } = offers(5_500, 5_500);
    const { steps, sustainedOrdersPerSecond, held } = await findSustained(8_000, offer);
    expect(sustainedOrdersPerSecond).toBe(5_290);
    expect(held?.offeredPerSecond).toBe(5_290);
    expect(steps.map(({ brokenBy }) => brokenBy)).toEqual([null, null, null, "latency"]);
    expect(asked.at(-1)).toBe("whole 5290");
  });

  it("is a lower one where the highest was good for a moment only", async () => {
    const { asked, offer } = offers(5_500, 4_100);
    expect((await findSustained(8_000, offer)).sustainedOrdersPerSecond).toBe(4_000);
    expect(asked.slice(-3)).toEqual(["whole 5290", "whole 4600", "whole 4000"]);
  });

  it("is none where nothing held", async () => {
    const { steps, ...found } = await findSustained(8_000, offers(0, 0).offer);
    expect(found).toEqual({ sustainedOrdersPerSecond: 0, held: null });
    expect(steps.map(({ offeredPerSecond }) => offeredPerSecond)).toEqual([
      4_000, 2_000, 1_000, 500,
    ]);
  });
});

describe("growth", () => {
  const ORDERS = 4_000_000;
  const samples = (mibAt: (part: number) => number, orders = ORDERS) =>
    Array.from({ length: 121 }, (_, n) => ({ orders: (n / 120) * orders, mib: mibAt(n / 120) }));

  it("is what the memory rises by in the second half, per million orders", () => {
    // A quarter of the run lies between the two medians: 100 MiB, and a million orders.
    const growth = growthOf(samples((part) => 100 + 400 * part))!;
    expect(growth.mib).toBeCloseTo(100, -1);
    expect(growth.mibPerMillionOrders).toBeCloseTo(100, -1);
    expect(growth.isTooMuch).toBe(true);
  });

  it("is no concern of a heap that warms up, swings, or keeps a little", () => {
    expect(growthOf(samples((part) => Math.min(500, 2_000 * part)))!.isTooMuch).toBe(false);
    expect(growthOf(samples((part) => 200 + 40 * Math.sin(500 * part)))!.isTooMuch).toBe(false);
    const little = (GROWTH_LIMIT_MIB_PER_MILLION_ORDERS * ORDERS * 0.9) / 1_000_000;
    expect(growthOf(samples((part) => 200 + little * part))!.isTooMuch).toBe(false);
  });

  it("of a short run has to be more than noise", () => {
    const few = 3_000;
    const short = (mib: number) => growthOf(samples((part) => 100 + 4 * mib * part, few))!;
    expect(short(NOISE_MIB * 0.9).mibPerMillionOrders).toBeGreaterThan(10_000);
    expect(short(NOISE_MIB * 0.9).isTooMuch).toBe(false);
    expect(short(NOISE_MIB * 1.2).isTooMuch).toBe(true);
    expect(growthOf(samples(() => 1).slice(0, 7))).toBeNull();
  });

  it("on disk is per million orders, too", () => {
    const before = { postgres: 1_000, wal: 5_000, nats: 100 };
    const after = { postgres: 3_000, wal: 9_000, nats: 50 };
    const expected = { postgres: 4_000_000, wal: 8_000_000, nats: -100_000 };
    expect(perMillionOrders(before, after, 500)).toEqual(expected);
    expect(perMillionOrders(before, { ...after, nats: null }, 500).nats).toBeNull();
  });
});

describe("the stages of an order", () => {
  const MS = 1_000;
  const WAY: OrderTimes = {
    due: 0,
    gateway: 1 * MS,
    shardInbox: 3 * MS,
    shardBatch: 6 * MS,
    accepted: 20 * MS,
    marketInbox: 10 * MS,
    marketBatch: 15 * MS,
    tradeInbox: 21 * MS,
    tradeBatch: 28 * MS,
    filled: 36 * MS,
  };

  it("add up to the whole", () => {
    const stages = stagesOf(Array.from({ length: 9 }, () => WAY));
    const took = stages.map(({ msP50 }) => Math.round(msP50));
    expect(took).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 36, 14]);
    const [whole] = took.slice(8);
    expect(took.slice(0, 8).reduce((sum, ms) => sum + ms, 0)).toBe(whole);
  });

  it("have the median and the 99th percentile of all orders", () => {
    const slow = { ...WAY, filled: 136 * MS };
    const orders = Array.from({ length: 100 }, (_, n) => (n < 95 ? WAY : slow));
    const last = stagesOf(orders)[7]!;
    expect(last.msP50).toBeCloseTo(8, 1);
    expect(last.msP99).toBeCloseTo(108, 0);
  });

  it("take a batch that had begun before for one that was not waited for", () => {
    const early = inOrder({ ...WAY, shardBatch: 2 * MS, accepted: 2 * MS });
    expect(early).toMatchObject({ shardInbox: 3 * MS, shardBatch: 3 * MS, accepted: 3 * MS });
    expect(inOrder(WAY)).toEqual(WAY);
  });
});

describe("the chart of a load", () => {
  const point = (offeredPerSecond: number, ms: number) => ({
    ...phase(offeredPerSecond),
    acceptMsP50: ms,
    acceptMsP99: 3 * ms,
    fillMsP50: 2 * ms,
    fillMsP99: 6 * ms,
  });

  it("has a line for each figure, over what was offered", () => {
    const { text } = charts([point(4_000, 80), point(2_000, 10), point(1_000, 5)], 2_000);
    const lines = [...text.matchAll(/class="line (\w+)" d="M([^"]+)"/g)];
    // Four of latency and one of throughput, each drawn for a desk and for a phone.
    expect(lines).toHaveLength(10);
    for (const [, , path] of lines) {
      const across = path!
        .split("L")
        .slice(1)
        .map((at) => Number(at.split(" ")[0]));
      expect(across).toEqual(across.toSorted((a, b) => a - b));
      expect(across).toHaveLength(3);
    }
    expect(text).toContain("2000");
    expect(text).not.toContain("NaN");
  });

  it("says so where there is nothing to draw, and draws a single step", () => {
    expect(charts([], 0).text).toContain("No rate was offered");
    const { text } = charts([point(1_000, 5)], 0);
    expect(text).not.toContain("NaN");
    expect(text).not.toContain("Infinity");
  });
});

describe("the command", () => {
  const refused = (name: string, options: Partial<BenchOptions>) =>
    expect(bench(name, { seconds: "1", seed: "1", ...options })).rejects;

  it("refuses what it cannot measure before anything is started", async () => {
    await refused("quiet", { sweep: "symbols" }).toThrow(/INVALID_OPTION: --sweep is of .* e2e/);
    await refused("e2e", { minutes: "3" }).toThrow(/INVALID_OPTION: --minutes is of .* soak/);
    await refused("e2e", { sweep: "moon" }).toThrow(/INVALID_OPTION.*symbols or accounts.*"moon"/);
    await refused("e2e", { sweep: "symbols", plot: "x.html" }).toThrow(/INVALID_OPTION: --plot/);
    await refused("e2e", { plot: "/nowhere/at/all.html" }).toThrow(/INVALID_OPTION.*\/nowhere\/at/);
    await refused("soak", { rate: "0" }).toThrow(/NUMBER_OUT_OF_RANGE.*from 1 to 1000000/);
    await refused("soak", { minutes: "ten" }).toThrow(/NOT_A_NUMBER.*"ten"/);
    await refused("moon", {}).toThrow(/UNKNOWN_BENCH/);
  });
});
