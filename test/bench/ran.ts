/** What was run and where, so that a table or a page says by itself of what it is. */
import type { ExchangeReport } from "./bench.js";
import { machineText } from "./machine.js";
import type { Shape } from "./on-exchange.js";

const MS_PER_SECOND = 1_000;

/** Numbers by what they are of. */
export type Ran = Readonly<Record<string, number>>;

/** Without what a sweep goes through: its rows have that. */
export function ranOf(report: ExchangeReport): Ran {
  if (report.name !== "sweep") {
    const { accounts, symbols } = report;
    return { ...lengthOf(report), accounts, symbols, ...placesOf(report) };
  }
  const [first] = report.rows;
  if (!first) return {};
  const { accounts, symbols } = first;
  const same: Ran = report.sweep === "symbols" ? { accounts } : { symbols };
  return { seconds: Math.round(first.seconds), ...same, ...placesOf(first) };
}

/** The same as words, behind the title of a table. */
export function ranText(report: ExchangeReport): string {
  const parts = Object.entries(ranOf(report)).map(([what, number]) => `${what} ${number}`);
  const machine = report.name === "sweep" ? report.rows[0]?.machine : report.machine;
  return [report.name, ...parts, `on ${machineText(machine ?? {})}`].join(", ");
}

function lengthOf(report: Exclude<ExchangeReport, { readonly name: "sweep" }>): Ran {
  if (report.name === "overload") {
    return { "seconds of burst": Math.round(report.burstMs / MS_PER_SECOND) };
  }
  const { seconds } = report.name === "rate" ? report.atRate : report;
  return { seconds: Math.round(seconds) };
}

function placesOf({ nodes, ledgerShards, postgresInstances }: Shape): Ran {
  return { nodes, "ledger shards": ledgerShards, "PostgreSQL instances": postgresInstances };
}
