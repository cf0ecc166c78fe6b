/** An exchange under load for minutes: what its processes keep in memory, and what its servers keep on disk. */
import type { Scene } from "../../chaos/scene.js";
import { COMMIT_CONNECTIONS_MAX } from "../../services/adapters/postgres/transactions.js";
import { OTHER_CONNECTIONS_MAX } from "../../services/adapters/postgres/store.js";
import { WARM_UP_SECONDS } from "./e2e.js";
import type { Growth } from "./growth.js";
import { familiesOf, memoryOf } from "./memory.js";
import { MemoryWatch } from "./memory-watch.js";
import { type Measured, onExchange, SHAPE, type Verdict } from "./on-exchange.js";
import { ACCOUNTS, type PhaseReport, runPhase, SHORT_ACCOUNTS } from "./phase.js";
import { failuresOf, leftOver } from "./phase-verdict.js";
import { perMillionOrders, type StoredBytes, storedBytes } from "./stored-bytes.js";
import { atLeast, atMost, type Target } from "./targets.js";

export interface SoakOptions {
  readonly minutes?: number;
  readonly rate?: number;
  readonly short?: boolean;
  readonly log?: (line: string) => void;
}

const DEFAULTS = { minutes: 10, rate: 20_000 } as const;
/** Without a report, of all clients. No wait is promised here, and larger batches cost less an order: four times as many as where it is looked at. */
const WINDOW_ORDERS = 8_000;
/** Of the rate that is asked for; the last orders are reported after the end. */
const REACHED_SHARE_MIN = 0.99;
/** Numbers of so short a run mean nothing, so it needs no warm-up; a busy machine still looks at memory often enough in it. */
const SHORT_SECONDS = 5;
const SECONDS_PER_MINUTE = 60;
const MS_PER_SECOND = 1_000;
/** Memory is looked at so often, and in a short run so many times. */
const SAMPLE_MS = 1_000;
const SAMPLES_MIN = 120;
/**
 * Each connection of a node for commits keeps the plans of all statements that it has ever had, so PostgreSQL's memory grows
 * until each connection has met each combination of parts that occurs, the rarest last. In MiB, as measured (HISTORY.md beside
 * this says how): a connection, a plan, and what all other processes of PostgreSQL hold together.
 */
const CONNECTION_MIB = 3.3;
const PLAN_MIB = 0.39;
const OTHER_PROCESSES_MIB = 48;
/** More than there were in any run. */
const PLANS_MAX = 64;
/** The store's other statements. */
const OTHER_PLANS_MAX = 16;

type ByProcess<T> = Readonly<Record<string, T>>;

interface SoakMeasured extends PhaseReport, Measured {
  readonly name: "soak";
  readonly accounts: number;
  /** Orders without a report at once. */
  readonly window: number;
  readonly minutes: number;
  /** The most that was sent a second; `ordersPerSecond` is what was reached. */
  readonly rate: number;
  /** In MiB, after the warm-up and at the end. */
  readonly rssStart: ByProcess<number>;
  readonly rssEnd: ByProcess<number>;
  /** Of heaps: what is shared or backed by files is bounded by settings. */
  readonly growth: ByProcess<Growth | null>;
  readonly bytesPerMillionOrders: StoredBytes;
  readonly targets: readonly Target[];
}

export type SoakReport = SoakMeasured & Verdict;

/** Measures an exchange that it starts. */
export function runSoak(options: SoakOptions = {}): Promise<SoakReport> {
  return onExchange(SHAPE, options, (scene) => measureSoak(scene, options));
}

export async function measureSoak(scene: Scene, options: SoakOptions): Promise<SoakMeasured> {
  const { minutes, rate } = { ...DEFAULTS, ...options };
  const { short = false, log = () => {} } = options;
  const seconds = short ? SHORT_SECONDS : minutes * SECONDS_PER_MINUTE;
  const accounts = short ? SHORT_ACCOUNTS : ACCOUNTS;
  const sending = { ordersPerSecond: 0, atMostPerSecond: rate, window: WINDOW_ORDERS, accounts };
  if (!short) log("warming up");
  const warmUp = short
    ? null
    : await runPhase(scene, { name: "kw", seconds: WARM_UP_SECONDS, ...sending });
  const before = await storedBytes(scene);
  const memory = new MemoryWatch(
    () => memoryOf(familiesOf(scene.exchange, new Map())),
    Math.min(SAMPLE_MS, (seconds * MS_PER_SECOND) / SAMPLES_MIN),
  );
  log(`at most ${rate} orders/s for ${seconds} s`);
  const phase = await runPhase(scene, { name: "ks", seconds, ...sending }, memory);
  const after = await storedBytes(scene);
  const growth = memory.growth((name) => fillsUpToMib(scene, name));
  const failures = [
    ...(warmUp ? leftOver("warm-up", warmUp) : []),
    ...failuresOf("soak", phase, short),
    ...growthFailures(growth),
  ];
  const notFlat = Object.values(growth).filter((its) => its?.verdict !== "flat").length;
  const targets = [
    atLeast("orders/s", rate * REACHED_SHARE_MIN, phase.ordersPerSecond),
    atMost("processes whose memory is not seen to be flat", 0, notFlat),
  ];
  return {
    name: "soak",
    short,
    accounts,
    window: WINDOW_ORDERS,
    minutes: seconds / SECONDS_PER_MINUTE,
    rate,
    ...phase,
    rssStart: memory.start,
    rssEnd: memory.last,
    growth,
    bytesPerMillionOrders: perMillionOrders(before, after, phase.orders),
    targets,
    failures,
  };
}

function growthFailures(growth: ByProcess<Growth | null>): string[] {
  return Object.entries(growth).flatMap(([name, its]) => {
    if (its?.verdict !== "grows") return [];
    const { mibPerMillionOrders, uncertainty } = its;
    return [`${name} grows by ${mibPerMillionOrders} ± ${uncertainty} MiB for a million orders`];
  });
}

/** Its caches may take longer to fill than a run. */
function fillsUpToMib(scene: Scene, name: string): number {
  if (name !== "postgres") return 0;
  const commits = COMMIT_CONNECTIONS_MAX * (CONNECTION_MIB + PLANS_MAX * PLAN_MIB);
  const others = OTHER_CONNECTIONS_MAX * (CONNECTION_MIB + OTHER_PLANS_MAX * PLAN_MIB);
  return OTHER_PROCESSES_MIB + scene.exchange.nodes.length * (commits + others);
}
