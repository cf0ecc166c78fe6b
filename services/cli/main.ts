/** The command line of the exchange: `npx palisade COMMAND`, and `npm start` and its like. */
import { Command, CommanderError } from "commander";
import { addAccountCommands } from "./account-commands.js";
import { addBenchCommand } from "./bench-command.js";
import { DRILL_CODES, EXIT_INTERRUPTED, GAME_DAY_CODES, VERIFY_CODES } from "./exit-codes.js";
import { exitCodeOf, wordsOf } from "./failures.js";
import { exit, progress } from "./output.js";
import { endWithReader, outliveReaders } from "./readers.js";
import { addRecordCommands } from "./record-commands.js";
import { addClusterCommands } from "./cluster-commands.js";
import { addSimCommand } from "./sim-command.js";
import { addSizingCommand } from "./sizing-command.js";
import type { DrillOptions } from "./drill.js";
import type { AgainstOptions } from "./drill-against.js";
import type { MarketOptions } from "./market.js";
import type { AmendOptions, OrderOptions } from "./orders.js";
import type { PairOptions } from "./pair.js";
import type { StartOptions } from "./start.js";
import type { VenueOptions } from "./venue.js";
import { ENDING_SIGNALS } from "../common/signals.js";

interface Common {
  readonly json?: boolean;
  readonly dataDir?: string;
}

const program = new Command("palisade")
  .description("A distributed exchange: fenced, replayable, and provable after every failure.")
  .showHelpAfterError()
  .exitOverride();

/** Ends the process with what the command resolves to. */
function run(work: () => Promise<number | void>): Promise<void> {
  return work().then((code) => exit(code ?? 0));
}

const withData = (command: Command): Command =>
  command
    .option("--data-dir <folder>", "the data directory of the running exchange")
    .option("--json", "one line of JSON on stdout");
const withPlaces = (command: Command): Command =>
  withData(command).addHelpText(
    "after",
    "\nOf an exchange that runs elsewhere PALISADE_ETCD_URL and PALISADE_POSTGRES_URL say where it is, as its nodes have them.",
  );
const withGateway = (command: Command): Command =>
  withData(command).option(
    "--gateway <address>",
    "a gateway of another exchange than the data directory's, as host:port",
  );
const shell = { program, run, withData, withPlaces, withGateway };

program
  .command("start")
  .description("run the exchange on this machine, with participants that trade")
  .option("--fresh", "remove what earlier runs left in the data directory")
  .option("--data-dir <folder>", "where the exchange keeps its data (default .palisade)")
  .option("--for <duration>", "run that long (20s, 5m), audit, and end")
  .option(
    "--postgres-instances <count>",
    "over how many PostgreSQL instances actors are spread (default: as many as there were, or 1); from then on for good",
  )
  .option("--json", "with --for: end with one line of JSON on stdout")
  .option("--print-config", "show every setting with where it came from, and end")
  .action((options: StartOptions) => run(async () => (await import("./start.js")).start(options)));

program
  .command("replay <file>")
  .description("drive an exchange of its own with an order-flow file and compare fills and book")
  .option("--engine", "the bare market actor instead of an exchange")
  .option("--json", "one line of JSON on stdout")
  .action((file: string, options: { engine?: boolean; json?: boolean }) =>
    run(async () => (await import("./replay.js")).replay(file, options)),
  );

const withAgainst = (command: Command): Command =>
  command
    .option("--against <address>", "the gateway of a running exchange, as host:port")
    .option("--account <account>", "with --against: the probe's, which is nobody else's")
    .option("--dry-run", "with --against: say what would be done, and touch nothing")
    .option("--abort-after <duration>", "with --against: end when the probe is unanswered (5s)")
    .option("--data-dir <folder>", "with --against: the data directory of that exchange")
    .option("--report <folder>", "where the report goes (default .palisade/drills/TIME-NAME)")
    .option("--json", "one line of JSON on stdout");

const drillCommand = program
  .command("drill <name>")
  .description(
    "break an exchange of its own on purpose and prove that nothing was lost: a drill, all of them once, or list; " +
      "with --against those that a running exchange can bear",
  )
  .option(
    "--rounds <count>",
    "how often to strike, 1 to 10000 (default: 20; at a running exchange 1, and 1000 at most)",
  )
  .option(
    "--minutes <count>",
    "strike again and again for so long, 1 to 10000, instead of so often",
  )
  .option("--seed <number>", "the seed of the load, and of what chaos draws (default: 1)")
  .option("--without <safety>", "take a safety away from all nodes, to see that the drill notices")
  .option("--keep", "keep the logs although nothing failed")
  .option("--symbols <list>", "with --against: the symbols and ledger shards that may be touched")
  .option("--nodes <list>", "with --against: the nodes that may be touched");
drillCommand.addHelpText("after", DRILL_CODES);
withAgainst(drillCommand).action((name: string, options: DrillOptions) =>
  run(async () => (await import("./drill.js")).drill(name, options)),
);

withAgainst(program.command("game-day <file>").addHelpText("after", GAME_DAY_CODES))
  .description("drills at a running exchange by the schedule of a file (see deploy/game-days)")
  .action((file: string, options: AgainstOptions) =>
    run(async () => (await import("./game-day.js")).gameDay(file, options)),
  );

program
  .command("verify <folder>")
  .description(
    "judge the evidence that a drill has left again, offline (npm run verify: static checks)",
  )
  .option("--json", "one line of JSON on stdout")
  .addHelpText("after", VERIFY_CODES)
  .action((folder: string, options: { json?: boolean }) =>
    run(async () => (await import("./verify-evidence.js")).verify(folder, options)),
  );

addSimCommand(shell);

addBenchCommand(shell);
addSizingCommand(shell);

addRecordCommands(shell);

withGateway(program.command("instruments"))
  .description("list the instruments")
  .action((options: Common) => run(async () => (await import("./orders.js")).instruments(options)));

addAccountCommands(shell);

withGateway(program.command("order <account> <side> <quantity> <symbol> [price]"))
  .description("place an order: buy or sell; without a price a market order or a stop")
  .option("--id <text>", "client order id (default: one that was never used)")
  .option(
    "--type <type>",
    "limit, market, stop or stop-limit (default: what the prices make of it)",
  )
  .option("--stop <price>", "the price of a trade from which on a stop is executed")
  .option("--display <quantity>", "an iceberg: what it shows at most")
  .option("--tif <time>", "gtc, ioc, fok, day, gtd, open or close (default: the type's own)")
  .option("--ioc", "the same as --tif ioc")
  .option("--expires <time>", "when it expires: +10m, or like 2026-01-31T13:30:00Z")
  .option("--post-only", "rests, or is refused when it would trade at once")
  .option(
    "--reprice",
    "a post-only order that, when it would trade, takes the nearest price at which it rests",
  )
  .option("--trail <offset>", "a stop that follows the last trade, so far behind")
  .option("--min-quantity <quantity>", "what has to trade at once, or the order ends")
  .option("--stp <mode>", "self-trade prevention: none, newest, oldest, both or decrement")
  .action(
    (
      account: string,
      side: string,
      quantity: string,
      symbol: string,
      price: string | undefined,
      options: OrderOptions,
    ) =>
      run(async () =>
        (await import("./orders.js")).order({ account, side, quantity, symbol, price }, options),
      ),
  );

withGateway(program.command("pair <account> <side> <quantity> <symbol>"))
  .description(
    "place a limit order and a stop, of which one cancels the other: accepted together or not at all, " +
      "under the client order ids ID-limit and ID-stop",
  )
  .requiredOption("--limit <price>", "the limit order's price")
  .requiredOption("--stop <price>", "the price of a trade from which on the stop is executed")
  .option("--stop-limit <price>", "the stop is a limit order then, at this price")
  .option("--id <text>", "what both ids begin with (default: one that was never used)")
  .action((account: string, side: string, quantity: string, symbol: string, options: PairOptions) =>
    run(async () => (await import("./pair.js")).pair({ account, side, quantity, symbol }, options)),
  );

withGateway(program.command("cancel <account> <id>"))
  .description("cancel an order by its client order id")
  .action((account: string, id: string, options: Common) =>
    run(async () => (await import("./orders.js")).cancel(account, id, options)),
  );

withGateway(program.command("amend <account> <id>"))
  .description("change an order by its client order id; what is not named stays")
  .option("--price <price>", "the new limit")
  .option("--quantity <quantity>", "the new quantity, with what is filled")
  .option("--stop <price>", "the new stop price of a stop")
  .option("--display <quantity>", "what an iceberg shows at most from now on")
  .action((account: string, id: string, options: AmendOptions) =>
    run(async () => (await import("./orders.js")).amend(account, id, options)),
  );

withGateway(program.command("cancel-all <account>"))
  .description("cancel all orders of an account")
  .option("--symbol <symbol>", "those of one symbol")
  .option("--side <side>", "those of one side: buy or sell")
  .action((account: string, options: Common & { symbol?: string; side?: string }) =>
    run(async () => (await import("./orders.js")).cancelAll(account, options)),
  );

withGateway(program.command("market <symbol> [action] [argument]"))
  .description("how a market stands; phase NAME, rules, schedule FILE, or cancel change it")
  .option("--for <duration>", "phase: an auction ends by itself after so long (60s, 5m)")
  .option(
    "--band <percent>",
    "rules: how far limits may be from the session's reference (20%, off)",
  )
  .option("--dynamic <percent>", "rules: how far from the last trade an order may trade")
  .option("--breaker <percent>", "rules: how far trades may go before the market halts")
  .option("--window <duration>", "rules: within how long the breaker looks")
  .option("--halts <durations>", "rules: how long it halts, the first time and the next (60s,300s)")
  .option("--max-quantity <quantity>", "rules: the largest order, or off")
  .option("--max-value <value>", "rules: the largest order's price times quantity, or off")
  .option("--account <account>", "cancel: the orders of one account (default: everybody's)")
  .option("--side <side>", "cancel: the orders of one side: buy or sell")
  .action(
    (
      symbol: string,
      action: string | undefined,
      argument: string | undefined,
      options: MarketOptions,
    ) => run(async () => (await import("./market.js")).market(symbol, action, argument, options)),
  );

withGateway(program.command("halt-all"))
  .description("the kill switch: no market trades from now on; cancels are taken")
  .option("--cancel", "end every order of everybody, too")
  .action((options: VenueOptions) =>
    run(async () => (await import("./venue.js")).haltAll(options)),
  );

withGateway(program.command("resume-all"))
  .description("every market that is halted trades again, whoever halted it")
  .action((options: VenueOptions) =>
    run(async () => (await import("./venue.js")).resumeAll(options)),
  );

withGateway(program.command("get <account> <id>"))
  .description("an order by its client order id, with its fills")
  .action((account: string, id: string, options: Common) =>
    run(async () => (await import("./orders.js")).get(account, id, options)),
  );

withGateway(program.command("orders <account>"))
  .description("an account's orders that have not ended, the newest first")
  .action((account: string, options: Common) =>
    run(async () => (await import("./orders.js")).openOrders(account, options)),
  );

withGateway(program.command("resolve <account> <id>"))
  .description("what became of a client order id; if it was never seen, it can never execute now")
  .action((account: string, id: string, options: Common) =>
    run(async () => (await import("./orders.js")).resolve(account, id, options)),
  );

withData(program.command("watch <symbol>"))
  .description("trades and the top of the book, as they come")
  .option("--count <messages>", "end after so many messages")
  .action((symbol: string, options: Common & { count?: string }) =>
    run(async () => (await import("./watch.js")).watch(symbol, options)),
  );

withPlaces(program.command("book <symbol>"))
  .description("the book from Postgres: as stored now, or made anew by the batch log up to a batch")
  .option("--at <batch>", "after that batch of the market")
  .option("--archives <folder>", "the archive files, where some of the log is in them")
  .action((symbol: string, options: Common & { at?: string; archives?: string }) =>
    run(async () => (await import("./book.js")).book(symbol, options)),
  );

addClusterCommands(shell);

// An exit, unlike a signal's own end, stops the servers that a command has started. `start`, `drill` and `bench` end in good order.
const ON_RECORDS = ["audit", "archive", "explain", "statement", "positions", "reincarnate"];
const STARTS_SERVERS = ["replay", ...ON_RECORDS];
program.hook("preAction", (_, command) => {
  if (["watch", "warnings", "statement"].includes(command.name())) endWithReader();
  if (!STARTS_SERVERS.includes(command.name())) return;
  for (const signal of ENDING_SIGNALS) {
    process.once(signal, () => process.exit(EXIT_INTERRUPTED));
  }
});

outliveReaders();

// Of a word that is no command it would be all of them, with what was meant far above; each command shows its own, which is short.
program.showHelpAfterError("npx palisade --help lists the commands");

// Of a word that is no command commander would show the help of all; without `--help` it says so, and what was meant.
const [word = "", ...others] = process.argv.slice(2);
const isHelp = others.some((other) => other === "--help" || other === "-h");
const isCommand = program.commands.some((each) => each.name() === word);
const args = isHelp && !isCommand && word !== "help" ? [word] : process.argv.slice(2);

try {
  await program.parseAsync(args, { from: "user" });
} catch (error) {
  // Commander has said its own.
  if (!(error instanceof CommanderError)) progress(wordsOf(error));
  exit(exitCodeOf(error, args));
}
