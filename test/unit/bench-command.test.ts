/** What the help of `bench` says: each name, each range, each code. */
import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { bench } from "../../services/cli/bench.js";
import { addBenchCommand } from "../../services/cli/bench-command.js";
import { BENCH_CODES } from "../../services/cli/exit-codes.js";
import { runBench } from "../bench/bench.js";

const LINES_MAX = 60;

function help(): string {
  let said = "";
  const program = new Command().configureOutput({ writeOut: (text) => (said += text) });
  addBenchCommand({ program, run: async () => undefined });
  program.commands[0]!.outputHelp();
  return said;
}

/** What a command says that refuses what it is asked for. */
const refusalOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "",
    (error: Error) => error.message,
  );

describe("the help of bench", () => {
  const page = help();
  const words = page.replaceAll(/\s+/g, " ");

  it("has a line for each name, which says how long it takes", async () => {
    const names = (await refusalOf(runBench("moon"))).split("There are: ")[1]!.split(", ");
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) expect(page).toMatch(new RegExp(`^  ${name} .*minutes?\\)$`, "m"));
  });

  it.each([
    ["e2e", "seconds"],
    ["e2e", "rate"],
    ["soak", "rate"],
    ["e2e", "nodes"],
    ["e2e", "shards"],
    ["e2e", "postgres"],
    ["soak", "minutes"],
    ["match", "messages"],
    ["match", "seed"],
  ])("has the range that %s takes for --%s", async (name, option) => {
    const refusal = await refusalOf(bench(name, { [option]: "x" }));
    const [, range] = /from (\d+ to \d+)$/.exec(refusal)!;
    expect(words.split(`--${option} <`)[1]!.split(" --")[0]).toContain(range);
  });

  it("has what --sweep takes, and the exit codes, and is short", async () => {
    expect(await refusalOf(bench("e2e", { sweep: "x" }))).toContain("symbols or accounts");
    expect(words).toMatch(/--sweep <what> e2e: symbols or accounts/);
    expect(page).toContain(BENCH_CODES);
    expect(page.split("\n").length).toBeLessThan(LINES_MAX);
  });
});
