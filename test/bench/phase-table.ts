/** Phases as tables: what was offered and done, how long it took, and what an order cost. */
import type { PhaseReport } from "./phase.js";
import { type Table, UNKNOWN } from "./table.js";
import type { Waits } from "./waits.js";

export const PHASE_HEAD = [
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

export function phaseRow(name: string | number, phase: PhaseReport): (string | number)[] {
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

const WAITS_HEAD = ["p50", "p90", "p99", "p99.9", "most"] as const;

const FIGURES: readonly (keyof Waits)[] = [
  "acceptMsP50",
  "acceptMsP90",
  "acceptMsP99",
  "acceptMsP999",
  "acceptMsMax",
  "fillMsP50",
  "fillMsP90",
  "fillMsP99",
  "fillMsP999",
  "fillMsMax",
];

/** How long orders took that were due at a rate; of closed loops it says little. */
export function waitsTable(phases: readonly (readonly [string, PhaseReport])[]): Table {
  const rows = phases.map(([name, phase]) => [
    name,
    phase.offeredPerSecond,
    ...FIGURES.map((figure) => phase[figure]),
  ]);
  const head = [
    "phase",
    "offered/s",
    ...WAITS_HEAD.map((name) => `accepted ${name}`),
    ...WAITS_HEAD.map((name) => `filled ${name}`),
  ];
  return {
    title: "how long orders took, ms",
    rows: [head, ...rows.map((row) => row.map((cell) => cell ?? UNKNOWN))],
  };
}

/** What an order costs. */
export function costTables(phase: PhaseReport): Table[] {
  const { cpuMicrosecondsPerOrder: cpu, writtenBytesPerOrder: written } = phase;
  const { wakesPerOrder: wakes, rssMib } = phase;
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
        ["process", "µs of a core", "woken", "bytes by write calls", "RSS MiB"],
        ...Object.keys(rssMib).map((name) => [
          name,
          cpu[name] ?? UNKNOWN,
          wakes[name] ?? UNKNOWN,
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
