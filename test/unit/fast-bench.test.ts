/**
 * The benchmark of the engine alone, in small: everything it says is there, and all runs and
 * variants do the same.
 */
import { expect, it } from "vitest";
import { runBench } from "../bench/bench.js";
import { makeFlow, MessageKind, SCENARIOS, START_TICKS } from "../bench/match-flow.js";

it("measures the engine in five kinds of market, and what each idea brings", async () => {
  const report = await runBench("match", { short: true, seed: 5 });
  expect(report.failures).toEqual([]);
  expect(report).toMatchObject({ name: "match", ok: true, messages: 20_000, seed: 5 });
  expect(Object.keys(report.scenarios)).toEqual(SCENARIOS.map(({ name }) => name));
  expect(report.worstMps).toBe(Math.min(...Object.values(report.scenarios)));
  expect(Object.keys(report.ladder)).toEqual([
    "objects",
    "pooledObjects",
    "typedArrays",
    "ownIndex",
    "priceWindow",
    "engine",
  ]);
  for (const rate of Object.values({ ...report.scenarios, ...report.ladder })) {
    expect(rate).toBeGreaterThan(0);
  }
  expect(report.p99Ns).toBeGreaterThan(0);
  expect(report.bytesPerOrder).toBeGreaterThan(64);
  expect(report.peers["nodejs-order-book"]).toMatchObject({ messages: expect.any(Number) });
  for (const rate of ["10000", "50000", "100000", "150000"]) {
    const operations = report.latency[rate]!;
    expect(Object.keys(operations)).toEqual(["add", "amend", "bestPrice", "depth10", "cancel"]);
    for (const { p50, p95, p99 } of Object.values(operations)) {
      expect(p50).toBeLessThanOrEqual(p95);
      expect(p95).toBeLessThanOrEqual(p99);
    }
  }
  for (const { enter, cancel, amend, trades } of Object.values(report.flows)) {
    expect(enter + cancel + amend).toBeCloseTo(1, 1);
    expect(enter).toBeCloseTo(0.45, 1);
    expect(amend).toBeCloseTo(0.2, 1);
    expect(trades).toBeGreaterThan(0);
  }
});

it("makes the same flow for the same seed, and about as many messages as were asked for", () => {
  const [, normal] = SCENARIOS;
  const flow = makeFlow(normal!, 10_000, 1);
  const again = makeFlow(normal!, 10_000, 1);
  expect(flow.orderIds).toEqual(again.orderIds);
  expect(flow.prices).toEqual(again.prices);
  expect(makeFlow(normal!, 10_000, 2).orderIds).not.toEqual(flow.orderIds);
  expect(Math.abs(flow.length - flow.standing - 10_000)).toBeLessThan(500);
  expect(flow.kinds.subarray(0, flow.standing).every((kind) => kind === MessageKind.Enter)).toBe(
    true,
  );
});

it.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))(
  "%s: prices go as far as its name says",
  (name, scenario) => {
    const flow = makeFlow(scenario, 50_000, 1);
    const prices = flow.prices.subarray(flow.standing).filter((price) => price > 0);
    const lowest = prices.reduce((a, b) => Math.min(a, b)) / START_TICKS;
    const fallen = { static: 0, normal: 0, swing25: 0.25, swing40: 0.4, crash60: 0.6 }[name]!;
    expect(lowest).toBeCloseTo(1 - fallen, 1);
  },
);
