/**
 * What becomes of an exchange of which three times as much is asked as it can do. Its capacity is found first, by a closed
 * loop; then some clients send at four fifths of it, and after a while others come and go, who make it three sizes.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { LoadProcess, LoadResult } from "../../chaos/load/process.js";
import { untilQuiet } from "../../chaos/quiet.js";
import { runChecker } from "../../chaos/run-checker.js";
import type { Scene } from "../../chaos/scene.js";
import { type Measured, onExchange, SHAPE, type Verdict } from "./on-exchange.js";
import { merged, type Phase, rounded, runPhase, startLoads } from "./phase.js";
import { ToldOrders } from "./told.js";

export interface OverloadOptions {
  /** Small sizes, for tests: they show that it works, and no number of it means anything. */
  readonly short?: boolean;
  readonly log?: (line: string) => void;
}

/** How long each part lasts, in seconds; and accounts of either kind of clients. */
interface Sizes {
  readonly accounts: number;
  readonly warmUp: number;
  readonly saturated: number;
  readonly leadIn: number;
  readonly loaded: number;
  readonly burst: number;
  readonly after: number;
}

const FULL: Sizes = {
  accounts: 1_000,
  warmUp: 5,
  saturated: 20,
  leadIn: 3,
  loaded: 20,
  burst: 20,
  after: 10,
};
const SHORT: Sizes = {
  accounts: 100,
  warmUp: 1,
  saturated: 1,
  leadIn: 1,
  loaded: 1,
  burst: 2,
  after: 2,
};

const WINDOW_ORDERS = 2_000;
const LOADED_SHARE = 0.8;
const OFFERED_TIMES = 3;
/** Of each load process: so many clients that none is held back before all together are too many. */
const STREAMS = 16;
const USUAL_FIRST_ACCOUNT = 10_000;
const BURST_FIRST_ACCOUNT = 20_000;
/** What a wait may be under overload, in waits of the same clients before it. */
const P99_RATIO_MAX = 2;
const GOODPUT_RATIO_MIN = 0.9;
const RECOVERED_MS_MAX = 1_000;
const QUIET_LIMIT_MS = 60_000;
const MS_PER_SECOND = 1_000;
const P99 = 99;

interface OverloadMeasured extends Measured {
  readonly name: "overload";
  /** Orders that clients had their final or resting report of, a second, in a closed loop. */
  readonly capacity: number;
  /** Orders accepted a second during the burst, and their part of the capacity. */
  readonly goodput: number;
  readonly goodputRatio: number;
  /** What was sent a second during the burst, in capacities. */
  readonly offeredTimes: number;
  /** Sent to accepted, before the burst and during it. */
  readonly loadedP99Ms: number;
  readonly admittedP50Ms: number;
  readonly admittedP99Ms: number;
  readonly admittedP99Ratio: number;
  /** From the end of the burst until the usual clients' orders are all taken, within twice their p99 of before it. */
  readonly recoveredMs: number | null;
  readonly refused: number;
  /** Refused while four fifths of the capacity were asked for. */
  readonly refusedBefore: number;
  /** Orders without an end, and whatever else the checker misses of what the usual clients were told. */
  readonly lost: number;
}

export type OverloadReport = OverloadMeasured & Verdict;

/** Measures an exchange that it starts. */
export function runOverload(options: OverloadOptions = {}): Promise<OverloadReport> {
  const { log = () => {} } = options;
  return onExchange(SHAPE, log, (scene) => measureOverload(scene, options));
}

export async function measureOverload(
  scene: Scene,
  { short = false, log = () => {} }: OverloadOptions,
): Promise<OverloadMeasured> {
  const sizes = short ? SHORT : FULL;
  const { accounts } = sizes;
  const saturating = { ordersPerSecond: 0, window: WINDOW_ORDERS, accounts };
  log("warming up");
  await runPhase(scene, { name: "ow", seconds: sizes.warmUp, ...saturating });
  log(`saturating for ${sizes.saturated} s`);
  const saturated = await runPhase(scene, { name: "os", seconds: sizes.saturated, ...saturating });
  const capacity = saturated.ordersPerSecond;
  const run = await runBurst(scene, capacity, sizes, log);
  const measured = await judge(scene, capacity, run);
  return { ...measured, failures: failuresOf(measured, short) };
}

/** What the load processes did, and when, in milliseconds since 1970. */
interface Run {
  readonly logs: string;
  readonly burst: readonly LoadResult[];
  readonly usual: readonly LoadResult[];
  readonly loadedFromMs: number;
  readonly burstFromMs: number;
  readonly burstUntilMs: number;
  readonly untilMs: number;
}

const now = (): number => performance.timeOrigin + performance.now();

async function runBurst(
  scene: Scene,
  capacity: number,
  sizes: Sizes,
  log: (line: string) => void,
): Promise<Run> {
  const logs = join(scene.logs, "usual");
  mkdirSync(logs);
  const usualRate = capacity * LOADED_SHARE;
  const burstRate = capacity * OFFERED_TIMES - usualRate;
  const phase = (name: string, ordersPerSecond: number, firstAccount: number): Phase => ({
    name,
    ordersPerSecond,
    firstAccount,
    accounts: sizes.accounts,
    seconds: 0,
    window: WINDOW_ORDERS,
    streams: STREAMS,
    timedFrom: "sent",
  });
  const usual = startLoads(scene, { ...phase("ou", usualRate, USUAL_FIRST_ACCOUNT), logs });
  const burst = startLoads(scene, phase("ob", burstRate, BURST_FIRST_ACCOUNT));
  const all = [...usual.values(), ...burst.values()];
  try {
    await Promise.all(all.map((load) => load.ready()));
    log(`${Math.round(usualRate)} orders/s for ${sizes.leadIn + sizes.loaded} s`);
    for (const load of usual.values()) load.go();
    await sleep(sizes.leadIn * MS_PER_SECOND);
    const loadedFromMs = now();
    await sleep(sizes.loaded * MS_PER_SECOND);
    log(`${Math.round(burstRate)} orders/s more for ${sizes.burst} s`);
    const burstFromMs = now();
    for (const load of burst.values()) load.go();
    await sleep(sizes.burst * MS_PER_SECOND);
    for (const load of burst.values()) load.stop();
    const burstUntilMs = now();
    await sleep(sizes.after * MS_PER_SECOND);
    for (const load of usual.values()) load.stop();
    const untilMs = now();
    await untilQuiet(scene, QUIET_LIMIT_MS);
    const results = (loads: ReadonlyMap<string, LoadProcess>) =>
      Promise.all([...loads.values()].map((load) => load.result()));
    const done = { burst: await results(burst), usual: await results(usual) };
    return { logs, ...done, loadedFromMs, burstFromMs, burstUntilMs, untilMs };
  } finally {
    for (const load of all) load.kill();
  }
}

async function judge(
  scene: Scene,
  capacity: number,
  run: Run,
): Promise<Omit<OverloadMeasured, "failures">> {
  const { burst, usual, loadedFromMs, burstFromMs, burstUntilMs } = run;
  const told = await ToldOrders.read(run.logs);
  const before = told.between(loadedFromMs, burstFromMs);
  const during = told.between(burstFromMs, burstUntilMs);
  const seconds = (burstUntilMs - burstFromMs) / MS_PER_SECOND;
  const sum = (results: readonly LoadResult[], of: "submitted" | "refused" | "unreported") =>
    results.reduce((total, result) => total + result[of], 0);
  const inTime = burst.reduce((total, { reportedInTime }) => total + reportedInTime, 0);
  const goodput = (inTime + during.accepted.count) / seconds;
  const admitted = merged([
    during.accepted.encode(),
    ...burst.map(({ acceptLatency }) => acceptLatency),
  ]);
  const loadedP99Ms = before.accepted.percentile(P99);
  const checked = await runChecker(run.logs, scene.exchange.urls.postgres, "any");
  const unreported = sum(burst, "unreported") + sum(usual, "unreported");
  const limitMs = P99_RATIO_MAX * loadedP99Ms;
  return {
    name: "overload",
    capacity,
    goodput: Math.round(goodput),
    goodputRatio: rounded(goodput / capacity),
    offeredTimes: rounded((sum(burst, "submitted") + during.sent) / seconds / capacity),
    loadedP99Ms: rounded(loadedP99Ms),
    admittedP50Ms: rounded(admitted.percentile(50)),
    admittedP99Ms: rounded(admitted.percentile(P99)),
    admittedP99Ratio: rounded(admitted.percentile(P99) / loadedP99Ms),
    recoveredMs: told.normalAfter(burstUntilMs, run.untilMs, limitMs),
    refused: sum(burst, "refused") + during.refused,
    refusedBefore: before.refused,
    lost: checked.lost + unreported,
  };
}

/** What promises were broken; of a short run only those that no lack of processor time breaks. */
function failuresOf(measured: Omit<OverloadMeasured, "failures">, isShort: boolean): string[] {
  const { goodputRatio, admittedP99Ratio, recoveredMs, lost, refused } = measured;
  const failures: string[] = [];
  if (lost > 0) failures.push(`${lost} orders have no end`);
  if (isShort) return failures;
  if (refused === 0) failures.push("nothing was refused: it was no overload");
  if (goodputRatio < GOODPUT_RATIO_MIN) failures.push(`the goodput is ${goodputRatio} of capacity`);
  if (admittedP99Ratio > P99_RATIO_MAX) {
    failures.push(`what was admitted waited ${admittedP99Ratio} times as long`);
  }
  if (recoveredMs === null || recoveredMs >= RECOVERED_MS_MAX) {
    failures.push(`all was normal only after ${recoveredMs ?? "more than was looked at"} ms`);
  }
  return failures;
}
