/** The command that says what an exchange needs. */
import type { Command } from "commander";
import type { Shell } from "./account-commands.js";
import { SIZING_CODES } from "./exit-codes.js";
import type { SizingOptions } from "./sizing.js";

/** What is said of every size, as in a command that is complete. */
const COMPLETE = {
  ordersPerSecond: "--orders-per-second 10000",
  accounts: "--accounts 100000",
  symbols: "--symbols 100",
  subscribers: "--subscribers 10000",
} as const satisfies Partial<Record<keyof SizingOptions, string>>;

type Needed = keyof typeof COMPLETE;
type Given = Omit<SizingOptions, Needed> & Partial<Pick<SizingOptions, Needed>>;

export function addSizingCommand({ program, run }: Pick<Shell, "program" | "run">): void {
  program
    .command("sizing")
    .description("what an exchange of a size needs, on paper: from measured costs of its parts")
    .optionsGroup("The size, which is always said:")
    .option("--orders-per-second <count>", "at the busiest")
    .option("--accounts <count>", "how many there are")
    .option("--symbols <count>", "how many are traded")
    .option("--subscribers <count>", "WebSocket clients that follow one symbol each")
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
    .addHelpText("after", SIZING_CODES)
    .action((options: Given, command: Command) =>
      run(async () => {
        const { refuseWrongValues, runSizing } = await import("./sizing.js");
        refuseWrongValues(options);
        if (!isComplete(options)) return command.error(missingWords(options));
        return runSizing(options);
      }),
    );
}

const missingOf = (options: Given): Needed[] =>
  (Object.keys(COMPLETE) as Needed[]).filter((name) => options[name] === undefined);

const isComplete = (options: Given): options is SizingOptions => missingOf(options).length === 0;

function missingWords(options: Given): string {
  const names = missingOf(options).map((name) => COMPLETE[name].split(" ", 1)[0]!);
  const complete = `npx palisade sizing ${Object.values(COMPLETE).join(" ")}`;
  return `error: SIZE_MISSING: without ${names.join(", ")} nothing is computed; a complete command is: ${complete}`;
}
