/**
 * The whole exchange, measured from outside: real servers, real processes, clients in processes of their own through the
 * public order-entry stream. Saturated first (how many orders a second), then the rate that it sustains with its latency,
 * how long an order takes at four fifths of it, and when it is quiet.
 */
import type { Scene } from "../../chaos/scene.js";
import { type Measured, onExchange, SHAPE, type Shape, type Verdict } from "./on-exchange.js";
import {
  ACCOUNTS,
  failuresOf,
  LEAD_IN_SECONDS,
  leftOver,
  type PhaseReport,
  runPhase,
  SHORT_ACCOUNTS,
} from "./phase.js";
import { ACCEPT_P99_LIMIT_MS, findSustained, type Sustained } from "./sustained.js";
import { atLeast, below, type Target } from "./targets.js";

export interface E2eOptions {
  readonly seconds?: number;
  readonly nodes?: number;
  readonly ledgerShards?: number;
  readonly postgresInstances?: number;
  readonly window?: number;
  readonly short?: boolean;
  readonly log?: (line: string) => void;
}

const SECONDS = 60;
const SUSTAINED_TARGET_PER_SECOND = 50_000;
/** Numbers of so short a run mean nothing, so it warms up no longer than that. */
const SHORT_SECONDS = 2;
/** Outstanding orders of a closed loop. */
export const WINDOW_ORDERS = 2_000;
/** So few that also a slow machine has reported some of them before a short run is over. */
const SHORT_WINDOW_ORDERS = 200;

export const WARM_UP_SECONDS = 5;
export const QUIET_ORDERS_PER_SECOND = 500;
const QUIET_SECONDS_MAX = 30;
/** One step takes this part of a whole measurement. */
const STEP_SHARE = 1 / 6;
const EIGHTY_PERCENT = 0.8;

interface E2eMeasured extends PhaseReport, Sustained, Measured {
  readonly name: "e2e";
  readonly atEighty: PhaseReport | null;
  readonly quiet: PhaseReport;
  readonly accounts: number;
  readonly window: number;
  readonly targets: readonly Target[];
}

export type E2eReport = E2eMeasured & Verdict;

interface Sizes {
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly accounts: number;
  readonly window: number;
}

/** The usual exchange, but for what is asked for. */
export function shapeOf(
  asked: Pick<E2eOptions, "nodes" | "ledgerShards" | "postgresInstances">,
): Shape {
  const { nodes, ledgerShards, postgresInstances } = { ...SHAPE, ...asked };
  return { ...SHAPE, nodes, ledgerShards, postgresInstances };
}

/** Measures an exchange that it starts. */
export function runE2e(options: E2eOptions = {}): Promise<E2eReport> {
  const { seconds: asked = SECONDS, short, log = () => {} } = options;
  const { window = short ? SHORT_WINDOW_ORDERS : WINDOW_ORDERS } = options;
  const seconds = short ? Math.min(asked, SHORT_SECONDS) : asked;
  const shape = shapeOf(options);
  const warmUpSeconds = short ? SHORT_SECONDS : WARM_UP_SECONDS;
  const accounts = short ? SHORT_ACCOUNTS : ACCOUNTS;
  const sizes = { seconds, warmUpSeconds, accounts, window };
  return onExchange(shape, log, (scene) => measureE2e(scene, sizes, log));
}

async function measureE2e(
  scene: Scene,
  { seconds, warmUpSeconds, accounts, window }: Sizes,
  log: (line: string) => void,
): Promise<E2eMeasured> {
  let phases = 0;
  const run = (ordersPerSecond: number, length: number, leadInSeconds = 0) => {
    phases += 1;
    const rate = ordersPerSecond === 0 ? "saturating" : `${ordersPerSecond} orders/s`;
    log(`${rate} for ${length} s`);
    const name = `e${phases}x`;
    const timed = { seconds: length + leadInSeconds, leadInSeconds };
    return runPhase(scene, { name, ordersPerSecond, accounts, window, ...timed });
  };
  log("warming up");
  await run(0, warmUpSeconds);
  const saturated = await run(0, seconds);
  const stepSeconds = Math.max(1, Math.round(seconds * STEP_SHARE));
  const sustained = await findSustained(saturated.ordersPerSecond, (rate, length) =>
    run(rate, length === "step" ? stepSeconds : seconds, LEAD_IN_SECONDS),
  );
  const eighty = Math.round(sustained.sustainedOrdersPerSecond * EIGHTY_PERCENT);
  const atEighty = eighty > 0 ? await run(eighty, seconds, LEAD_IN_SECONDS) : null;
  const quietSeconds = Math.min(seconds, QUIET_SECONDS_MAX);
  const quiet = await run(QUIET_ORDERS_PER_SECOND, quietSeconds, LEAD_IN_SECONDS);
  const failures = [
    ...failuresOf("saturated", saturated),
    ...sustained.steps.flatMap((step) => leftOver(`${step.offeredPerSecond} orders/s`, step)),
    ...(sustained.held ? failuresOf("sustained", sustained.held) : []),
    ...(atEighty ? failuresOf("at 80 %", atEighty) : []),
    ...failuresOf("quiet", quiet),
  ];
  const targets = [
    atLeast("sustained orders/s", SUSTAINED_TARGET_PER_SECOND, sustained.sustainedOrdersPerSecond),
    below("accepted p99 at 80 % of that, ms", ACCEPT_P99_LIMIT_MS, atEighty?.acceptMsP99 ?? null),
  ];
  const common = { name: "e2e", accounts, window, targets } as const;
  return { ...common, ...saturated, ...sustained, atEighty, quiet, failures };
}
