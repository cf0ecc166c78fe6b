/** A report of `e2e` as a page needs it, whatever was measured. */
import type { E2eReport } from "../bench/e2e.js";
import { brokenBy } from "../bench/phase-verdict.js";
import type { Step } from "../bench/sustained.js";
import { phaseReport } from "./phase-report.js";

/** One rate that was offered, accepted after so many milliseconds. */
export function stepLike(offeredPerSecond: number, ms: number, changed: Partial<Step> = {}): Step {
  const done = changed.ordersPerSecond ?? offeredPerSecond;
  const phase = phaseReport(offeredPerSecond, {
    acceptMsP50: ms,
    acceptMsP99: 3 * ms,
    accepted99PercentMs: 3 * ms,
    fillMsP50: 2 * ms,
    fillMsP99: 6 * ms,
    reportedShare: done / offeredPerSecond,
    ...changed,
  });
  return { ...phase, brokenBy: brokenBy(phase) };
}

export function loadReportLike(changed: Partial<E2eReport> = {}): E2eReport {
  const held = stepLike(2_300, 13, { seconds: 60, orders: 138_000 });
  const report = {
    ...phaseReport(0, { seconds: 60.02, ordersPerSecond: 4_000 }),
    name: "e2e",
    steps: [
      stepLike(2_000, 12),
      stepLike(2_300, 14),
      stepLike(2_645, 40, { ordersPerSecond: 2_640 }),
    ],
    attempts: [held],
    held,
    atEighty: stepLike(1_840, 9, { seconds: 60, orders: 110_400 }),
    quiet: stepLike(500, 5, { seconds: 30, orders: 15_000 }),
    sustainedOrdersPerSecond: held.offeredPerSecond,
    brokeOrdersPerSecond: 2_645,
    targets: [],
    accounts: 1_000,
    symbols: 10,
    nodes: 3,
    ledgerShards: 2,
    postgresInstances: 1,
    durable: true,
    machine: {
      cores: 2,
      processor: "A processor",
      memoryMib: 7_900,
      node: "v20",
      system: "linux",
      kernel: "6.1.0",
      fileSystem: "ext4",
      blockDevice: null,
    },
    failures: [],
    ok: true,
    ...changed,
  };
  return report as unknown as E2eReport;
}

/** Of an exchange that kept up with nothing. */
export function nothingHeld(): E2eReport {
  return loadReportLike({
    steps: [
      stepLike(4_406, 900, { ordersPerSecond: 3_100, lateSends: 9_000 }),
      stepLike(2_203, 200, { ordersPerSecond: 2_010 }),
      stepLike(1_102, 45),
      stepLike(551, 4, { refused: 400 }),
    ],
    attempts: [],
    held: null,
    atEighty: null,
    quiet: { ...stepLike(500, 36), notMeasured: null },
    sustainedOrdersPerSecond: 0,
    brokeOrdersPerSecond: null,
    failures: ["quiet: 3 orders were never reported"],
    ok: false,
  });
}
