/**
 * An exchange with little to do: how long an order takes, how long a trade takes to a subscriber of the feed, and where
 * each millisecond goes.
 */
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { runChecker } from "../../chaos/run-checker.js";
import type { Scene } from "../../chaos/scene.js";
import { QUIET_ORDERS_PER_SECOND, WARM_UP_SECONDS, WINDOW_ORDERS } from "./e2e.js";
import { EDGE_SECONDS, FeedProcess, tradeToFeed } from "./feed-process.js";
import { InboxWatch } from "./inbox-watch.js";
import { type Measured, onExchange, SHAPE, type Verdict } from "./on-exchange.js";
import { orderTimes } from "./order-times.js";
import {
  ACCOUNTS,
  afterLeadIn,
  LEAD_IN_SECONDS,
  type Phase,
  type PhaseReport,
  runPhase,
  SHORT_ACCOUNTS,
} from "./phase.js";
import { failuresOf, leftOver } from "./phase-verdict.js";
import { type Stage, stagesOf } from "./stages.js";
import { below, type Target } from "./targets.js";
import { percentile } from "./waits.js";

export interface QuietOptions {
  readonly seconds?: number;
  readonly short?: boolean;
  readonly log?: (line: string) => void;
}

const SECONDS = 60;
/** Numbers of so short a run mean nothing, so it needs no warm-up. */
const SHORT_SECONDS = 2;
const STAGES_SECONDS_MAX = 20;
const MS_PER_SECOND = 1_000;
const MICROSECONDS_PER_MS = 1_000;
/** What an exchange is to be that has little to do, in milliseconds. */
const TARGETS_MS = {
  acceptMsP50: 2,
  acceptMsP99: 5,
  fillMsP50: 4,
  fillMsP99: 10,
  tradeToFeedMsP99: 10,
} as const;

interface QuietMeasured extends PhaseReport, Measured {
  readonly name: "quiet";
  readonly accounts: number;
  /** Null: the subscriber has heard of no trade. */
  readonly tradeToFeedMsP50: number | null;
  readonly tradeToFeedMsP99: number | null;
  readonly tradesTimed: number;
  /** Trades that were committed while it listened and that it has not heard of, and times that it had to connect again. */
  readonly tradesMissing: number;
  readonly feedReconnects: number;
  /** The same load once more, with clients that write everything down and a reader more of every inbox. */
  readonly watched: PhaseReport;
  readonly stages: readonly Stage[];
  /** Orders of which all times are known, of the crossing ones that traded while latencies counted. */
  readonly stagesOrders: number;
  readonly stagesOrdersTraded: number;
  /** Orders and fills of which the watched clients were told and the database has nothing. */
  readonly lost: number;
  readonly targets: readonly Target[];
}

export type QuietReport = QuietMeasured & Verdict;

/** Measures an exchange that it starts. */
export function runQuiet(options: QuietOptions = {}): Promise<QuietReport> {
  return onExchange(SHAPE, options, (scene) => measureQuiet(scene, options));
}

export async function measureQuiet(scene: Scene, options: QuietOptions): Promise<QuietMeasured> {
  const { seconds: asked = SECONDS, short = false, log = () => {} } = options;
  const seconds = short ? Math.min(asked, SHORT_SECONDS) : asked;
  const accounts = short ? SHORT_ACCOUNTS : ACCOUNTS;
  const load = { ordersPerSecond: QUIET_ORDERS_PER_SECOND, window: WINDOW_ORDERS, accounts };
  if (!short) log("warming up");
  const warmUp = short
    ? null
    : await runPhase(scene, { name: "qw", ...load, seconds: WARM_UP_SECONDS });
  const listener = await FeedProcess.start(scene);
  try {
    log(`${QUIET_ORDERS_PER_SECOND} orders/s for ${seconds} s`);
    const phase = await runPhase(scene, { name: "qf", ...load, ...timed(seconds) });
    await sleep(EDGE_SECONDS * MS_PER_SECOND); // The last trades may still be on their way to it.
    const heard = await listener.stop();
    const { latencies, unknown, missing } = await tradeToFeed(scene, heard);
    const stagesSeconds = Math.min(seconds, STAGES_SECONDS_MAX);
    const watching = await watchOrders(scene, { ...load, ...timed(stagesSeconds) }, log);
    const { watched, orders, traded, checked } = watching;
    const failures = [
      ...(warmUp ? leftOver("warm-up", warmUp) : []),
      ...failuresOf("quiet", phase, short),
      ...failuresOf("watched", watched, short),
    ];
    if (unknown > 0) failures.push(`${unknown} trades were heard of that are not stored`);
    if (missing > 0)
      failures.push(`${missing} trades are stored that the subscriber has not heard of`);
    if (latencies.count === 0) failures.push("the subscriber of the feed has heard of no trade");
    if (orders.length === 0) failures.push("of no order all times are known");
    if (!checked.ok) failures.push(`the checker: ${JSON.stringify(checked)}`);
    const measured = {
      ...phase,
      tradeToFeedMsP50: percentile(latencies, 50),
      tradeToFeedMsP99: percentile(latencies, 99),
    };
    return {
      name: "quiet",
      short,
      accounts,
      ...measured,
      tradesTimed: latencies.count,
      tradesMissing: missing,
      feedReconnects: heard.reconnects,
      watched,
      stages: stagesOf(orders),
      stagesOrders: orders.length,
      stagesOrdersTraded: traded,
      lost: checked.lost,
      targets: targetsOf(measured),
      failures,
    };
  } finally {
    listener.kill();
  }
}

function targetsOf(measured: Readonly<Record<keyof typeof TARGETS_MS, number | null>>): Target[] {
  return Object.entries(TARGETS_MS).map(([name, limitMs]) =>
    below(name, limitMs, measured[name as keyof typeof TARGETS_MS]),
  );
}

const timed = (seconds: number) => ({
  seconds: seconds + LEAD_IN_SECONDS,
  leadInSeconds: LEAD_IN_SECONDS,
});

/** A phase of its own: whoever writes everything down is in the way of what is measured. */
async function watchOrders(
  scene: Scene,
  load: Pick<Phase, "ordersPerSecond" | "window" | "accounts" | "seconds" | "leadInSeconds">,
  log: (line: string) => void,
) {
  log(`the same for ${load.seconds} s, with everything written down`);
  const logs = mkdtempSync(join(scene.logs, "stages-"));
  const inboxes = await InboxWatch.start(scene);
  try {
    const since = Date.now() * MICROSECONDS_PER_MS;
    const watched = await runPhase(scene, { name: "qs", ...load, logs });
    const { whole, dues } = await orderTimes(scene, logs, inboxes.stored, since);
    const checked = await runChecker(logs, scene.exchange.urls.postgres, "any");
    const orders = afterLeadIn(whole, ({ due }) => due);
    const traded = afterLeadIn(dues, (due) => due).length;
    return { watched, orders, traded, checked };
  } finally {
    await inboxes.stop();
  }
}
