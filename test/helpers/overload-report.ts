/** A report of `overload` as a page needs it, whatever was measured. */
import type { OverloadReport } from "../bench/overload.js";
import { atLeast, atMost } from "../bench/targets.js";
import { TIMELINE_SPAN_MS, type TimelineSpan } from "../bench/told.js";

/** What goes on in a span that begins so many milliseconds after the burst does. */
function spanAt(atMs: number, burstMs: number): TimelineSpan {
  const isBurst = atMs >= 0 && atMs < burstMs;
  return isBurst
    ? { atMs, offered: 15_000, accepted: 5_100, refused: 9_800, p50Ms: 210, p99Ms: 440 }
    : { atMs, offered: 4_000, accepted: 4_000, refused: 0, p50Ms: 50, p99Ms: 110 };
}

/** Ten seconds before the burst, ten of it, ten after it. */
export function overloadReportLike(changed: Partial<OverloadReport> = {}): OverloadReport {
  const burstMs = 10_000;
  const timeline = Array.from({ length: 60 }, (_, n) =>
    spanAt(n * TIMELINE_SPAN_MS - 10_000, burstMs),
  );
  const report = {
    name: "overload",
    capacity: 10_000,
    capacityWindow: 2_000,
    offeredTimes: 3,
    goodput: 10_200,
    burstMs,
    recoveredMs: 400,
    loadedP99Ms: 110,
    refusedBeforeByCode: {},
    refusedByCode: { OVERLOADED: 190_000, NO_LEADER: 6_000 },
    loadedCores: { "node-1": 0.3, "usual-1": 0.1, postgres: 0.4 },
    burstCores: { "node-1": 0.35, "usual-1": 0.08, postgres: 0.41 },
    rssMib: { "node-1": 310.2, "usual-1": 120, postgres: 280 },
    targets: [atLeast("goodput, in capacities", 0.9, 1.02), atMost("lost", 0, null)],
    timeline,
    accounts: 1_000,
    symbols: 10,
    nodes: 3,
    ledgerShards: 2,
    postgresInstances: 1,
    durable: true,
    machine: { cores: 2, processor: "A processor", blockDevice: null },
    failures: [],
    ok: true,
    ...changed,
  };
  return report as unknown as OverloadReport;
}

/** Of an exchange that accepted nothing any more. */
export function nothingAccepted(): OverloadReport {
  const { timeline } = overloadReportLike();
  return overloadReportLike({
    goodput: 0,
    recoveredMs: null,
    loadedP99Ms: null,
    refusedByCode: {},
    loadedCores: {},
    timeline: timeline.map((span) => ({ ...span, accepted: 0, p50Ms: null, p99Ms: null })),
    failures: ["goodput, in capacities: 0, and it is to be at least 0.9"],
    ok: false,
  });
}
