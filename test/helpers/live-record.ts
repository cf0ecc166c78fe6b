/** What is kept of a drill at a running exchange, as one that struck two rounds would have left it. */
import type { Around } from "../../chaos/against/around.js";
import { liveDrillOf } from "../../chaos/against/drills/catalog.js";
import type { ProbeOrder } from "../../chaos/against/probe.js";
import type { LiveRecord } from "../../chaos/against/record.js";
import type { Verdict } from "../../chaos/against/verdict.js";
import { type LiveFindings, liveReport, type LiveRound } from "../../chaos/against/report.js";

export const NOTHING_WRONG: Verdict = {
  lost: 0,
  duplicated: 0,
  gaps: 0,
  contradicted: 0,
  fills: 0,
  conserved: true,
  examples: [],
};
const ORDERS = 60;
const EVERY_MS = 50;
const ROUND_MS = 1_500;

/** As of a drill that moved a market, where one server and one process did not answer. */
export const AROUND: Around = {
  log: {
    before: {
      value: [
        { actor: "ledger.1", batch: 40, token: 1 },
        { actor: "market.AAPL", batch: 20, token: 7 },
      ],
      reason: null,
    },
    after: {
      value: [
        { actor: "ledger.1", batch: 140, token: 1 },
        { actor: "market.AAPL", batch: 100, token: 9 },
      ],
      reason: null,
    },
  },
  servers: {
    postgres: { value: "15.0", reason: null },
    nats: { value: null, reason: "it was not said where" },
    etcd: { value: "3.5.0", reason: null },
  },
  metrics: { value: null, reason: "its processes are not known here" },
};

/** When a market was heard of that gives the pauses which rounds have that are alike. */
export function heardLike(rounds: readonly LiveRound[]): readonly [string, readonly number[]][] {
  const moments = rounds.flatMap(({ span, samples }) => [
    ...every(span.begunMs, span.struckMs, samples["usualPause"]![0]!),
    ...every(span.struckMs, span.untilMs, samples["gap"]![0]!),
  ]);
  return [["AAPL", moments]];
}

function every(fromMs: number, toMs: number, everyMs: number): number[] {
  const count = Math.ceil((toMs - fromMs) / everyMs);
  return Array.from({ length: count }, (_, at) => fromMs + at * everyMs);
}

export function liveRoundLike(number: number, changes: Partial<LiveRound> = {}): LiveRound {
  const begunMs = 5_000 + (number - 1) * ROUND_MS;
  return {
    plan: {
      actors: ["market.AAPL"],
      nodes: ["node-1", "node-2"],
      symbols: ["AAPL"],
      does: ["wish market.AAPL to node-2"],
      undone: ["take back the wish"],
    },
    span: { begunMs, struckMs: begunMs + 500, untilMs: begunMs + ROUND_MS },
    failures: [],
    samples: { gap: [40 + number], usualPause: [31], accepted: [4, 9], ended: [12, 20] },
    summary: "market.AAPL went to node-2, under token 8",
    ...changes,
  };
}

export function liveOrderLike(number: number, changes: Partial<ProbeOrder> = {}): ProbeOrder {
  const sentMs = 5_000 + number * EVERY_MS;
  return {
    clientOrderId: `drill-${number}`,
    symbol: "AAPL",
    sentMs,
    answer: { code: "OK" } as ProbeOrder["answer"],
    acceptedMs: sentMs + 4,
    endedMs: sentMs + 12,
    lostAnswers: 0,
    refusal: null,
    ...changes,
  };
}

export function liveRecordLike(
  changes: Partial<LiveFindings> = {},
  besides: Partial<LiveRecord> = {},
): LiveRecord {
  const findings: LiveFindings = {
    drill: liveDrillOf("move-leader"),
    against: "127.0.0.1:41537",
    rounds: [liveRoundLike(1), liveRoundLike(2)],
    roundsAsked: 2,
    orders: Array.from({ length: ORDERS }, (_, at) => liveOrderLike(at)),
    verdict: NOTHING_WRONG,
    aborted: null,
    unfinished: null,
    notUndone: [],
    otherFailures: [],
    ...changes,
  };
  const { drill, verdict: _, ...found } = findings;
  return {
    ...found,
    drill: drill.name,
    startedAt: "2026-01-31T12:00:00.000Z",
    commit: null,
    evidence: null,
    report: liveReport(findings),
    ...besides,
  };
}
