/** What overload judges by: what was told from moment to moment, when all is normal again, and what breaks a promise. */
import { describe, expect, it } from "vitest";
import type { Moments } from "../../chaos/load/moments.js";
import { capacityFailures, failuresOf, judge } from "../bench/overload.js";
import { type Capacity, findCapacity } from "../bench/overload-run.js";
import {
  NORMAL_SPANS,
  percentileOf,
  SPAN_MS,
  TIMELINE_SPAN_MS,
  ToldOrders,
} from "../bench/told.js";

const ORIGIN_MS = 1_000_000;
const EVERY_MS = 10;
const LIMIT_MS = 20;
const RETRY_MS = 40;
type Fate = (atMs: number) => number | "refused";

/** Orders every few milliseconds, each accepted or refused after a wait that depends on when it was sent. */
function moments(fromMs: number, untilMs: number, fate: Fate): Moments {
  const sent: number[] = [];
  const accepted: [number, number][] = [];
  const refused: [number, string, number][] = [];
  for (let at = fromMs; at < untilMs; at += EVERY_MS) {
    sent.push(at);
    const wait = fate(at);
    if (wait === "refused") refused.push([at, "OVERLOADED", RETRY_MS]);
    else accepted.push([at + wait, wait]);
  }
  return { originMs: ORIGIN_MS, sent, accepted, refused, punctual: sent };
}

const told = (untilMs: number, fate: Fate) => new ToldOrders([moments(0, untilMs, fate)]);
const at = (ms: number) => ORIGIN_MS + ms;

describe("what was told", () => {
  it("is counted when it was sent, refused and accepted, of all processes together", () => {
    const one = moments(0, 1_000, (ms) => (ms < 500 ? 5 : "refused"));
    // Another process has begun later, by its own clock.
    const other = { ...moments(0, 1_000, () => 300), originMs: at(500) };
    const orders = new ToldOrders([one, other]);
    expect(orders.sentBetween(at(200), at(700))).toBe(50 + 20);
    expect(orders.refusedBetween(at(200), at(700))).toBe(20);
    // An acceptance counts when it comes, however long ago the order was sent.
    expect(orders.acceptedBetween(at(200), at(700))).toHaveLength(30);
    expect(orders.acceptedBetween(at(700), at(900))).toHaveLength(10);
    expect(orders.waitsOfSentBetween(at(400), at(600))).toEqual([
      ...Array.from({ length: 10 }, () => 5),
      ...Array.from({ length: 10 }, () => 300),
    ]);
  });

  it("ends with the last order of any process", () => {
    const [one, other] = [moments(0, 1_000, () => 5), moments(0, 500, () => 5)];
    expect(new ToldOrders([other, one]).lastSentMs).toBe(at(990));
    expect(new ToldOrders([]).lastSentMs).toBeNull();
  });

  it("is punctual when each of its processes has once not been behind", () => {
    const onTime = (...punctual: number[]) => ({ ...moments(0, 100, () => 5), punctual });
    const after = (...all: Moments[]) => new ToldOrders(all).punctualAfter(at(500));
    expect(after(onTime(400, 700, 800))).toBe(at(700));
    expect(after(onTime(400, 700, 800), onTime(499, 900))).toBe(at(900));
    expect(after(onTime(400, 700), onTime(499))).toBeNull();
    expect(after()).toBe(at(500));
  });

  it("counts refusals by their codes", () => {
    const code = (ms: number) => (ms < 9 ? "OVERLOADED" : "MARKET_BEHIND");
    const refused = [1, 5, 9].map((ms) => [ms, code(ms), RETRY_MS] as const);
    const orders = new ToldOrders([{ ...moments(0, 10, () => 5), refused }]);
    expect(orders.refusalsBetween(at(2), at(10))).toEqual({ OVERLOADED: 1, MARKET_BEHIND: 1 });
    expect(orders.refusedBetween(at(0), at(9))).toBe(2);
  });

  it("counts what a gateway refused for now and did not say when to try again", () => {
    const refused = [
      [1, "OVERLOADED", RETRY_MS],
      [2, "OVERLOADED", 0],
      [3, "MARKET_BEHIND", 0],
      [4, "NO_FUNDS", 0], // The ledger's word is for good.
    ] as const;
    const orders = new ToldOrders([{ ...moments(0, 10, () => 5), refused }]);
    expect(orders.refusedWithoutHint).toBe(2);
  });

  it("has a timeline, from before the burst on", () => {
    const orders = told(1_500, (ms) => (ms < 1_000 ? 5 : "refused"));
    const spans = orders.timeline(at(0), at(1_500), at(500));
    expect(spans.map(({ atMs }) => atMs)).toEqual([-TIMELINE_SPAN_MS, 0, TIMELINE_SPAN_MS]);
    expect(spans[0]).toMatchObject({ offered: 50, accepted: 50, refused: 0, p50Ms: 5, p99Ms: 5 });
    expect(spans[2]).toMatchObject({ offered: 50, accepted: 0, refused: 50, p50Ms: null });
  });

  it("has percentiles that one of its values has", () => {
    const values = Array.from({ length: 200 }, (_, n) => n + 1);
    expect([50, 99, 100].map((percent) => percentileOf(values, percent))).toEqual([100, 198, 200]);
    expect(percentileOf([7], 1)).toBe(7);
    expect(percentileOf([], 50)).toBeNull();
  });
});

it("is normal from the first span on in which, and for a while after which, everything is", () => {
  const slowUntil = 3 * SPAN_MS;
  const normal = (fate: Fate) => told(2_000, fate).normalAfter(at(0), at(2_000), LIMIT_MS);
  expect(normal(() => 5)).toBe(SPAN_MS);
  expect(normal((ms) => (ms < slowUntil ? 50 : 5))).toBe(slowUntil + 2 * SPAN_MS);
  // A refusal is no answer in time, however quick it is.
  expect(normal((ms) => (ms < slowUntil ? "refused" : 5))).toBe(slowUntil + SPAN_MS);
  // What comes a second late is not normal while it is waited for, whatever is answered meanwhile.
  expect(normal((ms) => (ms === 0 ? 1_000 : 5))).toBe(1_000 + 2 * SPAN_MS);
  expect(normal((ms) => (ms < slowUntil ? 800 : 5))).toBe(slowUntil + 800 + SPAN_MS);
  // What was well for less than it takes to believe it was not yet well.
  const relapse = (NORMAL_SPANS - 1) * SPAN_MS;
  expect(normal((ms) => (ms === relapse ? 50 : 5))).toBe(relapse + 2 * SPAN_MS);
  expect(normal(() => 50)).toBeNull();
});

describe("overload", () => {
  const CAPACITY = { window: 2_000, acceptedPerSecond: 100, accepted: 2_000, refused: 0 };
  const [BURST_MS, END_MS, UNTIL_MS] = [2_000, 4_000, 6_000];

  /** Usual clients send 100 orders a second all the time; `burst` is what others do. */
  function run(usualFate: Fate, burst: Moments) {
    const usual = moments(0, UNTIL_MS, usualFate);
    const numbers = judge(
      CAPACITY,
      {
        logs: "",
        unreported: 0,
        costs: { loadedCores: {}, burstCores: {}, rssMib: {} },
        all: new ToldOrders([usual, burst]),
        usual: new ToldOrders([usual]),
        loadedFromMs: at(0),
        burstFromMs: at(BURST_MS),
        burstEndMs: at(END_MS - 500),
        burstUntilMs: at(END_MS),
        untilMs: at(UNTIL_MS),
      },
      0,
    );
    return { numbers, failures: failuresOf(numbers, false), shortly: failuresOf(numbers, true) };
  }
  const burst = (fate: Fate) => moments(BURST_MS, END_MS, fate);

  it("counts what was accepted while the burst was, of all clients, and fails nothing that holds", () => {
    const { numbers, failures } = run(
      () => 5,
      burst(() => "refused"),
    );
    expect(failures).toEqual([]);
    expect(numbers).toMatchObject({
      offeredTimes: 2,
      refused: 200,
      refusedByCode: { OVERLOADED: 200 },
      refusedBefore: 0,
      refusedBeforeByCode: {},
      burstMs: 2_000,
      caughtUpMs: 500,
      admittedP99Ratio: 1,
      recoveredMs: SPAN_MS,
      refusedWithoutHint: 0,
      lost: 0,
    });
    expect(numbers.goodputRatio).toBeCloseTo(1, 1);
  });

  it("does not count as done what is accepted long after the burst", () => {
    const late = (ms: number) => (ms >= BURST_MS && ms < END_MS ? 2_500 : 5);
    const { numbers, failures } = run(
      late,
      burst(() => "refused"),
    );
    expect(numbers.goodput).toBe(0);
    expect(failures[0]).toBe("goodput, in capacities: 0, and it is to be at least 0.9");
    expect(failures.join()).toMatch(/goodput.*p99 of what was admitted.*normal again after/);
  });

  it("has no wait where nothing was accepted, and keeps no promise by that", () => {
    const { numbers, failures } = run(
      (ms) => (ms >= BURST_MS ? "refused" : 5),
      burst(() => "refused"),
    );
    const none = { admittedP50Ms: null, admittedP99Ms: null, admittedP99Ratio: null };
    expect(numbers).toMatchObject({ ...none, loadedP99Ms: 5 });
    expect(failures.join()).toContain("p99 of what was admitted, in p99s of before: never");
  });

  it("fails by a refusal without a retry hint, in short, too", () => {
    const all = burst(() => "refused");
    const [first, ...others] = all.refused;
    const refused = [[first![0], first![1], 0] as const, ...others];
    const { numbers, failures, shortly } = run(() => 5, { ...all, refused });
    expect(numbers.refusedWithoutHint).toBe(1);
    expect(shortly).toEqual(["refused without a retry hint: 1, and it is to be at most 0"]);
    expect(failures).toEqual(shortly);
  });

  it("is none where nothing is refused, or hardly more is offered than can be done", () => {
    const little = { ...burst(() => "refused"), sent: [BURST_MS] };
    expect(run(() => 5, little).failures.join()).toMatch(/offered 1 capacities/);
    expect(
      run(
        () => 5,
        burst(() => 5),
      ).failures,
    ).toEqual(["nothing was refused: it was no overload"]);
  });
});

describe("the capacity", () => {
  /** An exchange that refuses some of what is asked for with so many orders outstanding. */
  async function found(
    refusedOf: (window: number) => number,
    acceptedOf: (window: number) => number = () => 9_900,
  ) {
    const windows: number[] = [];
    const measure = async (window: number): Promise<Capacity> => {
      windows.push(window);
      const accepted = acceptedOf(window);
      const acceptedPerSecond = Math.round(accepted / 20);
      return { window, accepted, acceptedPerSecond, refused: refusedOf(window) };
    };
    return { capacity: await findCapacity(measure), windows };
  }

  it("is that of a closed loop which hardly anything is refused of", async () => {
    const { capacity, windows } = await found(() => 100);
    expect(windows).toEqual([2_000]);
    expect(capacity).toMatchObject({ window: 2_000, acceptedPerSecond: 495 });
    expect(capacityFailures(capacity)).toEqual([]);
  });

  it("is looked for with fewer orders outstanding where more is refused", async () => {
    const { capacity, windows } = await found(
      (window) => (window > 500 ? 121 : 0),
      (window) => 12_000 - window,
    );
    expect(windows).toEqual([2_000, 1_000, 500]);
    expect(capacity).toMatchObject({ window: 500, accepted: 11_500 });
    expect(capacityFailures(capacity)).toEqual([]);
  });

  it("is not known where an eighth of them are too many as well", async () => {
    const { capacity, windows } = await found(
      () => 121,
      (window) => 12_000 - window,
    );
    expect(windows).toEqual([2_000, 1_000, 500, 250]);
    expect(capacityFailures(capacity)).toEqual([
      "the capacity is not known: with 250 orders outstanding 121 were refused and 11750 accepted",
    ]);
  });

  it("is not what fewer orders outstanding do, where that is less", async () => {
    const { capacity, windows } = await found(
      (window) => (window > 1_000 ? 151 : 0),
      (window) => 4 * window,
    );
    expect(windows).toEqual([2_000, 1_000]);
    expect(capacity).toMatchObject({ window: 2_000, accepted: 8_000 });
    expect(capacityFailures(capacity)).toEqual([
      "the capacity is not known: with 2000 orders outstanding 151 were refused and 8000 accepted",
    ]);
  });

  it("is looked for on where all is refused at first", async () => {
    const { capacity } = await found(
      (window) => (window > 500 ? 9_000 : 0),
      (window) => (window > 500 ? 0 : 9_000),
    );
    expect(capacity).toMatchObject({ window: 500, accepted: 9_000 });
  });

  it("is not nothing: three times that would be all that can be", async () => {
    await expect(
      found(
        () => 0,
        () => 0,
      ),
    ).rejects.toThrow(/BENCH_NO_CAPACITY: with 2000 orders/);
  });
});
