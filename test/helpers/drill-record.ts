/** Records of drills that never were, made by what makes those of real ones. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AuditReport } from "../../services/audit/audit.js";
import type { CheckReport } from "../../chaos/checker/check.js";
import { drillOf } from "../../chaos/drills/catalog.js";
import { NO_FAILURE, type Round } from "../../chaos/drills/drill.js";
import { SURROUNDINGS } from "../../chaos/drill.js";
import { type DrillRecord, type Observed, recordOf } from "../../chaos/evidence/record.js";
import type { Found } from "../../chaos/report.js";
import type { TimelineEvent } from "../../chaos/stage/timeline.js";

const STARTED_AT = Date.UTC(2026, 0, 31, 12);
const ROUND_MS = 6_000;
const MS_PER_SECOND = 1_000;

/** What a checker says that finds nothing wrong. */
export const CHECKED: CheckReport = {
  ok: true,
  lost: 0,
  duplicated: 0,
  staleCommits: 0,
  gaps: 0,
  journalGaps: 0,
  contradicted: 0,
  conserved: true,
  repriced: 400,
  mispriced: 0,
  booksRewritten: 0,
  quiet: true,
  details: {},
  counted: {
    accepted: 1_000,
    fillsTold: 800,
    orders: 1_000,
    trades: 400,
    eventsTold: 3_000,
    booksNoted: 6,
  },
  examples: [],
};
const AUDITED: AuditReport = {
  ok: true,
  conserved: true,
  journalGaps: 0,
  rows: { balances: 700 },
  violations: {},
  firstViolation: null,
  snapshotMs: 4,
  elapsedMs: 90,
};

export interface Sketch {
  readonly rounds?: number;
  readonly symbols?: readonly string[];
  readonly actors?: readonly string[];
  readonly nodes?: readonly string[];
  /** From the blow to the first fill of each round. */
  readonly resumeMs?: number;
  readonly ordersPerSecond?: number;
  readonly found?: Partial<Found>;
}

/** A round is 6 s long: its blow comes after 1 s, it is healed after 4 s, and all actors change their leader. */
export async function recordLike(sketch: Sketch = {}): Promise<DrillRecord> {
  const { rounds = 2, resumeMs = 312, ordersPerSecond = 20 } = sketch;
  const lengthMs = Math.max(1, rounds) * ROUND_MS;
  const found: Found = {
    drill: drillOf("kill-leader"),
    loadBefore: 0.1,
    ails: [],
    broken: [],
    rounds: Array.from({ length: rounds }, () => roundOf(resumeMs)),
    load: { submitted: 1_000, fills: 800, resolved: 3, unreported: 0 },
    checked: CHECKED,
    audited: AUDITED,
    ...sketch.found,
  };
  const logs = mkdtempSync(join(tmpdir(), "palisade-record-"));
  try {
    writeLog(logs, Math.floor((ordersPerSecond * lengthMs) / MS_PER_SECOND), lengthMs);
    return await recordOf(found, observed(sketch, rounds, resumeMs), {
      startedAt: STARTED_AT,
      lengthMs,
      logs,
      seed: 1,
      surroundings: SURROUNDINGS,
      servers: { postgres: "15.0", nats: "2.10.0", etcd: null },
    });
  } finally {
    rmSync(logs, { recursive: true });
  }
}

function roundOf(resumeMs: number): Round {
  return {
    ...NO_FAILURE,
    samples: { resume: [resumeMs], allResumed: [resumeMs + 90] },
    summary: `node-1 led ledger.1, market.SYM0; first fill after ${resumeMs} ms`,
  };
}

function observed(sketch: Sketch, rounds: number, resumeMs: number): Observed {
  const { symbols = ["SYM0", "SYM1"], nodes = ["node-1", "node-2", "node-3"] } = sketch;
  const { actors = ["ledger.1", "market.SYM0", "market.SYM1"] } = sketch;
  const nodeOf = (at: number) => nodes[at % nodes.length]!;
  const all = Array.from({ length: rounds }, (_, at) => at);
  return {
    timeline: all.flatMap((at) => eventsOf(at + 1, at * ROUND_MS, resumeMs)),
    firstLeaders: actors.map((actor, at) => ({ actor, node: nodeOf(at), token: 1 })),
    leaderChanges: all.flatMap((round) =>
      actors.map((actor, at) => ({
        actor,
        node: nodeOf(at + round + 1),
        token: round + 2,
        claimedAtMs: round * ROUND_MS + 1_100 + at,
        atMs: round * ROUND_MS + 1_250 + 2 * at,
      })),
    ),
    beats: Array.from({ length: (rounds * ROUND_MS) / MS_PER_SECOND }, (_, second) =>
      symbols.map((symbol, at) => ({
        symbol,
        atMs: (second + at / symbols.length) * MS_PER_SECOND,
        answerMs: second % 6 === 1 ? null : 4,
      })),
    ).flat(),
  };
}

function eventsOf(round: number, fromMs: number, resumeMs: number): TimelineEvent[] {
  const event = (kind: TimelineEvent["kind"], sinceMs: number, what = ""): TimelineEvent => ({
    kind,
    round,
    atMs: fromMs + sinceMs,
    what,
  });
  return [
    event("began", 0),
    event("struck", 1_000, "node-1 led ledger.1, market.SYM0"),
    event("resumed", 1_000 + resumeMs),
    event("allResumed", 1_090 + resumeMs),
    event("bitten", 1_100 + resumeMs),
    event("healed", 4_000),
    event("whole", 5_900),
  ];
}

/** Each order is answered after 3 ms and filled after 6, but one in ten, which is answered after 300. */
function writeLog(folder: string, orders: number, lengthMs: number): void {
  const lines = Array.from({ length: orders }, (_, at) => {
    const sentAt = STARTED_AT + (at * lengthMs) / orders;
    const clientOrderId = `load1-${at}`;
    const order = { account: 1, clientOrderId };
    const answeredAt = sentAt + (at % 10 === 9 ? 300 : 3);
    const content = ["filled", at + 1, at + 1, "SYM0", 10_000, 1, 0];
    return [
      { kind: "submitted", ...order, crosses: at % 2 === 0, at: sentAt },
      { kind: "accepted", ...order, orderId: at + 1, sequence: at + 1, token: 1, at: answeredAt },
      { kind: "event", account: 1, sequence: at + 1, token: 1, content, at: answeredAt + 3 },
    ];
  }).flat();
  mkdirSync(folder, { recursive: true });
  const text = lines.sort((a, b) => a.at - b.at).map((line) => `${JSON.stringify(line)}\n`);
  writeFileSync(join(folder, "load1.jsonl"), text.join(""));
}
