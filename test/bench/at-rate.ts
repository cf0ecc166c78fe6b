/** The whole exchange at one rate: what is due at it is sent, whatever becomes of it. */
import type { Scene } from "../../chaos/scene.js";
import {
  type E2eOptions,
  failuresOfOffer,
  type Observed,
  shapeOf,
  type Sizes,
  sizesOf,
} from "./e2e.js";
import { type Measured, onExchange, type Verdict } from "./on-exchange.js";
import { LEAD_IN_SECONDS, type PhaseReport, runPhase } from "./phase.js";
import {
  ACCEPT_P99_LIMIT_MS,
  brokenBy,
  leftOver,
  notMeasured,
  turnedAway,
} from "./phase-verdict.js";
import type { Step } from "./sustained.js";
import { atMost, type Target } from "./targets.js";

export interface AtRateOptions extends E2eOptions {
  /** Orders a second. */
  readonly rate: number;
}

interface AtRateMeasured extends Measured {
  readonly name: "rate";
  readonly atRate: Step & Observed;
  readonly accounts: number;
  /** Of the warm-up, the one closed loop here. */
  readonly window: number;
  readonly targets: readonly Target[];
}

export type AtRateReport = AtRateMeasured & Verdict;

/** Measures an exchange that it starts. */
export function runAtRate(options: AtRateOptions): Promise<AtRateReport> {
  const { rate, short = false, log = () => {} } = options;
  const sizes = sizesOf(options);
  return onExchange(shapeOf(options), { short, log }, (scene) =>
    measureAtRate(scene, rate, sizes, log),
  );
}

async function measureAtRate(
  scene: Scene,
  rate: number,
  { seconds, warmUpSeconds, accounts, window, short }: Sizes,
  log: (line: string) => void,
): Promise<AtRateMeasured> {
  log("warming up");
  const load = { accounts, window };
  const saturating = { ordersPerSecond: 0, seconds: warmUpSeconds };
  const warmUp = await runPhase(scene, { name: "rw", ...load, ...saturating });
  log(`${rate} orders/s for ${seconds} s`);
  const phase = await runPhase(scene, {
    name: "ra",
    ...load,
    ordersPerSecond: rate,
    seconds: seconds + LEAD_IN_SECONDS,
    leadInSeconds: LEAD_IN_SECONDS,
  });
  const judged = judgeAtRate(phase, short);
  const failures = [...leftOver("warm-up", warmUp), ...judged.failures];
  return { name: "rate", short, accounts, window, ...judged, failures };
}

/** That the rate was too much is an outcome; that orders were lost, or turned away in numbers, a failure. */
export function judgeAtRate(
  phase: PhaseReport,
  short: boolean,
): Pick<AtRateMeasured, "atRate" | "targets" | "failures"> {
  const why = notMeasured(phase);
  const name = `${phase.offeredPerSecond} orders/s`;
  const within = why === null ? phase.accepted99PercentMs : null;
  return {
    atRate: { ...phase, brokenBy: brokenBy(phase), notMeasured: short ? null : why },
    targets: [atMost("99 % are accepted within, ms", ACCEPT_P99_LIMIT_MS, within)],
    failures: [...failuresOfOffer(name, phase, short), ...turnedAway(name, phase)],
  };
}
