/** The command that measures an exchange, or an engine. */
import type { Shell } from "./account-commands.js";
import type { BenchOptions } from "./bench.js";
import { BENCH_CODES } from "./exit-codes.js";

/** How long each takes is of whole runs, on two cores. */
const NAMES = `
Names, and about how long a whole run takes:
  e2e       the whole exchange from outside: the rate it sustains, and how long orders take (6 to 15 minutes)
  quiet     how long an order takes when little is going on, and where each millisecond goes (2 minutes)
  overload  what three times too much does to it (3 minutes)
  soak      what it keeps in memory and on disk (12 minutes)
  failover  what a failure costs: a killed node, a move, a recovery (10 minutes)
  ledger    the ledger, and the plain ways of a database beside it (4 minutes)
  match     the matching engine alone (1 minute)
With --short each takes seconds, or a minute or two: it shows that it works, and its numbers mean nothing.
Each starts what it measures, and ends it; an option that a name does not take is refused.
What the numbers of a report are says test/bench/REPORTS.md.
`;

export function addBenchCommand({ program, run }: Pick<Shell, "program" | "run">): void {
  program
    .command("bench <name>")
    .description("measure an exchange that is started for it, or the matching engine")
    .optionsGroup("Only of some names:")
    .option("--seconds <count>", "e2e, quiet: of each phase, 1 to 3600 (default: 60)")
    .option(
      "--rate <count>",
      "in orders a second; e2e: this one rate and no other, 2 to 1000000; soak: its most, 1 to 1000000 (default: 20000)",
    )
    .option(
      "--sweep <what>",
      "e2e: symbols or accounts: what more and more of them do; without --rate",
    )
    .option(
      "--plot <file>",
      "e2e: a page of latency by load, without --rate and --sweep; overload: one over time",
    )
    .option(
      "--nodes <count>",
      "e2e: processes, 1 to 10, fewer with more PostgreSQL instances (default: 3)",
    )
    .option("--shards <count>", "e2e: of the ledger, 1 to 512 (default: 2)")
    .option("--postgres <count>", "e2e: PostgreSQL instances, 1 to 9 (default: 1)")
    .option("--minutes <count>", "soak: how long it lasts, 1 to 10000 (default: 10)")
    .option("--messages <count>", "match: of each scenario, 1000 to 10000000 (default: 2000000)")
    .option("--seed <number>", "match: of its flow, 0 to 4294967295 (default: 1)")
    .optionsGroup("Options:")
    .option("--short", "small sizes, to see that a benchmark works")
    .option("--json", "one line of JSON on stdout")
    .addHelpText("after", NAMES + BENCH_CODES)
    // The page is long: what was wrong would be far above its end.
    .showHelpAfterError("npm run bench -- --help says which names, options and values there are")
    .action((name: string, options: BenchOptions) =>
      run(async () => (await import("./bench.js")).bench(name, options)),
    );
}
