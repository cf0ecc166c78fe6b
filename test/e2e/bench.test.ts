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
    expect(phase.cancelShare).toBeCloseTo(1 / 3, 1);
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

it("says which benchmarks there are when it does not know one", async () => {
  await expect(runBench("moon")).rejects.toThrow(/UNKNOWN_BENCH.*e2e, failover/);
});
