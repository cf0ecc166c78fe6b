/** The report of `overload` as tables. */
import type { OverloadReport } from "./overload.js";
import { thousandths } from "./rounding.js";
import { sumOf, type Table, UNKNOWN } from "./table.js";
import { TIMELINE_SPAN_MS } from "./told.js";

export function overloadTables(report: OverloadReport): Table[] {
  const {
    capacity,
    capacityWindow,
    refusedAtCapacity,
    goodput,
    offeredTimes,
    refused,
    refusedBefore,
  } = report;
  const { refusedByCode, refusedBeforeByCode, refusedWithoutHint } = report;
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
      title: `refused, and why; ${refusedWithoutHint} without a retry hint`,
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
      ["all", thousandths(sumOf(loadedCores)), thousandths(sumOf(burstCores)), UNKNOWN],
    ],
  };
}
