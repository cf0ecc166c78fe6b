import { expect, it } from "vitest";
import { runBench } from "../bench/bench.js";

it("measures the whole exchange from outside, saturated and quiet", async () => {
  const report = await runBench("e2e", { seconds: 5, window: 200 });
  expect(report).toMatchObject({ auditOk: true, conserved: true, durable: true, accounts: 1_000 });
  for (const phase of [report, report.quiet]) {
    expect(phase.ordersPerSecond).toBeGreaterThan(0);
    expect(phase.fills).toBeGreaterThan(0);
    expect(phase.unreported).toBe(0);
    expect(phase.acceptMsP50).toBeLessThanOrEqual(phase.acceptMsP99);
    expect(phase.crossingShare).toBeCloseTo(0.5, 1);
    // A third, as far as there are resting orders to cancel: on a slow machine a short run has few.
    expect(phase.cancelShare).toBeGreaterThan(0.2);
    expect(phase.cancelShare).toBeLessThan(0.4);
  }
  expect(report.cpuMicrosecondsPerOrder).toHaveProperty("gateway-1");
});

it("measures failover from end to end, in small", async () => {
  const report = await runBench("failover", { short: true });
  expect(report.failures).toEqual([]);
  expect(report).toMatchObject({ ok: true, restingOrders: 20_000, markets: 12, nodes: 3 });
  expect(report.killMsP50).toBeLessThanOrEqual(report.killMsP99);
  expect(report.moveMsP99).toBeGreaterThan(0);
  expect(report.coldRecovery1MSeconds).toBeGreaterThan(0);
  expect(report.warmRecovery1MMs).toBeGreaterThan(0);
  expect(report.actorsPerNode).toBeGreaterThan(0);
  expect(report.firstBackMs).toBeLessThanOrEqual(report.allBackMs);
});

it("measures the ledger, and the plain ways beside it, in small", async () => {
  const report = await runBench("ledger", { short: true });
  expect(report.failures).toEqual([]);
  expect(report).toMatchObject({ ok: true, auditOk: true, accountsRecovered: 20_000 });
  const { durableRuns, strategies } = report;
  const { coreChangesPerSecond, recoverySeconds1M, bytesPerAccount } = report;
  for (const number of [coreChangesPerSecond, recoverySeconds1M, bytesPerAccount]) {
    expect(number).toBeGreaterThan(0);
  }
  expect(strategies).toHaveLength(6);
  for (const run of [durableRuns, ...strategies].flatMap(({ uniform, hot }) => [uniform, hot])) {
    expect(run.changesPerSecond).toBeGreaterThan(0);
    expect(run.p50Ms).toBeLessThanOrEqual(run.p99Ms);
  }
  // Many clients on few rows are in each other's way, where the row's version decides.
  expect(
    strategies.find(({ name }) => name === "optimistic versions")!.hot.retries,
  ).toBeGreaterThan(0);
});

it("measures the matching engine alone, in small", async () => {
  const report = await runBench("match", { short: true });
  expect(report.failures).toEqual([]);
  expect(Object.keys(report.scenarios)).toEqual([
    "static",
    "normal",
    "swing25",
    "swing40",
    "crash60",
  ]);
  expect(report.worstMps).toBeGreaterThan(0);
  expect(report.p99Ns).toBeGreaterThan(0);
  expect(report.bytesPerOrder).toBeGreaterThan(0);
  expect(Object.keys(report.peers)).toContain("nodejs-order-book");
});

it("says which benchmarks there are when it does not know one", async () => {
  await expect(runBench("moon")).rejects.toThrow(/UNKNOWN_BENCH.*e2e, failover, ledger, match/);
});
