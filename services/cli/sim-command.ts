/** The command that hunts for a broken rule in simulated exchanges. */
import { MUTATION_NAMES } from "../../chaos/simulator/mutations/names.js";
import type { Shell } from "./account-commands.js";
import { SIM_CODES } from "./exit-codes.js";
import type { SimOptions } from "./sim.js";

export function addSimCommand({ program, run }: Pick<Shell, "program" | "run">): void {
  program
    .command("sim")
    .description("hunt for a broken rule: the whole exchange under a seeded scheduler, with faults")
    .option("--seeds <count>", "how many runs, each of them twice (default: 100)")
    .option("--seed <number>", "the first seed (default: 1)")
    .option(
      "--without <safety>",
      `take a safety away, to see that a run notices: ${MUTATION_NAMES.join(", ")} ` +
        "(with --plan: as the plan says; none: have all)",
    )
    .option("--plan <file>", "one plan of faults instead, as a failed seed leaves it")
    .option("--log", "with --plan: everything that happened, on stdout, and the verdict")
    .option("--json", "one line of JSON on stdout")
    .addHelpText("after", SIM_CODES)
    .action((options: SimOptions) => run(async () => (await import("./sim.js")).sim(options)));
}
