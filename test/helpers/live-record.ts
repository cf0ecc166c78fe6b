/** What is kept of a drill at a running exchange, as one that struck two rounds would have left it. */
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

export function liveRecordLike(changes: Partial<LiveFindings> = {}): LiveRecord {
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
  };
}
