/**
 * The whole exchange, measured from outside: real servers, real processes, clients in processes of their own through the
 * public order-entry stream. Saturated first (how many orders a second), then the rate that it sustains with its latency,
 * how long an order takes at four fifths of it, and when it is quiet.
 */
import type { Scene } from "../../chaos/scene.js";
import { type Measured, onExchange, SHAPE, type Shape, type Verdict } from "./on-exchange.js";
import { ACCOUNTS, LEAD_IN_SECONDS, type PhaseReport, runPhase, SHORT_ACCOUNTS } from "./phase.js";
import {
  ACCEPT_P99_LIMIT_MS,
  failuresOf,
  leftOver,
  notMeasured,
  thinBooks,
  turnedAway,
} from "./phase-verdict.js";
import { findSustained, type Sustained } from "./sustained.js";
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
const SHORT_STEPS_MAX = 4;
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

/** A phase of which the others do not depend: that it says nothing is said of it alone. */
export interface Observed extends PhaseReport {
  /** Why its numbers say nothing of the exchange; null: they do, or it is a short run. */
  readonly notMeasured: string | null;
}

interface E2eMeasured extends PhaseReport, Sustained, Measured {
  readonly name: "e2e";
  readonly atEighty: Observed | null;
  readonly quiet: Observed;
  readonly accounts: number;
  readonly window: number;
  readonly targets: readonly Target[];
}

export type E2eReport = E2eMeasured & Verdict;

export interface Sizes {
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly accounts: number;
  readonly window: number;
  readonly short: boolean;
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
  const { short = false, log = () => {} } = options;
  const sizes = sizesOf(options);
  return onExchange(shapeOf(options), { short, log }, (scene) => measureE2e(scene, sizes, log));
}

export function sizesOf(options: E2eOptions): Sizes {
  const { seconds: asked = SECONDS, short = false } = options;
  const { window = short ? SHORT_WINDOW_ORDERS : WINDOW_ORDERS } = options;
  return {
    seconds: short ? Math.min(asked, SHORT_SECONDS) : asked,
    warmUpSeconds: short ? SHORT_SECONDS : WARM_UP_SECONDS,
    accounts: short ? SHORT_ACCOUNTS : ACCOUNTS,
    window,
    short,
  };
}

async function measureE2e(
  scene: Scene,
  { seconds, warmUpSeconds, accounts, window, short }: Sizes,
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
  const warmUp = await run(0, warmUpSeconds);
  const saturated = await run(0, seconds);
  const stepSeconds = Math.max(1, Math.round(seconds * STEP_SHARE));
  const offer = (rate: number, length: "step" | "whole") =>
    run(rate, length === "step" ? stepSeconds : seconds, LEAD_IN_SECONDS);
  const stepsMax = short ? SHORT_STEPS_MAX : undefined;
  const sustained = await findSustained(saturated.ordersPerSecond, offer, stepsMax);
  const observe = async (rate: number, length: number): Promise<Observed> => {
    const phase = await run(rate, length, LEAD_IN_SECONDS);
    return { ...phase, notMeasured: short ? null : notMeasured(phase) };
  };
  const eighty = Math.round(sustained.sustainedOrdersPerSecond * EIGHTY_PERCENT);
  const atEighty = eighty > 0 ? await observe(eighty, seconds) : null;
  const quiet = await observe(QUIET_ORDERS_PER_SECOND, Math.min(seconds, QUIET_SECONDS_MAX));
  const failures = [
    ...leftOver("warm-up", warmUp),
    ...failuresOf("saturated", saturated, short),
    ...failuresOfOpenLoops(sustained, { "at 80 %": atEighty, quiet }, short),
  ];
  const targets = targetsOf(sustained.sustainedOrdersPerSecond, atEighty);
  const common = { name: "e2e", accounts, window, short, targets } as const;
  return { ...common, ...saturated, ...sustained, atEighty, quiet, failures };
}

/** What is wrong with an open loop, however much was offered. */
export function failuresOfOffer(name: string, phase: PhaseReport, isShort: boolean): string[] {
  return [...leftOver(name, phase), ...(isShort ? [] : thinBooks(name, phase))];
}

/** That a rate was too much is what steps and attempts are to find out, and no failure. */
function failuresOfOpenLoops(
  { steps, attempts }: Sustained,
  observed: Readonly<Record<string, Observed | null>>,
  short: boolean,
): string[] {
  const judge = (name: string, phase: PhaseReport) => failuresOfOffer(name, phase, short);
  const offered = ({ offeredPerSecond }: PhaseReport) => `${offeredPerSecond} orders/s`;
  return [
    ...steps.flatMap((step) => judge(offered(step), step)),
    ...attempts.flatMap((attempt) => judge(`${offered(attempt)}, the whole time`, attempt)),
    ...Object.entries(observed).flatMap(([name, phase]) =>
      phase ? [...judge(name, phase), ...turnedAway(name, phase)] : [],
    ),
  ];
}

function targetsOf(sustained: number, atEighty: Observed | null): Target[] {
  const isMeasured = atEighty?.notMeasured === null;
  const within = isMeasured ? atEighty.accepted99PercentMs : null;
  return [
    atLeast("sustained orders/s", SUSTAINED_TARGET_PER_SECOND, sustained),
    below("at 80 % of that 99 % are accepted within, ms", ACCEPT_P99_LIMIT_MS, within),
  ];
}
