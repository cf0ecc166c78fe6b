/** The command that says what an exchange needs. */
import type { Shell } from "./account-commands.js";
import type { SizingOptions } from "./sizing.js";

export function addSizingCommand({ program, run }: Pick<Shell, "program" | "run">): void {
  program
    .command("sizing")
    .description("what an exchange of a size needs, on paper: from measured costs of its parts")
    .optionsGroup("The size, which is always said:")
    .requiredOption("--orders-per-second <count>", "at the busiest")
    .requiredOption("--accounts <count>", "how many there are")
    .requiredOption("--symbols <count>", "how many are traded")
    .requiredOption("--subscribers <count>", "WebSocket clients that follow one symbol each")
    .optionsGroup("What else may be known of it:")
    .option("--orders-per-day <count>", "of which disk is counted (default: as busy for 24 hours)")
    .option("--resting-orders <count>", "at one time (default: one for each account)")
    .optionsGroup("What a month costs, in any currency; all prices or none:")
    .option("--core-price <amount>", "of one core for a month")
    .option("--memory-price <amount>", "of one GiB of memory for a month")
    .option("--disk-price <amount>", "of one GiB of disk for a month")
    .option("--keep-days <count>", "how long rows stay before they are archived (default: 7)")
    .optionsGroup("Options:")
    .option("--json", "one line of JSON on stdout")
    .action((options: SizingOptions) =>
      run(async () => (await import("./sizing.js")).runSizing(options)),
    );
}
