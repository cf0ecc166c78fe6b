/**
 * What becomes of an exchange of which three times as much is asked as it can do. Its capacity is found first, by a closed
 * loop; then some clients send at four fifths of it, and after a while others come and go, who make it three sizes.
 */
import { runChecker } from "../../chaos/run-checker.js";
import type { Scene } from "../../chaos/scene.js";
import { WARM_UP_SECONDS } from "./e2e.js";
import { type Measured, onExchange, SHAPE, type Verdict } from "./on-exchange.js";
import {
  type Capacity,
  type Costs,
  findCapacity,
  isRefusedTooMuch,
  measureCapacity,
  type Run,
  runBurst,
  type Sizes,
  WINDOW_ORDERS,
} from "./overload-run.js";
import { runPhase } from "./phase.js";
import { leftOver } from "./phase-verdict.js";
import { hundredths } from "./rounding.js";
import { atLeast, atMost, below, type Target } from "./targets.js";
import { percentileOf, type TimelineSpan } from "./told.js";

export interface OverloadOptions {
  /** Small sizes, for tests: they show that it works, and no number of it means anything. */
  readonly short?: boolean;
  readonly log?: (line: string) => void;
}

const FULL: Sizes = {
  accounts: 1_000,
  leadIn: 3,
  saturated: 20,
  loaded: 20,
  burst: 20,
  after: 15,
};
const SHORT: Sizes = {
  accounts: 100,
  leadIn: 1,
  saturated: 1,
  loaded: 1,
  burst: 2,
  after: 2,
};

/** What a wait may be under overload, in waits of the same clients before it. */
const P99_RATIO_MAX = 2;
const GOODPUT_RATIO_MIN = 0.9;
const RECOVERED_MS_MAX = 1_000;
/** Where the load processes have no core for all that they are to offer: less is no overload that says anything. */
const OFFERED_TIMES_MIN = 1.5;
/** What counts as three times. */
const OFFERED_TIMES_ENOUGH = 2.85;
const MS_PER_SECOND = 1_000;

interface OverloadNumbers {
  /** Orders accepted a second in a closed loop, and what was refused there. */
  readonly capacity: number;
  /** How many were outstanding there. */
  readonly capacityWindow: number;
  readonly refusedAtCapacity: number;
  /** Orders of all clients that were accepted a second during the burst, and their part of the capacity. */
  readonly goodput: number;
  readonly goodputRatio: number;
  /** How long it was, and how much of it the usual clients took to send what they had been late with at its end. */
  readonly burstMs: number;
  readonly caughtUpMs: number;
  /** What was sent a second during the burst, in capacities. */
  readonly offeredTimes: number;
  /** Sent to accepted, of what was sent before the burst, and of what was sent during it; null: nothing of it was accepted. */
  readonly loadedP50Ms: number | null;
  readonly loadedP99Ms: number | null;
  readonly admittedP50Ms: number | null;
  readonly admittedP99Ms: number | null;
  readonly admittedP99Ratio: number | null;
  /** From the end of the burst until the usual clients' orders are all accepted, 99 of 100 within twice their p99 of before it. */
  readonly recoveredMs: number | null;
  readonly refused: number;
  readonly refusedByCode: Readonly<Record<string, number>>;
  /** Refused while four fifths of the capacity were asked for. */
  readonly refusedBefore: number;
  readonly refusedBeforeByCode: Readonly<Record<string, number>>;
  /** Orders that a gateway refused without a word of when to try again, of all clients and times. */
  readonly refusedWithoutHint: number;
  /** Orders without an end, and whatever else the checker misses of what the usual clients were told. */
  readonly lost: number;
}

interface OverloadMeasured extends OverloadNumbers, Costs, Measured {
  readonly name: "overload";
  /** Of either kind of clients. */
  readonly accounts: number;
  readonly targets: readonly Target[];
  readonly timeline: readonly TimelineSpan[];
}

export type OverloadReport = OverloadMeasured & Verdict;

/** Measures an exchange that it starts. */
export function runOverload(options: OverloadOptions = {}): Promise<OverloadReport> {
  return onExchange(SHAPE, options, (scene) => measureOverload(scene, options));
}

export async function measureOverload(
  scene: Scene,
  { short = false, log = () => {} }: OverloadOptions,
): Promise<OverloadMeasured> {
  const sizes = short ? SHORT : FULL;
  const notWarmedUp = short ? [] : await warmUp(scene, sizes, log);
  const capacity = await findCapacity((window) => {
    log(`saturating for ${sizes.leadIn + sizes.saturated} s, ${window} orders outstanding`);
    return measureCapacity(scene, sizes, window);
  });
  const run = await runBurst(scene, capacity.acceptedPerSecond, sizes, log);
  const checked = await runChecker(run.logs, scene.exchange.urls.postgres, "any");
  const numbers = judge(capacity, run, checked.lost);
  const { loadedFromMs, burstFromMs, untilMs } = run;
  const timeline = run.all.timeline(loadedFromMs, untilMs, burstFromMs);
  const failures = [
    ...notWarmedUp,
    ...(short ? [] : capacityFailures(capacity)),
    ...failuresOf(numbers, short),
  ];
  const targets = targetsOf(numbers);
  const { accounts } = sizes;
  const common = { name: "overload", short, accounts } as const;
  return { ...common, ...numbers, ...run.costs, targets, timeline, failures };
}

/** Gives what it has left undone. */
async function warmUp(
  scene: Scene,
  { accounts }: Sizes,
  log: (line: string) => void,
): Promise<string[]> {
  log("warming up");
  const saturating = { ordersPerSecond: 0, window: WINDOW_ORDERS, accounts };
  const phase = await runPhase(scene, { name: "ow", seconds: WARM_UP_SECONDS, ...saturating });
  return leftOver("warm-up", phase);
}

export function judge(
  { window: capacityWindow, acceptedPerSecond: capacity, refused: refusedAtCapacity }: Capacity,
  { all, usual, unreported, loadedFromMs, burstFromMs, burstEndMs, burstUntilMs, untilMs }: Run,
  lostByChecker: number,
): OverloadNumbers {
  const seconds = (burstUntilMs - burstFromMs) / MS_PER_SECOND;
  const goodput = all.acceptedBetween(burstFromMs, burstUntilMs).length / seconds;
  const loaded = usual.waitsOfSentBetween(loadedFromMs, burstFromMs);
  const admitted = all.waitsOfSentBetween(burstFromMs, burstUntilMs);
  const loadedP99Ms = percentileOf(loaded, 99);
  const admittedP99Ms = percentileOf(admitted, 99);
  const ratio = loadedP99Ms && admittedP99Ms ? hundredths(admittedP99Ms / loadedP99Ms) : null;
  return {
    capacity,
    capacityWindow,
    refusedAtCapacity,
    goodput: Math.round(goodput),
    goodputRatio: hundredths(goodput / capacity),
    burstMs: Math.round(burstUntilMs - burstFromMs),
    caughtUpMs: Math.round(burstUntilMs - burstEndMs),
    offeredTimes: hundredths(all.sentBetween(burstFromMs, burstUntilMs) / seconds / capacity),
    loadedP50Ms: hundredthsOrNull(percentileOf(loaded, 50)),
    loadedP99Ms: hundredthsOrNull(loadedP99Ms),
    admittedP50Ms: hundredthsOrNull(percentileOf(admitted, 50)),
    admittedP99Ms: hundredthsOrNull(admittedP99Ms),
    admittedP99Ratio: ratio,
    recoveredMs: usual.normalAfter(burstUntilMs, untilMs, P99_RATIO_MAX * (loadedP99Ms ?? 0)),
    refused: all.refusedBetween(burstFromMs, burstUntilMs),
    refusedByCode: all.refusalsBetween(burstFromMs, burstUntilMs),
    refusedBefore: all.refusedBetween(loadedFromMs, burstFromMs),
    refusedBeforeByCode: all.refusalsBetween(loadedFromMs, burstFromMs),
    refusedWithoutHint: all.refusedWithoutHint,
    lost: lostByChecker + unreported,
  };
}

const hundredthsOrNull = (ms: number | null): number | null =>
  ms === null ? null : hundredths(ms);

function targetsOf(numbers: OverloadNumbers): Target[] {
  return [...promisesOf(numbers), ...dutiesOf(numbers), offerOf(numbers)];
}

function promisesOf({ goodputRatio, admittedP99Ratio, recoveredMs }: OverloadNumbers): Target[] {
  return [
    atLeast("goodput, in capacities", GOODPUT_RATIO_MIN, goodputRatio),
    atMost("p99 of what was admitted, in p99s of before", P99_RATIO_MAX, admittedP99Ratio),
    below("normal again after, ms", RECOVERED_MS_MAX, recoveredMs),
  ];
}

/** What no lack of processor time excuses. */
function dutiesOf({ lost, refusedWithoutHint }: OverloadNumbers): Target[] {
  return [atMost("lost", 0, lost), atMost("refused without a retry hint", 0, refusedWithoutHint)];
}

/** Not a promise of the exchange: whether the load processes have done what they were to. */
const offerOf = ({ offeredTimes }: OverloadNumbers): Target =>
  atLeast("offered, in capacities", OFFERED_TIMES_ENOUGH, offeredTimes);

/** All numbers hang on the capacity: where too much was refused as well, it is less than the exchange can do. */
export function capacityFailures(capacity: Capacity): string[] {
  if (!isRefusedTooMuch(capacity)) return [];
  const { accepted, refused, window } = capacity;
  return [
    `the capacity is not known: with ${window} orders outstanding ${refused} were refused and ${accepted} accepted`,
  ];
}

/** What was broken; of a short run only what no lack of processor time breaks. */
export function failuresOf(numbers: OverloadNumbers, isShort: boolean): string[] {
  const { offeredTimes, refused } = numbers;
  const judged = isShort ? dutiesOf(numbers) : [...dutiesOf(numbers), ...promisesOf(numbers)];
  const failures = judged
    .filter(({ met }) => !met)
    .map(
      ({ name, wanted, reached }) => `${name}: ${reached ?? "never"}, and it is to be ${wanted}`,
    );
  if (isShort) return failures;
  if (refused === 0) failures.push("nothing was refused: it was no overload");
  if (offeredTimes < OFFERED_TIMES_MIN) {
    failures.push(`the load processes offered ${offeredTimes} capacities: it was no overload`);
  }
  return failures;
}
