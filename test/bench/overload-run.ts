/** The two runs of `overload`: a closed loop that says what an exchange can do, and clients who ask for more, for a while. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { LoadProcess, LoadResult } from "../../chaos/load/process.js";
import { untilQuiet } from "../../chaos/quiet.js";
import type { Scene } from "../../chaos/scene.js";
import { coresBetween, lookAtCpu } from "./cpu.js";
import { familiesOf } from "./memory.js";
import { type Phase, rssOf, startLoads } from "./phase.js";
import { TURNED_AWAY_SHARE_MAX } from "./phase-verdict.js";
import { thousandths } from "./rounding.js";
import { ToldOrders } from "./told.js";

/** How long each part lasts, in seconds; and accounts of either kind of clients. */
export interface Sizes {
  readonly accounts: number;
  readonly leadIn: number;
  readonly saturated: number;
  readonly loaded: number;
  readonly burst: number;
  readonly after: number;
}

export const WINDOW_ORDERS = 2_000;
/** It is halved so many times at most. */
const WINDOW_HALVED_MAX = 3;
const LOADED_SHARE = 0.8;
const OFFERED_TIMES = 3;
/** Of each of the four load processes of a burst: so many clients that none is held back before all together are too many. */
const STREAMS = 16;
/** The same number of all of them, of the two that find out what the exchange can do. */
const CAPACITY_STREAMS = 2 * STREAMS;
/** From one look at what is due to the next. Waits count from when an order is sent, so it may be a little late: more looks would take cores from the exchange. */
const PACE_MS = 5;
const USUAL_FIRST_ACCOUNT = 10_000;
const BURST_FIRST_ACCOUNT = 20_000;
const QUIET_LIMIT_MS = 60_000;
const MS_PER_SECOND = 1_000;

export interface Capacity {
  /** Orders outstanding at once. */
  readonly window: number;
  readonly acceptedPerSecond: number;
  readonly accepted: number;
  readonly refused: number;
}

/** What processes take, by name: `usual-1` and `burst-1` are load processes of either kind. */
export interface Costs {
  /** Parts of a core, before the burst and in it, until its clients are told to stop. */
  readonly loadedCores: Readonly<Record<string, number>>;
  readonly burstCores: Readonly<Record<string, number>>;
  /** In MiB, right after they are. */
  readonly rssMib: Readonly<Record<string, number>>;
}

/** What was told, and when each part was, in milliseconds since 1970. */
export interface Run {
  /** Where the usual clients have written down what they were told. */
  readonly logs: string;
  readonly all: ToldOrders;
  readonly usual: ToldOrders;
  readonly unreported: number;
  readonly costs: Costs;
  readonly loadedFromMs: number;
  readonly burstFromMs: number;
  /** When its clients had sent their last order, and when the usual ones had sent what they were late with besides. */
  readonly burstEndMs: number;
  readonly burstUntilMs: number;
  readonly untilMs: number;
}

const now = (): number => performance.timeOrigin + performance.now();

export class NoCapacityError extends Error {
  override readonly name = "NoCapacityError";
  readonly code = "BENCH_NO_CAPACITY";
  constructor(window: number) {
    super(
      `BENCH_NO_CAPACITY: with ${window} orders outstanding none was accepted, and three times nothing is no overload. ` +
        "Has the machine anything else to do? Measure again when it has not",
    );
  }
}

/**
 * What an exchange can do, by closed loops: with fewer orders outstanding where too many of them were refused, as long as it
 * then does more. The one that has done most is given, whatever was refused. Throws where nothing was ever accepted.
 */
export async function findCapacity(
  measure: (window: number) => Promise<Capacity>,
): Promise<Capacity> {
  let most: Capacity | null = null;
  for (let window = WINDOW_ORDERS, halved = 0; ; window /= 2, halved += 1) {
    const capacity = await measure(window);
    const isMore = capacity.acceptedPerSecond > (most?.acceptedPerSecond ?? 0);
    if (isMore) most = capacity;
    const isLast = !isRefusedTooMuch(capacity) || halved === WINDOW_HALVED_MAX;
    if (!isLast && (isMore || !most)) continue;
    if (!most) throw new NoCapacityError(window);
    return most;
  }
}

export function isRefusedTooMuch({ accepted, refused }: Capacity): boolean {
  return refused > TURNED_AWAY_SHARE_MAX * (accepted + refused);
}

/** Orders accepted a second in a closed loop. */
export async function measureCapacity(
  scene: Scene,
  { accounts, leadIn, saturated }: Sizes,
  window: number,
): Promise<Capacity> {
  const phase = { ...phaseOf(`os${window}`, 0, accounts), window, streams: CAPACITY_STREAMS };
  const loads = startLoads(scene, phase);
  return sending(scene, loads, async () => {
    for (const load of loads.values()) load.go();
    await seconds(leadIn);
    const fromMs = now();
    await seconds(saturated);
    const untilMs = now();
    for (const load of loads.values()) load.stop();
    const told = toldBy(await resultsOf(loads));
    const accepted = told.acceptedBetween(fromMs, untilMs).length;
    return {
      window,
      accepted,
      acceptedPerSecond: Math.round((accepted / (untilMs - fromMs)) * MS_PER_SECOND),
      refused: told.refusedBetween(fromMs, untilMs),
    };
  });
}

/** Usual clients ask for a part of the capacity all the time; others come and go. */
export async function runBurst(
  scene: Scene,
  capacity: number,
  sizes: Sizes,
  log: (line: string) => void,
): Promise<Run> {
  const logs = join(scene.logs, "usual");
  mkdirSync(logs);
  const usualRate = Math.round(capacity * LOADED_SHARE);
  const burstRate = capacity * OFFERED_TIMES - usualRate;
  const { usual, burst } = startKinds(scene, sizes, { usualRate, burstRate, logs });
  const both = new Map([...named("usual", usual), ...named("burst", burst)]);
  return sending(scene, both, async () => {
    const pids = new Map([...both].map(([name, load]) => [name, load.pid]));
    const look = () => lookAtCpu(scene.exchange, pids);
    await warmUp(burst, sizes.leadIn);
    log(`${usualRate} orders/s for ${sizes.leadIn + sizes.loaded} s`);
    for (const load of usual.values()) load.go();
    await seconds(sizes.leadIn);
    const loadedLook = look();
    const loadedFromMs = now();
    await seconds(sizes.loaded);
    log(`${burstRate} orders/s more for ${sizes.burst} s`);
    const burstLook = look();
    const burstFromMs = now();
    for (const load of burst.values()) load.go();
    await seconds(sizes.burst);
    const endLook = look();
    const toldToStopMs = now();
    for (const load of burst.values()) load.stop();
    const costs = {
      loadedCores: partsOf(coresBetween(loadedLook, burstLook)),
      burstCores: partsOf(coresBetween(burstLook, endLook)),
      rssMib: rssOf(familiesOf(scene.exchange, pids)),
    };
    await seconds(sizes.after);
    const untilMs = now();
    for (const load of usual.values()) load.stop();
    const [ofUsual, ofBurst] = [await resultsOf(usual), await resultsOf(burst)];
    const results = [...ofUsual, ...ofBurst];
    const unreported = results.reduce((sum, result) => sum + result.unreported, 0);
    const told = { logs, unreported, costs, all: toldBy(results), usual: toldBy(ofUsual) };
    // They may have sent on until they had read the word.
    const lastSentMs = toldBy(ofBurst).lastSentMs ?? 0;
    const burstEndMs = lastSentMs > burstFromMs ? lastSentMs : toldToStopMs;
    // Usual clients that had no core send what they could not: while they do, more is asked for than they are to ask for.
    const burstUntilMs = told.usual.punctualAfter(burstEndMs) ?? untilMs;
    return { ...told, loadedFromMs, burstFromMs, burstEndMs, burstUntilMs, untilMs };
  });
}

/** The load processes of both kinds, not told to go yet. */
function startKinds(
  scene: Scene,
  { accounts }: Sizes,
  {
    usualRate,
    burstRate,
    logs,
  }: Readonly<Record<"usualRate" | "burstRate", number>> & {
    readonly logs: string;
  },
): Readonly<Record<"usual" | "burst", ReadonlyMap<string, LoadProcess>>> {
  const usual = { firstAccount: USUAL_FIRST_ACCOUNT, logs };
  const burst = { firstAccount: BURST_FIRST_ACCOUNT };
  return {
    usual: startLoads(scene, { ...phaseOf("ou", usualRate, accounts), ...usual }),
    burst: startLoads(scene, { ...phaseOf("ob", burstRate, accounts), ...burst }),
  };
}

/** The load processes of a kind, as reports name them. */
function named(kind: string, loads: ReadonlyMap<string, LoadProcess>): [string, LoadProcess][] {
  return [...loads.values()].map((load, index) => [`${kind}-${index + 1}`, load]);
}

function partsOf(cores: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...cores].map(([name, part]) => [name, thousandths(part)]));
}

/** Load processes send for a while and rest, so that their code is compiled when they go on. */
async function warmUp(
  loads: ReadonlyMap<unknown, LoadProcess>,
  leadInSeconds: number,
): Promise<void> {
  for (const load of loads.values()) load.go();
  await seconds(leadInSeconds);
  for (const load of loads.values()) load.rest();
  await resultsOf(loads);
}

const phaseOf = (name: string, ordersPerSecond: number, accounts: number): Phase => ({
  name,
  ordersPerSecond,
  accounts,
  seconds: 0,
  window: WINDOW_ORDERS,
  paceMs: PACE_MS,
  streams: STREAMS,
  timedFrom: "sent",
  keepsMoments: true,
});

/** Waits until all are set up, lets them send, waits until everything is taken, and ends them whatever happens. */
async function sending<T>(
  scene: Scene,
  loads: ReadonlyMap<unknown, LoadProcess>,
  measure: () => Promise<T>,
): Promise<T> {
  try {
    await Promise.all([...loads.values()].map((load) => load.ready()));
    const measured = await measure();
    await untilQuiet(scene, QUIET_LIMIT_MS);
    return measured;
  } finally {
    for (const load of loads.values()) load.kill();
  }
}

function resultsOf(loads: ReadonlyMap<unknown, LoadProcess>): Promise<LoadResult[]> {
  return Promise.all([...loads.values()].map((load) => load.result()));
}

function toldBy(results: readonly LoadResult[]): ToldOrders {
  return new ToldOrders(results.flatMap(({ moments }) => moments ?? []));
}

function seconds(count: number): Promise<void> {
  return sleep(count * MS_PER_SECOND);
}
