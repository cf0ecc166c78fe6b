/** That exit codes have names, and that the help and the pages say all of them. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import {
  BENCH_CODES,
  DRILL_CODES,
  EXIT_BLIND,
  EXIT_BROKE_OFF,
  EXIT_FAILED,
  EXIT_INTERRUPTED,
  EXIT_REFUSED,
  EXIT_USAGE,
  GAME_DAY_CODES,
  SIM_CODES,
  SIZING_CODES,
} from "../../services/cli/exit-codes.js";
import { PROJECT_ROOT } from "../../services/servers/project-root.js";

const OF_DAY = [0, EXIT_FAILED, EXIT_REFUSED, EXIT_INTERRUPTED];
const OF_BENCH = [0, EXIT_FAILED, EXIT_USAGE, EXIT_INTERRUPTED];
const OF_ALL = [0, EXIT_FAILED, EXIT_BLIND, EXIT_REFUSED, EXIT_BROKE_OFF, EXIT_INTERRUPTED];
/** Where a process ends, or a command says how: with a number other than 0 that is typed in. */
const TYPED_IN = /\? 0 : [1-9]\d*;|\bexit\([1-9]|\bexitCode = (?:[^;]*: )?[1-9]/;

const textOf = (...path: string[]) => readFileSync(join(PROJECT_ROOT, ...path), "utf8");

it.each(["services/cli", "services/common", "services/gateway", "chaos/checker", "chaos/load"])(
  "no program of %s ends with a number that has no name",
  (folder) => {
    const files = readdirSync(join(PROJECT_ROOT, folder)).filter((name) => name.endsWith(".ts"));
    expect(files.length).toBeGreaterThan(0);
    expect(files.filter((name) => TYPED_IN.test(textOf(folder, name)))).toEqual([]);
  },
);

/** In the order in which they are said. */
const codesIn = (text: string): number[] =>
  [...text.matchAll(/(?:^|[:;.,]) (\d+)(?=[ ,:])/g)].map(([, code]) => Number(code));

it.each([
  ["a drill", DRILL_CODES, OF_ALL],
  ["a game day", GAME_DAY_CODES, OF_DAY],
  ["sim", SIM_CODES, OF_ALL],
  ["bench", BENCH_CODES, OF_BENCH],
  ["sizing", SIZING_CODES, [0, EXIT_USAGE]],
])("the help of %s says each of its codes", (_, help, codes) => {
  expect(codesIn(help.replaceAll(/\s+/g, " ")).sort((one, other) => one - other)).toEqual(codes);
});

it("the help of drills and game days says what a dry run ends with, and what is left to do by hand", () => {
  for (const help of [DRILL_CODES, GAME_DAY_CODES]) {
    const red = help.replaceAll(/\s+/g, " ").split(`; ${EXIT_REFUSED} `)[0]!;
    expect(red).toMatch(/1 something is, or is left to take back by hand; .*with --dry-run: /);
  }
});

it.each([
  ["a drill at a running exchange", /^- \*\*Exit codes\*\*.*$/m, OF_DAY],
  ["sim", /^Exit codes: [^]*?\n\n/m, OF_ALL],
])("the page of drills says each code of %s", (_, passage, codes) => {
  const [said = ""] = passage.exec(textOf("chaos", "README.md")) ?? [];
  expect(codesIn(said.replaceAll(/\s+/g, " "))).toEqual(codes);
});

it("the page of benchmarks says each code", () => {
  const [said = ""] = /^- Exit code .*$/m.exec(textOf("test", "bench", "README.md")) ?? [];
  expect(codesIn(said.replace("Exit code 0:", ": 0:"))).toEqual(OF_BENCH);
});
