/** `bench`: measures an exchange that is started for it. */
import { accessSync, constants, statSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { LEDGER_SHARDS_MAX } from "../../actors/kernel/ids.js";
import { InterruptedError, unlessInterrupted } from "../../chaos/interrupt.js";
import { Scene } from "../../chaos/scene.js";
import {
  assertKnown,
  type BenchReport,
  type ExchangeReport,
  runBench,
} from "../../test/bench/bench.js";
import { loadPage } from "../../test/bench/load-page.js";
import { overloadPage } from "../../test/bench/overload-page.js";
import { failuresTable, tablesOf, targetsTable } from "../../test/bench/report-table.js";
import type { Table } from "../../test/bench/table.js";
import { connectionsFor, shippedMaxConnections } from "../sizing/connections.js";
import { POSTGRES_INSTANCES_MAX } from "../supervisor/exchange.js";
import { CliError } from "./cli-error.js";
import { parseWhole } from "./decimal.js";
import { EXIT_FAILED, EXIT_INTERRUPTED } from "./exit-codes.js";
import { interruption } from "./interruption.js";
import { printJson, printTable, progress } from "./output.js";

const SECONDS_MAX = 3_600;
const MINUTES_MAX = 10_000;
const RATE_MAX = 1_000_000;
/** Of an open loop: each of two load processes sends one order a second at least. */
const OFFER_MIN = 2;
/** Fewer say nothing, more do not fit into memory. */
const MESSAGES_MIN = 1_000;
const MESSAGES_MAX = 10_000_000;
const SEED_MAX = 2 ** 32 - 1;
const SWEEPS = ["symbols", "accounts"] as const;

export interface BenchOptions {
  readonly seconds?: string;
  readonly minutes?: string;
  readonly rate?: string;
  readonly nodes?: string;
  readonly shards?: string;
  readonly postgres?: string;
  readonly sweep?: string;
  readonly plot?: string;
  readonly messages?: string;
  readonly seed?: string;
  readonly short?: boolean;
  readonly json?: boolean;
}

/** What only some benchmarks take. */
const ONLY_OF: Readonly<Partial<Record<keyof BenchOptions, readonly string[]>>> = {
  seconds: ["e2e", "quiet"],
  minutes: ["soak"],
  rate: ["e2e", "soak"],
  nodes: ["e2e"],
  shards: ["e2e"],
  postgres: ["e2e"],
  sweep: ["e2e"],
  plot: ["e2e", "overload"],
  messages: ["match"],
  seed: ["match"],
};

export async function bench(name: string, options: BenchOptions): Promise<number> {
  assertKnown(name);
  refuseOutOfPlace(name, options);
  const plot = plotFile(options.plot);
  const numbers = wholes(name, options);
  const sweep = options.sweep === undefined ? {} : { sweep: sweepOf(options.sweep) };
  // `match` starts nothing and does not let go of its thread: there a signal's own end is as good, and comes at once.
  const signal =
    name === "match" ? undefined : interruption("ending the benchmark: what it started is ended");
  // What it still does while it is ended is no news.
  const log = (line: string) => (signal?.aborted ? undefined : progress(line));
  const asked = { ...numbers, ...sweep, short: options.short, log };
  try {
    const report = await unlessInterrupted(signal, runBench(name, asked));
    print(report, options.json ?? false);
    if (plot !== undefined) writePlot(plot, pageOf(report));
    return report.ok ? 0 : EXIT_FAILED;
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error;
    await Scene.stopAll();
    return EXIT_INTERRUPTED;
  }
}

/** Nothing else takes `--plot`. */
function pageOf(report: BenchReport): string {
  if (report.name === "e2e") return loadPage(report, new Date());
  if (report.name === "overload") return overloadPage(report, new Date());
  throw new Error(`there is no page of ${report.name}`);
}

function print(report: BenchReport, json: boolean): void {
  if (json) return printJson(report);
  if (isOfExchange(report)) return printTables(tablesOf(report));
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  printTables([targetsTable(report.targets, report.machine), failuresTable(report.failures)]);
}

function printTables(tables: readonly Table[]): void {
  for (const { title, rows } of tables) {
    process.stdout.write(`\n${title}\n`);
    printTable(rows);
  }
}

function isOfExchange(report: BenchReport): report is ExchangeReport {
  return ["e2e", "rate", "sweep", "quiet", "soak", "overload"].includes(report.name);
}

/** The connections of so many nodes, a gateway and a feed each PostgreSQL lets in, by the settings here. */
function nodesMax(postgresInstances: number): number {
  const most = shippedMaxConnections();
  const needed = (nodes: number) =>
    connectionsFor({ nodes, gateways: 1, feeds: 1, postgresInstances }).home;
  let nodes = 1;
  while (needed(nodes + 1) <= most) nodes += 1;
  return nodes;
}

/** The options that are absent unless they are given. */
function wholes(benchmark: string, options: BenchOptions) {
  const { seconds, minutes, rate, nodes, shards, postgres, messages, seed } = options;
  const within = (
    name: string,
    text: string | undefined,
    bounds: [number, number],
    what: string,
  ) => (text === undefined ? {} : { [name]: parseWhole(text, ...bounds, what) });
  return {
    ...within("seconds", seconds, [1, SECONDS_MAX], "number of seconds"),
    ...within("minutes", minutes, [1, MINUTES_MAX], "number of minutes"),
    ...within(
      "rate",
      rate,
      [benchmark === "e2e" ? OFFER_MIN : 1, RATE_MAX],
      "rate in orders a second",
    ),
    ...within("ledgerShards", shards, [1, LEDGER_SHARDS_MAX], "number of ledger shards"),
    ...within(
      "postgresInstances",
      postgres,
      [1, POSTGRES_INSTANCES_MAX],
      "number of PostgreSQL instances",
    ),
    ...within("nodes", nodes, [1, nodesMax(Number(postgres ?? 1))], "number of nodes"),
    ...within("messages", messages, [MESSAGES_MIN, MESSAGES_MAX], "number of messages"),
    ...within("seed", seed, [0, SEED_MAX], "seed"),
  };
}

function refuseOutOfPlace(name: string, options: BenchOptions): void {
  for (const [option, only] of Object.entries(ONLY_OF)) {
    const isGiven = options[option as keyof BenchOptions] !== undefined;
    if (isGiven && !only.includes(name)) {
      const those = only.join(" and ");
      throw new CliError(
        "INVALID_OPTION",
        `--${option} is of ${those}, and this is ${name}: leave it out, or measure ${those}`,
      );
    }
  }
  const { plot, sweep, rate } = options;
  if (rate !== undefined && sweep !== undefined) {
    throw new CliError(
      "INVALID_OPTION",
      "--rate offers one rate, and --sweep as much as is taken: leave one of them out",
    );
  }
  if (plot !== undefined && sweep !== undefined) {
    throw new CliError(
      "INVALID_OPTION",
      "--plot draws the steps of a load, and --sweep has none: leave one of them out",
    );
  }
  if (plot !== undefined && rate !== undefined) {
    throw new CliError(
      "INVALID_OPTION",
      "--plot draws the steps of a load, and --rate has one: leave one of them out",
    );
  }
}

function sweepOf(text: string): (typeof SWEEPS)[number] {
  const found = SWEEPS.find((each) => each === text);
  if (found) return found;
  throw new CliError(
    "INVALID_OPTION",
    `--sweep is over ${SWEEPS.join(" or ")}, not over ${JSON.stringify(text)}`,
  );
}

/** It is written minutes later: where that cannot be is said at once. */
function plotFile(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  if (text === "") throw new CliError("INVALID_OPTION", "--plot is empty. Name a file to write");
  const path = resolve(text);
  const refuse = (why: string) =>
    new CliError("INVALID_OPTION", `--plot writes to ${path}, and ${why}`);
  let isFolder: boolean;
  try {
    const isThere = statSync(path, { throwIfNoEntry: false });
    accessSync(isThere ? path : dirname(path), constants.W_OK);
    isFolder = isThere?.isDirectory() ?? false;
  } catch {
    throw refuse("it cannot be written there. Name a file in a folder that is there and yours");
  }
  if (isFolder) throw refuse("that is a folder. Name a file in it");
  return path;
}

/** What was measured is printed by then: a disk that has become full loses the page, and nothing else. */
function writePlot(path: string, page: string): void {
  try {
    writeFileSync(path, page);
  } catch (error) {
    throw new CliError(
      "PLOT_NOT_WRITTEN",
      `the page could not be written to ${path}: ${String(error)}`,
    );
  }
}
