/**
 * The whole exchange, measured from outside: real servers, real processes, clients in processes of their own through the
 * public order-entry stream. Saturated first (how many orders a second), then quiet (how long one takes).
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Latencies } from "../../services/participants/latencies.js";
import { LoadProcess, type LoadResult } from "../../chaos/load/process.js";
import { untilQuiet } from "../../chaos/quiet.js";
import { Scene } from "../../chaos/scene.js";
import { audit } from "../../services/audit/audit.js";
import { cpuBetween, cpuTimes } from "./cpu.js";

export interface E2eOptions {
  readonly seconds?: number;
  readonly nodes?: number;
  readonly ledgerShards?: number;
  readonly window?: number;
  readonly log?: (line: string) => void;
}

const DEFAULTS = { seconds: 60, nodes: 3, ledgerShards: 2, window: 2_000 } as const;

const SYMBOLS = 10;
const ACCOUNTS = 1_000;
const FIRST_ACCOUNT = 1_000;
const LOAD_PROCESSES = 2;
const WARM_UP_SECONDS = 5;
const QUIET_ORDERS_PER_SECOND = 500;
const QUIET_SECONDS_MAX = 30;
/**
 * The inboxes have to be empty so soon after the last order, or, where the machine has no time for us, within so many times
 * what the slowest orders took: more would be work that was put off.
 */
const INBOXES_EMPTY_LIMIT_MS = 1_000;
const INBOXES_EMPTY_FILLS = 2;
const QUIET_LIMIT_MS = 60_000;
const MS_PER_SECOND = 1_000;

/** What one phase measured. */
export interface PhaseReport {
  readonly seconds: number;
  /** Orders whose client received their final or resting report while orders were being sent, a second. */
  readonly ordersPerSecond: number;
  readonly acceptMsP50: number;
  readonly acceptMsP99: number;
  readonly fillMsP50: number;
  readonly fillMsP99: number;
  readonly orders: number;
  readonly fills: number;
  readonly cancels: number;
  readonly crossingShare: number;
  readonly cancelShare: number;
  readonly rejected: number;
  readonly refused: number;
  readonly unreported: number;
  readonly inboxesEmptyMs: number;
  /** Processor time per reported order, in microseconds. */
  readonly cpuMicrosecondsPerOrder: Readonly<Record<string, number>>;
}

export interface E2eReport extends PhaseReport {
  readonly name: "e2e";
  readonly quiet: PhaseReport;
  readonly nodes: number;
  readonly ledgerShards: number;
  readonly accounts: number;
  readonly symbols: number;
  readonly window: number;
  /** Are fsync, full_page_writes and synchronous_commit on? */
  readonly durable: boolean;
  readonly conserved: boolean;
  readonly auditOk: boolean;
  readonly failures: readonly string[];
  readonly ok: boolean;
}

interface Phase {
  readonly name: string;
  readonly seconds: number;
  /** Of all processes together; 0 saturates. */
  readonly ordersPerSecond: number;
  readonly window: number;
}

/** Measures an exchange that it starts. */
export async function runE2e(options: E2eOptions = {}): Promise<E2eReport> {
  const settings = { ...DEFAULTS, ...options };
  const log = options.log ?? (() => {});
  const { seconds, window, nodes, ledgerShards } = settings;
  const scene = await Scene.start({ nodes, ledgerShards, symbols: SYMBOLS, log });
  try {
    const saturating = { ordersPerSecond: 0, window };
    log("warming up");
    await runPhase(scene, { name: "w", seconds: WARM_UP_SECONDS, ...saturating });
    log(`saturating for ${seconds} s`);
    const saturated = await runPhase(scene, { name: "s", seconds, ...saturating });
    const quietSeconds = Math.min(seconds, QUIET_SECONDS_MAX);
    log(`${QUIET_ORDERS_PER_SECOND} orders/s for ${quietSeconds} s`);
    const quiet = await runPhase(scene, {
      name: "q",
      seconds: quietSeconds,
      ordersPerSecond: QUIET_ORDERS_PER_SECOND,
      window,
    });
    log("auditing");
    const audited = await audit(scene.exchange.urls.postgres);
    const failures = [...failuresOf("saturated", saturated), ...failuresOf("quiet", quiet)];
    if (audited.firstViolation) failures.push(JSON.stringify(audited.firstViolation));
    const durable = await isDurable(scene);
    if (!durable) failures.push("PostgreSQL does not write durably");
    return {
      name: "e2e",
      ...saturated,
      quiet,
      nodes,
      ledgerShards,
      accounts: ACCOUNTS,
      symbols: SYMBOLS,
      window,
      durable,
      conserved: audited.conserved,
      auditOk: audited.ok,
      failures,
      ok: failures.length === 0,
    };
  } catch (error) {
    log(`the logs are kept in ${scene.keepLogs()}`);
    throw error;
  } finally {
    await scene.stop();
  }
}

async function runPhase(scene: Scene, phase: Phase): Promise<PhaseReport> {
  const loads = startLoads(scene, phase);
  try {
    await Promise.all([...loads.values()].map((load) => load.ready()));
    const pids = new Map([...loads].map(([name, load]) => [name, load.pid]));
    const cpuBefore = cpuTimes(scene.exchange, pids);
    for (const load of loads.values()) load.go();
    await sleep(phase.seconds * MS_PER_SECOND);
    const cpuAfter = cpuTimes(scene.exchange, pids);
    for (const load of loads.values()) load.stop();
    const inboxesEmptyMs = await untilQuiet(scene, QUIET_LIMIT_MS);
    const results = await Promise.all([...loads.values()].map((load) => load.result()));
    return summary(results, cpuBetween(cpuBefore, cpuAfter), inboxesEmptyMs);
  } finally {
    for (const load of loads.values()) load.kill();
  }
}

function startLoads(scene: Scene, phase: Phase): Map<string, LoadProcess> {
  const loads = new Map<string, LoadProcess>();
  const accounts = ACCOUNTS / LOAD_PROCESSES;
  for (let index = 0; index < LOAD_PROCESSES; index++) {
    const request = {
      grpc: scene.exchange.grpc,
      name: `${phase.name}${index + 1}`,
      seed: index + 1,
      firstAccount: FIRST_ACCOUNT + index * accounts,
      accounts,
      symbols: scene.symbols,
      ordersPerSecond: phase.ordersPerSecond / LOAD_PROCESSES,
      window: phase.window / LOAD_PROCESSES,
    };
    loads.set(`load-${index + 1}`, new LoadProcess(request));
  }
  return loads;
}

function summary(
  results: readonly LoadResult[],
  cpu: ReadonlyMap<string, number>,
  inboxesEmptyMs: number,
): PhaseReport {
  const total = (value: (result: LoadResult) => number) =>
    results.reduce((sum, result) => sum + value(result), 0);
  const accept = merged(results.map((result) => result.acceptLatency));
  const fill = merged(results.map((result) => result.fillLatency));
  const seconds = Math.max(...results.map((result) => result.seconds));
  const inTime = total((result) => result.reportedInTime);
  const orders = total((result) => result.submitted);
  const cancels = total((result) => result.cancels);
  return {
    seconds: rounded(seconds),
    ordersPerSecond: Math.round(inTime / seconds),
    acceptMsP50: rounded(accept.percentile(50)),
    acceptMsP99: rounded(accept.percentile(99)),
    fillMsP50: rounded(fill.percentile(50)),
    fillMsP99: rounded(fill.percentile(99)),
    orders,
    fills: total((result) => result.fills),
    cancels,
    crossingShare: rounded(total((result) => result.crossing) / orders),
    cancelShare: rounded(cancels / (orders + cancels)),
    rejected: total((result) => result.rejected),
    refused: total((result) => result.refused),
    unreported: total((result) => result.unreported),
    inboxesEmptyMs: Math.round(inboxesEmptyMs),
    cpuMicrosecondsPerOrder: Object.fromEntries(
      [...cpu].map(([name, microseconds]) => [name, rounded(microseconds / inTime)]),
    ),
  };
}

function merged(encoded: readonly string[]): Latencies {
  const all = new Latencies();
  for (const each of encoded) all.add(new Latencies(each));
  return all;
}

function failuresOf(name: string, phase: PhaseReport): string[] {
  const failures: string[] = [];
  if (phase.unreported > 0) failures.push(`${name}: ${phase.unreported} orders have no report`);
  const limitMs = Math.max(INBOXES_EMPTY_LIMIT_MS, INBOXES_EMPTY_FILLS * phase.fillMsP99);
  if (phase.inboxesEmptyMs > limitMs) {
    failures.push(`${name}: the inboxes were empty only after ${phase.inboxesEmptyMs} ms`);
  }
  return failures;
}

async function isDurable(scene: Scene): Promise<boolean> {
  const rows = await scene.query<{ setting: string }>(
    "SELECT setting FROM pg_settings WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit')",
  );
  return rows.length === 3 && rows.every(({ setting }) => setting === "on");
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
