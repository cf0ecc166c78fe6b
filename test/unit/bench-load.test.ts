/** The pure parts of the benchmarks of a whole exchange: which rate was sustained, what grows, where time goes. */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { bench, type BenchOptions } from "../../services/cli/bench.js";
import {
  GROWTH_LIMIT_MIB_PER_MILLION_ORDERS,
  growthOf,
  JUDGED_ORDERS_MIN,
} from "../bench/growth.js";
import { afterLeadIn, partOf } from "../bench/phase.js";
import { targetsTable } from "../bench/report-table.js";
import { inOrder, type OrderTimes, stagesOf } from "../bench/stages.js";
import { perMillionOrders } from "../bench/stored-bytes.js";
import { findSustained, nextOffer } from "../bench/sustained.js";
import { atLeast, atMost, below } from "../bench/targets.js";
import { phaseReport as phase } from "../helpers/phase-report.js";
import { randomNumbers } from "../helpers/orderflow.js";

const HELD = { brokenBy: null };
const BROKEN = { brokenBy: "latency" } as const;

it("is divided among the load processes to the last order", () => {
  for (const rate of [2, 3, 501, 10_000]) expect(partOf(rate, 0) + partOf(rate, 1)).toBe(rate);
  // None is told to send as much as it can where little is asked for.
  expect([partOf(1, 0), partOf(0, 0), partOf(0, 1)]).toEqual([1, 0, 0]);
});

describe("the next step", () => {
  const held = (offeredPerSecond: number) => ({ offeredPerSecond, ...HELD });
  const broke = (offeredPerSecond: number) => ({ offeredPerSecond, ...BROKEN });

  it("begins at half of the closed loop and rises until one breaks twice, and then goes between", () => {
    expect(nextOffer(8_000, [])).toBe(4_000);
    expect(nextOffer(8_000, [held(4_000)])).toBe(4_600);
    expect(nextOffer(8_000, [held(4_000), broke(4_600)])).toBe(4_600);
    const twice = [held(4_000), broke(4_600), broke(4_600)];
    expect(nextOffer(8_000, twice)).toBe(4_290);
    expect(nextOffer(8_000, [...twice, held(4_290)])).toBe(4_442);
    expect(nextOffer(8_000, [...twice, held(4_290), held(4_442)])).toBeNull();
    expect(nextOffer(8_000, [...twice, broke(4_290), broke(4_290)])).toBe(4_142);
  });

  it("goes on rising where one broke once and then held", () => {
    expect(nextOffer(8_000, [broke(4_000), held(4_000)])).toBe(4_600);
  });

  it("falls where the first is too much already, and rises again from what held", () => {
    const first = [broke(4_000), broke(4_000)];
    expect(nextOffer(8_000, first)).toBe(2_000);
    expect(nextOffer(8_000, [...first, held(2_000)])).toBe(2_300);
    expect(nextOffer(8_000, [...first, held(2_000), held(3_800)])).toBe(3_899);
    expect(nextOffer(8_000, [...first, held(2_000), held(3_900)])).toBeNull();
  });

  it("is none where all that were offered were too much, or it was enough", () => {
    const rates = [4_000, 2_000, 1_000, 500, 250, 125, 63];
    expect(
      nextOffer(
        8_000,
        rates.flatMap((rate) => [broke(rate), broke(rate)]),
      ),
    ).toBeNull();
    expect(nextOffer(1, [])).toBeNull();
    const rising = Array.from({ length: 24 }, (_, n) => held(4_000 + n));
    expect(nextOffer(8_000, rising)).toBeNull();
    expect(nextOffer(8_000, rising.slice(0, 4), 4)).toBeNull();
  });
});

describe("the sustained rate", () => {
  /** Of which 1,072 is the highest step that holds where 1,100 is kept up for a moment. */
  const NEAR = [1_072, 1_018, 967, 919, 873, 829, 788];

  /** An exchange that keeps up to one rate for a moment, and to a lower one for long. */
  function offers(momentary: number, lasting: number, hiccups: readonly number[] = []) {
    const asked: string[] = [];
    const offer = async (rate: number, length: "step" | "whole") => {
      asked.push(`${length} ${rate}`);
      const limit = length === "step" ? momentary : lasting;
      const isInTime = rate <= limit && !hiccups.includes(asked.length);
      return phase(rate, { accepted99PercentMs: isInTime ? 10 : 1_000 });
    };
    return { asked, offer };
  }

  it("is the highest step that then holds for the whole time, near to one that broke", async () => {
    const { asked, offer } = offers(5_500, 5_500);
    const { steps, attempts, held, ...found } = await findSustained(8_000, offer);
    expect(found).toEqual({ sustainedOrdersPerSecond: 5_478, brokeOrdersPerSecond: 5_673 });
    expect(held?.offeredPerSecond).toBe(5_478);
    expect(attempts).toEqual([held]);
    const rates = steps.map(({ offeredPerSecond }) => offeredPerSecond);
    expect(rates).toEqual([4_000, 4_600, 5_290, 6_083, 6_083, 5_673, 5_673, 5_478]);
    expect(asked.at(-1)).toBe("whole 5478");
  });

  it("is known to a twentieth whatever an exchange can do, in a few steps", async () => {
    for (let limit = 63; limit < 20_000; limit = Math.ceil(limit * 1.07)) {
      const { offer } = offers(limit, limit);
      const found = await findSustained(8_000, offer);
      const { sustainedOrdersPerSecond: sustained, brokeOrdersPerSecond: broke, steps } = found;
      expect(sustained).toBeLessThanOrEqual(limit);
      expect(broke).toBeGreaterThan(limit);
      expect(broke! - sustained).toBeLessThanOrEqual(Math.max(1, sustained * 0.05));
      expect(steps.length).toBeLessThan(24);
    }
  });

  it("is the same whichever step has met a pause of the machine", async () => {
    for (let at = 1; at <= 4; at++) {
      const { offer } = offers(5_500, 5_500, [at]);
      const { sustainedOrdersPerSecond, steps } = await findSustained(8_000, offer);
      expect(sustainedOrdersPerSecond).toBe(5_478);
      expect(steps.filter(({ brokenBy }) => brokenBy !== null).length).toBeLessThanOrEqual(5);
    }
  });

  it("is a lower one where the highest was good for a moment only", async () => {
    const { asked, offer } = offers(5_500, 4_100);
    const { attempts, ...found } = await findSustained(8_000, offer);
    expect(found).toMatchObject({ sustainedOrdersPerSecond: 4_027, brokeOrdersPerSecond: 4_239 });
    // What was offered and did not hold is told as well.
    expect(attempts.map(({ offeredPerSecond, brokenBy }) => [offeredPerSecond, brokenBy])).toEqual([
      [5_478, "latency"],
      [5_204, "latency"],
      [4_944, "latency"],
      [4_697, "latency"],
      [4_462, "latency"],
      [4_239, "latency"],
      [4_027, null],
    ]);
    expect(asked.slice(-2)).toEqual(["whole 4239", "whole 4027"]);
  });

  it("is far below all steps where each was good for a moment only", async () => {
    const { asked, offer } = offers(1_100, 600);
    const { attempts, sustainedOrdersPerSecond } = await findSustained(8_000, offer);
    expect(sustainedOrdersPerSecond).toBe(591);
    expect(attempts.map(({ offeredPerSecond }) => offeredPerSecond)).toEqual([...NEAR, 591]);
    expect(asked.slice(-2)).toEqual(["whole 788", "whole 591"]);
  });

  it("is none where none of some lower ones holds either", async () => {
    const { attempts, held } = await findSustained(8_000, offers(1_100, 0).offer);
    expect(held).toBeNull();
    expect(attempts.map(({ offeredPerSecond }) => offeredPerSecond)).toEqual([
      ...NEAR,
      591,
      443,
      332,
      249,
    ]);
  });

  it("is none where nothing held", async () => {
    const { steps, ...found } = await findSustained(8_000, offers(0, 0).offer);
    const nothing = { attempts: [], sustainedOrdersPerSecond: 0, held: null };
    expect(found).toEqual({ ...nothing, brokeOrdersPerSecond: 63 });
    const rates = new Set(steps.map(({ offeredPerSecond }) => offeredPerSecond));
    expect([...rates]).toEqual([4_000, 2_000, 1_000, 500, 250, 125, 63]);
  });
});

describe("growth", () => {
  const ORDERS = 4_000_000;
  /** As many as a whole run has. */
  const SAMPLES = 600;
  /** `leak`: MiB that stay of a million orders. */
  const samples = (leak: number, swing: (sample: number) => number, orders = ORDERS) =>
    Array.from({ length: SAMPLES + 1 }, (_, n) => {
      const done = (n / SAMPLES) * orders;
      return { orders: done, mib: 200 + (leak * done) / 1_000_000 + swing(n) };
    });
  /** A heap that fills evenly, and falls by so many MiB each time that it is collected. */
  const saw = (mib: number, every: number) => (sample: number) => (mib * (sample % every)) / every;
  /** One that is collected at any time. */
  const noise = (mib: number) => {
    const random = randomNumbers(1);
    return () => random(mib);
  };
  const LITTLE = GROWTH_LIMIT_MIB_PER_MILLION_ORDERS / 4;

  it("is the slope of the second half, and how much that is worth", () => {
    const growth = growthOf(samples(20, () => 0))!;
    expect(growth).toEqual({ mibPerMillionOrders: 20, uncertainty: 0, verdict: "grows" });
    const warmingUp = (sample: number) => Math.min(300, 2 * sample);
    expect(growthOf(samples(LITTLE, warmingUp))).toMatchObject({
      mibPerMillionOrders: LITTLE,
      verdict: "flat",
    });
  });

  it.each([
    ["swings by 40 MiB every few samples", saw(40, 5)],
    ["swings by 24 MiB in long waves", saw(24, 13)],
    ["is collected at any time", noise(32)],
  ])("is seen where 20 MiB of a million orders stay, though the heap %s", (_, swing) => {
    expect(growthOf(samples(20, swing))!.verdict).toBe("grows");
    expect(growthOf(samples(0, swing))!.verdict).toBe("flat");
    expect(growthOf(samples(LITTLE, swing))!.verdict).not.toBe("grows");
  });

  it("is not known where the heap swings more than the orders can have left, or these are few", () => {
    expect(growthOf(samples(0, noise(400)))!.verdict).toBe("unknown");
    expect(growthOf(samples(20, noise(400)))!.verdict).toBe("unknown");
    const few = growthOf(samples(2_000, () => 0, 2 * JUDGED_ORDERS_MIN - 1_000))!;
    expect(few).toMatchObject({ mibPerMillionOrders: 2_000, verdict: "unknown" });
    expect(growthOf(samples(1, () => 0).slice(0, 40))).toBeNull();
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

describe("a lead-in", () => {
  it("is the first second after the first of its kind", () => {
    const at = [2_500_000, 1_500_000, 2_499_999, 9_000_000];
    expect(afterLeadIn(at, (each) => each)).toEqual([2_500_000, 9_000_000]);
    expect(afterLeadIn([], () => 0)).toEqual([]);
  });
});

describe("a target", () => {
  it("is met or not, and not where it could not be measured", () => {
    expect(atLeast("rate", 50, 50)).toEqual({
      name: "rate",
      wanted: "at least 50",
      reached: 50,
      met: true,
    });
    expect(below("wait", 100, 100).met).toBe(false);
    expect(atMost("lost", 0, 0).met).toBe(true);
    for (const target of [atLeast, atMost, below]) expect(target("any", 0, null).met).toBe(false);
    const { rows } = targetsTable([below("wait", 100, 7), atLeast("rate", 1, null)], {});
    expect(rows.slice(1)).toEqual([
      ["wait", "below 100", 7, "met"],
      ["rate", "at least 1", "-", "not met"],
    ]);
  });
});

describe("the command", () => {
  const refused = (name: string, options: Partial<BenchOptions>) =>
    expect(bench(name, options)).rejects;

  it("refuses what it cannot measure before anything is started", async () => {
    await refused("quiet", { sweep: "symbols" }).toThrow(/INVALID_OPTION: --sweep is of e2e, /);
    await refused("e2e", { minutes: "3" }).toThrow(/INVALID_OPTION: --minutes is of soak, /);
    await refused("overload", { seconds: "3" }).toThrow(
      /--seconds is of e2e and quiet, .* overload/,
    );
    await refused("e2e", { seed: "3" }).toThrow(/INVALID_OPTION: --seed is of match, /);
    await refused("soak", { nodes: "3" }).toThrow(/INVALID_OPTION: --nodes is of e2e, /);
    await refused("e2e", { nodes: "12" }).toThrow(/NUMBER_OUT_OF_RANGE.*nodes is 12.*from 1 to 10/);
    await refused("e2e", { nodes: "7", postgres: "2" }).toThrow(/nodes is 7.*from 1 to 6/);
    await refused("e2e", { shards: "0" }).toThrow(
      /NUMBER_OUT_OF_RANGE.*shards is 0.*from 1 to 512/,
    );
    await refused("e2e", { sweep: "moon" }).toThrow(/INVALID_OPTION.*symbols or accounts.*"moon"/);
    await refused("e2e", { sweep: "symbols", plot: "x.html" }).toThrow(/INVALID_OPTION: --plot/);
    await refused("quiet", { plot: "x.html" }).toThrow(/--plot is of e2e and overload, .* quiet/);
    await refused("overload", { plot: tmpdir() }).toThrow(/INVALID_OPTION.*that is a folder/);
    await refused("e2e", { plot: "" }).toThrow(/INVALID_OPTION: --plot is empty. Name a file/);
    await refused("e2e", { plot: "/nowhere/at/all.html" }).toThrow(/INVALID_OPTION.*\/nowhere\/at/);
    const inFile = join(fileURLToPath(import.meta.url), "x.html");
    await refused("e2e", { plot: inFile }).toThrow(/INVALID_OPTION.*in a folder that is there/);
    await refused("e2e", { plot: tmpdir() }).toThrow(/INVALID_OPTION.*that is a folder/);
    await refused("e2e", { rate: "1" }).toThrow(/NUMBER_OUT_OF_RANGE.*rate in .*from 2 to 1000000/);
    await refused("e2e", { rate: "fast" }).toThrow(/NOT_A_NUMBER.*"fast"/);
    await refused("e2e", { rate: "500", sweep: "symbols" }).toThrow(
      /INVALID_OPTION: --rate.*--sweep/,
    );
    await refused("e2e", { rate: "500", plot: "x.html" }).toThrow(/INVALID_OPTION: --plot.*--rate/);
    await refused("quiet", { rate: "500" }).toThrow(/INVALID_OPTION: --rate is of e2e and soak, /);
    await refused("soak", { rate: "0" }).toThrow(/NUMBER_OUT_OF_RANGE.*from 1 to 1000000/);
    await refused("soak", { minutes: "ten" }).toThrow(/NOT_A_NUMBER.*"ten"/);
    await refused("moon", { seconds: "1" }).toThrow(/UNKNOWN_BENCH/);
  });
});
