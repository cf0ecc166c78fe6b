import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { release } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { Scene } from "../../chaos/scene.js";
import { EXIT_INTERRUPTED } from "../../services/cli/exit-codes.js";
import { QUEUES } from "../../services/common/queues.js";
import { PROJECT_ROOT } from "../../services/servers/project-root.js";
import { temporaryFolder } from "../helpers/servers.js";
import { runBench } from "../bench/bench.js";
import type { E2eReport } from "../bench/e2e.js";
import { headline, loadPage } from "../bench/load-page.js";
import { judged, SHAPE } from "../bench/on-exchange.js";
import { measureOverload } from "../bench/overload.js";
import { overloadPage } from "../bench/overload-page.js";
import { measureQuiet } from "../bench/quiet.js";
import { tablesOf } from "../bench/report-table.js";
import { measureSoak } from "../bench/soak.js";
import { TIMELINE_SPAN_MS } from "../bench/told.js";
import type { Waits } from "../bench/waits.js";
import { commandsOf, lastJson, runLine } from "./readme-commands.js";

const PROGRAM = join(PROJECT_ROOT, "dist", "services", "cli", "main.js");

it.each(commandsOf("bench"))("%s", async (line) => {
  const { code, out, err } = await runLine(line);
  expect(code, `${out}${err}`).toBe(0);
  checkMeasured(lastJson<E2eReport>(out));
});

it.each([
  ["starting 3 nodes", "SIGINT"],
  ["orders/s for", "SIGINT"],
  ["warming up", "SIGTERM"],
] as const)(
  "ends what it has started when it is interrupted at %j, and leaves nothing",
  async (moment, signal) => {
    const { folder, remove } = temporaryFolder();
    const env = { ...process.env, TMPDIR: folder };
    const short = moment === "warming up" ? [] : ["--short"];
    const bench = spawn(process.execPath, [PROGRAM, "bench", "quiet", ...short], { env });
    try {
      let said = "";
      bench.stderr.on("data", (chunk) => (said += chunk));
      bench.stdout.resume();
      const ended = once(bench, "close");
      await expect.poll(() => said, { timeout: 60_000 }).toContain(moment);
      bench.kill(signal);
      expect(await ended, said).toEqual([EXIT_INTERRUPTED, null]);
      // Nothing follows it: no trace of what was ended, and no word of kept logs.
      expect(said).toMatch(/\nending the benchmark: what it started is ended\n$/);
      expect(said).not.toMatch(/Error|^ +at /m);
      expect(readdirSync(folder).filter((name) => name.startsWith("palisade"))).toEqual([]);
    } finally {
      bench.kill("SIGKILL");
      remove();
    }
  },
);

it("measures an exchange on two PostgreSQL instances, which count together", async () => {
  const report = await runBench("e2e", { short: true, seconds: 1, postgresInstances: 2 });
  expect(report.failures).toEqual([]);
  expect(report).toMatchObject({ ok: true, postgresInstances: 2, ledgerShards: 2, symbols: 10 });
  checkMeasured(report);
  // Each order goes through a shard and a market, wherever these are.
  expect(report.quiet.batchesPerOrder["market"]).toBeGreaterThan(0);
  expect(report.quiet.commandsPerBatch["ledger"]).toBeGreaterThanOrEqual(1);
  expect(report.quiet.rowsWrittenPerOrder["batch_log"]).toBeGreaterThan(0);
  expect(JSON.stringify(tablesOf(report))).toContain("PostgreSQL instances 2");
});

it("measures an exchange at one rate", async () => {
  const report = await runBench("e2e", { short: true, seconds: 1, rate: 301 });
  expect(report.failures).toEqual([]);
  expect(report).toMatchObject({ name: "rate", ok: true, auditOk: true, short: true });
  const { atRate } = report;
  expect(atRate).toMatchObject({ offeredPerSecond: 301, unreported: 0, notMeasured: null });
  // A second more than was asked for, in which latencies do not count.
  expect(atRate.seconds).toBeGreaterThanOrEqual(2);
  expect(atRate.orders + atRate.dueWhileLost).toBeLessThanOrEqual(301 * (atRate.seconds + 0.5));
  expect(atRate.orders).toBeGreaterThan(0);
  expect(atRate.fills).toBeGreaterThan(0);
  checkWaits(atRate);
  expect(atRate.writtenBytesPerOrder["gateway-1"]).toBeGreaterThan(0);
  expect(atRate.wakesPerOrder["postgres"]).toBeGreaterThan(0);
  expect(report.targets).toHaveLength(1);
  const text = JSON.stringify(tablesOf(report));
  expect(text).toContain("at 301 orders/s");
  expect(text).not.toMatch(/NaN|undefined|null/);
});

it("measures an exchange that is quiet, busy, and asked for too much, in small", async () => {
  const log = () => {};
  const scene = await Scene.start({ ...SHAPE, log });
  try {
    const quiet = await judged(scene, SHAPE, { short: true, log }, () =>
      measureQuiet(scene, { short: true }),
    );
    expect(quiet.failures).toEqual([]);
    expect(quiet).toMatchObject({ ok: true, auditOk: true, conserved: true, durable: true });
    expect(quiet.tradesTimed).toBeGreaterThan(0);
    expect(quiet.tradesMissing).toBe(0);
    expect(quiet.tradeToFeedMsP50).toBeGreaterThan(0);
    expect(quiet.tradeToFeedMsP50).toBeLessThanOrEqual(quiet.tradeToFeedMsP99!);
    expect(quiet.stagesOrders).toBeGreaterThan(0);
    expect(quiet.stagesOrders).toBeLessThanOrEqual(quiet.stagesOrdersTraded);
    const whole = quiet.stages.find(({ stage }) => stage === "due → the client has the fill")!;
    for (const { msP50, msP99 } of quiet.stages) {
      expect(msP50).toBeLessThanOrEqual(msP99);
      expect(msP99).toBeLessThanOrEqual(whole.msP99);
    }
    // Three actors commit for a fill, and each commit writes a batch.
    expect(quiet.rowsWrittenPerOrder["batch_log"]).toBeGreaterThan(0);
    expect(quiet.walBytesPerOrder).toBeGreaterThan(100);
    // The log is on the disk before anybody is told, where the disk can be told.
    const { diskBytesPerOrder = Infinity } = quiet;
    expect(diskBytesPerOrder).toBeGreaterThanOrEqual(quiet.walBytesPerOrder);
    // Its log PostgreSQL writes itself, and a node the statements by which it does.
    expect(quiet.writtenBytesPerOrder["postgres"]).toBeGreaterThan(quiet.walBytesPerOrder / 2);
    expect(quiet.writtenBytesPerOrder["node-1"]).toBeGreaterThan(0);
    expect(quiet.lost).toBe(0);
    expect(quiet.targets.map(({ wanted }) => wanted)).toContain("below 2");
    expect(quiet.commandsPerMessage).toBeGreaterThanOrEqual(1);
    // An id, an account, a symbol, a price and a quantity at least.
    expect(quiet.bytesPerCommand).toBeGreaterThan(20);
    expect(quiet.bytesPerCommand).toBeLessThan(200);
    expect(quiet.commandsPerBatch["ledger"]).toBeGreaterThanOrEqual(1);
    expect(quiet.batchesPerOrder["market"]).toBeGreaterThan(0);

    const soak = await judged(scene, SHAPE, { short: true, log }, () =>
      measureSoak(scene, { short: true, rate: 400 }),
    );
    expect(soak.failures).toEqual([]);
    expect(soak.ok).toBe(true);
    expect(soak.orders).toBeLessThan(400 * (soak.seconds + 1));
    expect(soak.writtenBytesPerOrder["postgres"]).toBeGreaterThan(soak.walBytesPerOrder / 2);
    for (const name of ["node-1", "gateway-1", "feed-1", "nats", "etcd", "postgres"]) {
      expect(soak.rssStart[name]).toBeGreaterThan(0);
      expect(soak.rssEnd[name]).toBeGreaterThan(0);
      expect(soak.growth[name]).toMatchObject({ verdict: "unknown" });
    }
    expect(soak.bytesPerMillionOrders.wal).toBeGreaterThan(0);
    const overload = await judged(scene, SHAPE, { short: true, log }, () =>
      measureOverload(scene, { short: true }),
    );
    expect(overload.failures).toEqual([]);
    expect(overload).toMatchObject({ ok: true, lost: 0, refusedWithoutHint: 0 });
    expect(overload.capacity).toBeGreaterThan(0);
    const { timeline, loadedCores, burstCores, rssMib } = overload;
    for (const name of ["usual-1", "usual-2", "node-1", "gateway-1", "nats", "postgres"]) {
      expect(loadedCores[name], name).toBeGreaterThan(0);
      expect(burstCores[name], name).toBeGreaterThan(0);
      expect(rssMib[name], name).toBeGreaterThan(0);
    }
    // These have sent before, and are not asked for anything until the burst.
    expect(burstCores["burst-1"]! + burstCores["burst-2"]!).toBeGreaterThan(
      loadedCores["burst-1"]! + loadedCores["burst-2"]!,
    );
    const inBurst = timeline.filter(({ atMs }) => atMs > -TIMELINE_SPAN_MS && atMs < 2_000);
    expect(inBurst.some(({ offered }) => offered > 0)).toBe(true);
    expect(timeline.some(({ accepted, p99Ms }) => accepted > 0 && p99Ms! > 0)).toBe(true);
    expect(overloadPage(overload, new Date())).not.toMatch(/NaN|undefined|Infinity/);
    await checkQueues(scene);
    for (const report of [quiet, soak, overload]) {
      const text = JSON.stringify(tablesOf(report));
      expect(text).toContain("no failures");
      expect(text).toMatch(/"(not )?met"/);
      expect(text).not.toMatch(/NaN|undefined|null/);
    }
  } finally {
    await scene.stop();
  }
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
  expect(Object.keys(report.idleCores).toSorted()).toEqual([
    "etcd",
    "feed",
    "gateway",
    "nats",
    "node",
    "postgres",
  ]);
  expect(report.idleCores["node"]).toBeGreaterThan(0);
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
  await expect(runBench("moon")).rejects.toThrow(
    /UNKNOWN_BENCH.*e2e, failover, ledger, match, overload, quiet, soak/,
  );
});

/** Each process of an exchange that runs shows each of its queues. */
async function checkQueues({ exchange }: Scene): Promise<void> {
  for (const [name, { ports }] of exchange.processes) {
    const shown = await (await fetch(`http://127.0.0.1:${ports.http}/metrics`)).text();
    const its = Object.entries(QUEUES).filter(([, { process }]) => name.startsWith(process));
    expect(its.length, name).toBeGreaterThan(0);
    for (const [queue] of its) {
      expect(shown).toMatch(new RegExp(`palisade_queue_length\\{queue="${queue}"\\} \\d`));
      expect(shown).toMatch(new RegExp(`palisade_queue_limit\\{queue="${queue}"\\} [1-9]`));
    }
  }
}

/** Fewer orders took longer. */
function checkWaits(phase: Waits): void {
  const { acceptMsP50, acceptMsP90, acceptMsP99, acceptMsP999, acceptMsMax } = phase;
  const { fillMsP50, fillMsP90, fillMsP99, fillMsP999, fillMsMax } = phase;
  const accepted = [acceptMsP50, acceptMsP90, acceptMsP99, acceptMsP999, acceptMsMax];
  const filled = [fillMsP50, fillMsP90, fillMsP99, fillMsP999, fillMsMax];
  for (const waits of [accepted, filled]) {
    expect(waits.every((ms) => ms !== null && ms > 0)).toBe(true);
    expect(waits).toEqual(waits.toSorted((a, b) => a! - b!));
  }
}

/** Whatever the machine: how much is done, and how fast, is not judged here. */
function checkMeasured(report: E2eReport): void {
  const { steps, attempts, held, atEighty, quiet, sustainedOrdersPerSecond } = report;
  expect(report).toMatchObject({ auditOk: true, conserved: true, durable: true, accounts: 100 });
  expect(report.settings).toMatchObject({ fsync: "on", synchronous_commit: "on" });
  expect(report.machine).toMatchObject({ kernel: release() });
  expect(report.machine["memoryMib"]).toBeGreaterThan(0);
  for (const phase of [report, ...steps, quiet]) {
    expect(phase.ordersPerSecond).toBeGreaterThan(0);
    expect(phase.fills).toBeGreaterThan(0);
    expect(phase.unreported).toBe(0);
    checkWaits(phase);
  }
  for (const phase of [report, quiet]) {
    expect(phase.crossingShare).toBeCloseTo(0.5, 1);
    // A third, as far as more orders rest than are left to be met: in a short run few do, on a slow machine none.
    expect(phase.cancelShare).toBeLessThan(0.4);
    expect(phase.crossingTradedShare).toBeGreaterThan(0.5);
  }
  for (const name of ["gateway-1", "node-1", "postgres", "nats"]) {
    expect(report.cpuMicrosecondsPerOrder[name]).toBeGreaterThan(0);
    expect(report.writtenBytesPerOrder[name]).toBeGreaterThan(0);
    expect(report.wakesPerOrder[name]).toBeGreaterThan(0);
    expect(report.rssMib[name]).toBeGreaterThan(0);
  }
  // Of an order it is more than one; but PostgreSQL's processes tell their counts a second late and more, and so short a run lacks many.
  expect(report.rowsWrittenPerOrder["orders"]).toBeGreaterThan(0);
  expect(report.quiet.cancelShare).toBeGreaterThan(0);
  expect(report.targets).toHaveLength(2);
  expect(JSON.stringify(tablesOf(report))).not.toMatch(/NaN|undefined/);
  const page = loadPage(report, new Date());
  expect(page).toContain(headline(sustainedOrdersPerSecond));
  expect(page).toContain("tried in short: no number of it means anything");
  expect(steps.length).toBeGreaterThan(0);
  expect(sustainedOrdersPerSecond).toBe(held?.offeredPerSecond ?? 0);
  // Each that was offered for the whole time is there, and only the last can have held.
  expect(attempts.findIndex(({ brokenBy }) => brokenBy === null)).toBe(
    held ? attempts.length - 1 : -1,
  );
  // The highest that was good for a moment is tried for so long, and then ever less.
  const good = steps
    .filter(({ brokenBy }) => brokenBy === null)
    .map((step) => step.offeredPerSecond);
  const tried = attempts.map(({ offeredPerSecond }) => offeredPerSecond);
  expect(tried[0]).toBe(good.at(-1));
  expect(tried).toEqual(tried.toSorted((a, b) => b - a));
  expect(report.short).toBe(true);
  expect(quiet.notMeasured).toBeNull();
  expect(atEighty?.offeredPerSecond).toBe(
    held ? Math.round(held.offeredPerSecond * 0.8) : undefined,
  );
}
