/** `bench`: measures an exchange that is started for it. */
import { accessSync, constants, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { type BenchReport, type ExchangeReport, runBench } from "../../test/bench/bench.js";
import { loadPage } from "../../test/bench/load-chart.js";
import { tablesOf } from "../../test/bench/report-table.js";
import { CliError } from "./cli-error.js";
import { parseWhole } from "./decimal.js";
import { printJson, printTable, progress } from "./output.js";

const SECONDS_MAX = 3_600;
const MINUTES_MAX = 10_000;
const RATE_MAX = 1_000_000;
/** Fewer say nothing, more do not fit into memory. */
const MESSAGES_MIN = 1_000;
const MESSAGES_MAX = 10_000_000;
const SEED_MAX = 2 ** 32 - 1;
const SWEEPS = ["symbols", "accounts"] as const;

export interface BenchOptions {
  readonly seconds: string;
  readonly minutes?: string;
  readonly rate?: string;
  readonly sweep?: string;
  readonly plot?: string;
  readonly messages?: string;
  readonly seed: string;
  readonly short?: boolean;
  readonly json?: boolean;
}

/** What only one benchmark takes. */
const ONLY_OF = { minutes: "soak", rate: "soak", sweep: "e2e", plot: "e2e" } as const;

export async function bench(name: string, options: BenchOptions): Promise<number> {
  refuseOutOfPlace(name, options);
  const plot = plotFile(options.plot);
  const report = await runBench(name, {
    seconds: parseWhole(options.seconds, 1, SECONDS_MAX, "number of seconds"),
    seed: parseWhole(options.seed, 0, SEED_MAX, "seed"),
    ...wholes(options),
    ...(options.sweep !== undefined && { sweep: sweepOf(options.sweep) }),
    short: options.short,
    log: progress,
  });
  if (plot !== undefined && report.name === "e2e") writeFileSync(plot, loadPage(report));
  print(report, options.json ?? false);
  return report.ok ? 0 : 1;
}

function print(report: BenchReport, json: boolean): void {
  if (json) return printJson(report);
  if (!isOfExchange(report)) {
    process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
    return;
  }
  for (const { title, rows } of tablesOf(report)) {
    process.stdout.write(`\n${title}\n`);
    printTable(rows);
  }
}

function isOfExchange(report: BenchReport): report is ExchangeReport {
  return ["e2e", "sweep", "quiet", "soak"].includes(report.name);
}

/** The options that are absent unless they are given. */
function wholes({ messages, minutes, rate }: BenchOptions) {
  return {
    ...(messages !== undefined && {
      messages: parseWhole(messages, MESSAGES_MIN, MESSAGES_MAX, "number of messages"),
    }),
    ...(minutes !== undefined && {
      minutes: parseWhole(minutes, 1, MINUTES_MAX, "number of minutes"),
    }),
    ...(rate !== undefined && { rate: parseWhole(rate, 1, RATE_MAX, "rate in orders a second") }),
  };
}

function refuseOutOfPlace(name: string, options: BenchOptions): void {
  for (const [option, only] of Object.entries(ONLY_OF)) {
    const isGiven = options[option as keyof typeof ONLY_OF] !== undefined;
    if (isGiven && name !== only) {
      throw new CliError(
        "INVALID_OPTION",
        `--${option} is of the benchmark ${only}, and this is ${name}: leave it out, or measure ${only}`,
      );
    }
  }
  if (options.plot !== undefined && options.sweep !== undefined) {
    throw new CliError("INVALID_OPTION", "--plot draws the steps of a load, and --sweep has none");
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
  const path = resolve(text);
  try {
    accessSync(dirname(path), constants.W_OK);
    return path;
  } catch {
    throw new CliError(
      "INVALID_OPTION",
      `--plot writes to ${path}, and nothing can be written in that folder. Name a file in one that is there`,
    );
  }
}
