/** Reports as tables that a person reads. */
import type { AtRateReport } from "./at-rate.js";
import type { ExchangeReport } from "./bench.js";
import type { E2eReport } from "./e2e.js";
import { type Machine, machineText } from "./machine.js";
import type { Verdict } from "./on-exchange.js";
import { overloadTables } from "./overload-table.js";
import { costTables, PHASE_HEAD, phaseRow, waitsTable } from "./phase-table.js";
import type { QuietReport } from "./quiet.js";
import { ranText } from "./ran.js";
import { hundredths } from "./rounding.js";
import type { SoakReport } from "./soak.js";
import type { SweepReport } from "./sweep.js";
import { sumOf, type Table, TRIED, UNKNOWN } from "./table.js";
import type { Target } from "./targets.js";

/** Each says by itself of what it is, however it is passed on. */
export function tablesOf(report: ExchangeReport): Table[] {
  const ran = ranText(report);
  return tablesWithin(report).map(({ title, rows }) => ({ title: `${title} — ${ran}`, rows }));
}

function tablesWithin(report: ExchangeReport): Table[] {
  if (report.name === "sweep") return sweepTables(report);
  const targets = { title: "targets", rows: targetRows(report.targets) };
  return [...measuredTables(report), targets, verdictTable(report)];
}

function measuredTables(report: Exclude<ExchangeReport, SweepReport>): Table[] {
  if (report.name === "overload") return overloadTables(report);
  if (report.name === "rate") return [...atRateTables(report), ...costTables(report.atRate)];
  return [...ownTables(report), ...costTables(report)];
}

function ownTables(report: E2eReport | QuietReport | SoakReport): Table[] {
  if (report.name === "e2e") return e2eTables(report);
  return report.name === "quiet" ? quietTables(report) : soakTables(report);
}

function e2eTables(report: E2eReport): Table[] {
  const { steps, attempts, atEighty, quiet } = report;
  const { sustainedOrdersPerSecond: sustained, brokeOrdersPerSecond: broke } = report;
  const rows = [
    [...PHASE_HEAD, "outcome"],
    [...phaseRow("closed loop", report), UNKNOWN],
    ...steps.map((step) => [...phaseRow("step", step), step.brokenBy ?? "held"]),
    ...attempts.map((each) => [...phaseRow("the whole time", each), each.brokenBy ?? "held"]),
    ...(atEighty ? [[...phaseRow("at 80 %", atEighty), atEighty.notMeasured ?? UNKNOWN]] : []),
    [...phaseRow("quiet", quiet), quiet.notMeasured ?? UNKNOWN],
  ];
  const waits = waitsTable([
    ...steps.map((step) => ["step", step] as const),
    ...attempts.map((attempt) => ["the whole time", attempt] as const),
    ...(atEighty ? [["at 80 %", atEighty] as const] : []),
    ["quiet", quiet],
  ]);
  const title = `sustained: ${sustained} orders/s (${broke ?? "none"} broke)`;
  return [{ title, rows }, waits];
}

function atRateTables({ atRate }: AtRateReport): Table[] {
  const outcome = atRate.notMeasured ?? atRate.brokenBy ?? "held";
  const title = `at ${atRate.offeredPerSecond} orders/s`;
  const rows = [
    [...PHASE_HEAD, "outcome"],
    [...phaseRow("one rate", atRate), outcome],
  ];
  return [{ title, rows }, waitsTable([["one rate", atRate]])];
}

function quietTables(report: QuietReport): Table[] {
  const { tradeToFeedMsP50, tradeToFeedMsP99, watched, stages } = report;
  const { tradesTimed, tradesMissing, feedReconnects, stagesOrders, stagesOrdersTraded } = report;
  return [
    {
      title: "an order when it is quiet",
      rows: [PHASE_HEAD, phaseRow("quiet", report), phaseRow("watched", watched)],
    },
    waitsTable([
      ["quiet", report],
      ["watched", watched],
    ]),
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
      title: `${hundredths(minutes)} min, at most ${rate} orders/s`,
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

function sweepTables({ sweep, rows, failures }: SweepReport): Table[] {
  const mix = ["crossing orders", "cancels of all messages"];
  const costs = ["µs of a core", "of them PostgreSQL", "WAL bytes"];
  const head = [sweep, ...PHASE_HEAD.slice(1), ...mix, ...costs, "audit"];
  const table = rows.map((row) => [
    ...phaseRow(sweep === "symbols" ? row.symbols : row.accounts, row),
    row.crossingShare,
    row.cancelShare,
    hundredths(sumOf(row.cpuMicrosecondsPerOrder)),
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

function verdictTable({ auditOk, conserved, durable, failures, short }: Verdict): Table {
  const state = `${short ? `${TRIED}; ` : ""}audit ${auditOk ? "ok" : "BROKEN"}, conserved: ${conserved}, durable: ${durable}`;
  return { ...failuresTable(failures), title: state };
}

/** Of the benchmarks without tables of their own: what was run is in their reports, which are printed whole. */
export function targetsTable(targets: readonly Target[], machine: Machine): Table {
  return { title: `targets — on ${machineText(machine)}`, rows: targetRows(targets) };
}

function targetRows(targets: readonly Target[]): Table["rows"] {
  const rows = targets.map(({ name, wanted, reached, met }) => [
    name,
    wanted,
    reached ?? UNKNOWN,
    met ? "met" : "not met",
  ]);
  return [["target", "wanted", "reached", ""], ...rows];
}

export function failuresTable(failures: readonly string[]): Table {
  const rows = failures.length === 0 ? [["no failures"]] : failures.map((failure) => [failure]);
  return { title: "failures", rows };
}
