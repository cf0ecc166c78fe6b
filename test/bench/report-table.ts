/** Reports as tables that a person reads: rows of cells, the first row of each table is its head. */
import type { ExchangeReport } from "./bench.js";
import type { E2eReport } from "./e2e.js";
import type { Verdict } from "./on-exchange.js";
import type { OverloadReport } from "./overload.js";
import { type PhaseReport, thousandths } from "./phase.js";
import type { QuietReport } from "./quiet.js";
import type { SoakReport } from "./soak.js";
import type { SweepReport } from "./sweep.js";
import type { Target } from "./targets.js";
import { TIMELINE_SPAN_MS } from "./told.js";

export interface Table {
  readonly title: string;
  readonly rows: readonly (readonly (string | number)[])[];
}

const UNKNOWN = "-";
export const TRIED = "tried in short: no number of it means anything";

export function tablesOf(report: ExchangeReport): Table[] {
  if (report.name === "sweep") return sweepTables(report);
  const measured =
    report.name === "overload"
      ? overloadTables(report)
      : [...ownTables(report), ...costTables(report)];
  return [...measured, targetsTable(report.targets), verdictTable(report)];
}

function ownTables(report: E2eReport | QuietReport | SoakReport): Table[] {
  if (report.name === "e2e") return e2eTables(report);
  return report.name === "quiet" ? quietTables(report) : soakTables(report);
}

const PHASE_HEAD = [
  "phase",
  "offered/s",
  "reported/s",
  "accepted p50",
  "p99 ms",
  "99 % of all in",
  "filled p50",
  "p99 ms",
  "rejected",
  "refused",
  "unreported",
  "late sends",
  "due while streams were lost",
  "fills/order",
  "crossing orders that traded",
] as const;

function phaseRow(name: string | number, phase: PhaseReport): (string | number)[] {
  const { offeredPerSecond, ordersPerSecond, rejected, refused } = phase;
  const { unreported, lateSends, dueWhileLost } = phase;
  const { acceptMsP50, acceptMsP99, accepted99PercentMs, fillMsP50, fillMsP99 } = phase;
  const { fillsPerOrder, crossingTradedShare } = phase;
  const offered = offeredPerSecond === 0 ? "all" : offeredPerSecond;
  return [
    name,
    offered,
    ordersPerSecond,
    acceptMsP50 ?? UNKNOWN,
    acceptMsP99 ?? UNKNOWN,
    accepted99PercentMs ?? UNKNOWN,
    fillMsP50 ?? UNKNOWN,
    fillMsP99 ?? UNKNOWN,
    rejected,
    refused,
    unreported,
    lateSends,
    dueWhileLost,
    fillsPerOrder,
    crossingTradedShare ?? UNKNOWN,
  ];
}

function e2eTables(report: E2eReport): Table[] {
  const { steps, attempts, atEighty, quiet, sustainedOrdersPerSecond, postgresInstances } = report;
  const place = postgresInstances > 1 ? ` on ${postgresInstances} PostgreSQL instances` : "";
  const rows = [
    [...PHASE_HEAD, "outcome"],
    [...phaseRow("closed loop", report), UNKNOWN],
    ...steps.map((step) => [...phaseRow("step", step), step.brokenBy ?? "held"]),
    ...attempts.map((each) => [...phaseRow("the whole time", each), each.brokenBy ?? "held"]),
    ...(atEighty ? [[...phaseRow("at 80 %", atEighty), atEighty.notMeasured ?? UNKNOWN]] : []),
    [...phaseRow("quiet", quiet), quiet.notMeasured ?? UNKNOWN],
  ];
  return [{ title: `sustained: ${sustainedOrdersPerSecond} orders/s${place}`, rows }];
}

function quietTables(report: QuietReport): Table[] {
  const { tradeToFeedMsP50, tradeToFeedMsP99, watched, stages } = report;
  const { tradesTimed, tradesMissing, feedReconnects, stagesOrders, stagesOrdersTraded } = report;
  return [
    {
      title: "an order when it is quiet",
      rows: [PHASE_HEAD, phaseRow("quiet", report), phaseRow("watched", watched)],
    },
    {
      title: "a trade's batch has begun → a subscriber has the trade",
      rows: [
        ["trades timed", "not heard of", "connected again", "p50 ms", "p99 ms"],
        [
          tradesTimed,
          tradesMissing,
          feedReconnects,
          tradeToFeedMsP50 ?? UNKNOWN,
          tradeToFeedMsP99 ?? UNKNOWN,
        ],
      ],
    },
    {
      title: `where the time of ${stagesOrders} went, of ${stagesOrdersTraded} watched orders that traded`,
      rows: [
        ["stage", "p50 ms", "p99 ms"],
        ...stages.map(({ stage, msP50, msP99 }) => [stage, msP50, msP99]),
      ],
    },
  ];
}

function soakTables(report: SoakReport): Table[] {
  const { rssStart, rssEnd, growth, bytesPerMillionOrders: bytes, minutes, rate } = report;
  const processes = Object.keys(rssEnd).map((name) => [
    name,
    rssStart[name] ?? UNKNOWN,
    rssEnd[name]!,
    growth[name]?.mibPerMillionOrders ?? UNKNOWN,
    growth[name]?.uncertainty ?? UNKNOWN,
    growth[name]?.verdict ?? UNKNOWN,
  ]);
  return [
    {
      title: `${minutes} min, at most ${rate} orders/s`,
      rows: [PHASE_HEAD, phaseRow("soak", report)],
    },
    {
      title: "memory in MiB; growth in the second half, for a million orders",
      rows: [["process", "start", "end", "growth", "±", ""], ...processes],
    },
    {
      title: "bytes kept of a million orders",
      rows: [
        ["tables", "NATS", "WAL written"],
        [bytes.postgres, bytes.nats ?? UNKNOWN, bytes.wal],
      ],
    },
  ];
}

function overloadTables(report: OverloadReport): Table[] {
  const {
    capacity,
    capacityWindow,
    refusedAtCapacity,
    goodput,
    offeredTimes,
    refused,
    refusedBefore,
  } = report;
  const { refusedByCode, refusedBeforeByCode } = report;
  const { loadedP50Ms, loadedP99Ms, admittedP50Ms, admittedP99Ms, timeline } = report;
  return [
    {
      title: `${offeredTimes} times the capacity for ${report.burstMs} ms`,
      rows: [
        ["", "accepted/s", "p50 ms", "p99 ms", "refused"],
        [`closed loop of ${capacityWindow}`, capacity, UNKNOWN, UNKNOWN, refusedAtCapacity],
        [
          "before the burst",
          UNKNOWN,
          loadedP50Ms ?? UNKNOWN,
          loadedP99Ms ?? UNKNOWN,
          refusedBefore,
        ],
        ["burst", goodput, admittedP50Ms ?? UNKNOWN, admittedP99Ms ?? UNKNOWN, refused],
      ],
    },
    {
      title: "refused, and why",
      rows: [
        ["", "code", "orders"],
        ...Object.entries(refusedBeforeByCode).map(([code, n]) => ["before the burst", code, n]),
        ...Object.entries(refusedByCode).map(([code, n]) => ["burst", code, n]),
      ],
    },
    overloadCosts(report),
    {
      title: `spans of ${TIMELINE_SPAN_MS} ms; waits of what was accepted in them`,
      rows: [
        ["since the burst began, ms", "offered", "accepted", "refused", "p50 ms", "p99 ms"],
        ...timeline.map(({ atMs, offered, accepted, refused, p50Ms, p99Ms }) => [
          atMs,
          offered,
          accepted,
          refused,
          p50Ms ?? UNKNOWN,
          p99Ms ?? UNKNOWN,
        ]),
      ],
    },
  ];
}

function overloadCosts({ loadedCores, burstCores, rssMib }: OverloadReport): Table {
  const all = (parts: Readonly<Record<string, number>>) =>
    thousandths(Object.values(parts).reduce((sum, part) => sum + part, 0));
  return {
    title: "busy cores by process, and memory at the end of the burst",
    rows: [
      ["process", "before the burst", "burst", "RSS MiB"],
      ...Object.keys(rssMib).map((name) => [
        name,
        loadedCores[name] ?? UNKNOWN,
        burstCores[name] ?? UNKNOWN,
        rssMib[name]!,
      ]),
      ["all", all(loadedCores), all(burstCores), UNKNOWN],
    ],
  };
}

function sweepTables({ sweep, rows, failures }: SweepReport): Table[] {
  const mix = ["crossing orders", "cancels of all messages"];
  const head = [sweep, ...PHASE_HEAD.slice(1), ...mix, "µs of PostgreSQL", "WAL bytes", "audit"];
  const table = rows.map((row) => [
    ...phaseRow(sweep === "symbols" ? row.symbols : row.accounts, row),
    row.crossingShare,
    row.cancelShare,
    row.cpuMicrosecondsPerOrder["postgres"] ?? UNKNOWN,
    row.walBytesPerOrder,
    row.auditOk ? "ok" : "BROKEN",
  ]);
  return [
    {
      title: `a closed loop by the number of ${sweep}${rows[0]?.short ? `, ${TRIED}` : ""}`,
      rows: [head, ...table],
    },
    failuresTable(failures),
  ];
}

/** What an order costs. */
function costTables(phase: PhaseReport): Table[] {
  const { cpuMicrosecondsPerOrder: cpu, writtenBytesPerOrder: written, rssMib } = phase;
  const { walBytesPerOrder, diskBytesPerOrder } = phase;
  const { batchesPerOrder, commandsPerBatch, rowsWrittenPerOrder } = phase;
  const { crossingShare, cancelShare, commandsPerMessage, bytesPerCommand } = phase;
  return [
    {
      title: "what was sent",
      rows: [
        ["crossing orders", "cancels of all messages", "commands per message", "bytes per command"],
        [crossingShare, cancelShare, commandsPerMessage, bytesPerCommand],
      ],
    },
    {
      title: "bytes written per order",
      rows: [
        ["WAL", "to disks, by the whole machine"],
        [walBytesPerOrder, diskBytesPerOrder ?? UNKNOWN],
      ],
    },
    {
      title: "per order",
      rows: [
        ["process", "µs of a core", "bytes by write calls", "RSS MiB"],
        ...Object.keys(rssMib).map((name) => [
          name,
          cpu[name] ?? UNKNOWN,
          written[name] ?? UNKNOWN,
          rssMib[name]!,
        ]),
      ],
    },
    {
      title: "batches",
      rows: [
        ["actors", "batches per order", "commands per batch"],
        ...Object.entries(batchesPerOrder).map(([kind, batches]) => [
          kind,
          batches,
          commandsPerBatch[kind] ?? UNKNOWN,
        ]),
      ],
    },
    {
      title: "rows written per order",
      rows: [["table", "rows"], ...Object.entries(rowsWrittenPerOrder)],
    },
  ];
}

function verdictTable({ auditOk, conserved, durable, failures, short }: Verdict): Table {
  const state = `${short ? `${TRIED}; ` : ""}audit ${auditOk ? "ok" : "BROKEN"}, conserved: ${conserved}, durable: ${durable}`;
  return { ...failuresTable(failures), title: state };
}

export function targetsTable(targets: readonly Target[]): Table {
  const rows = targets.map(({ name, wanted, reached, met }) => [
    name,
    wanted,
    reached ?? UNKNOWN,
    met ? "met" : "not met",
  ]);
  return { title: "targets", rows: [["target", "wanted", "reached", ""], ...rows] };
}

export function failuresTable(failures: readonly string[]): Table {
  const rows = failures.length === 0 ? [["no failures"]] : failures.map((failure) => [failure]);
  return { title: "failures", rows };
}
