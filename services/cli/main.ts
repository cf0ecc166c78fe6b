/** The command line: `palisade COMMAND`. */
import { Command } from "commander";
import { addAccountCommands } from "./accounts.js";
import { addAudit } from "./audit.js";
import { addClusterCommands } from "./cluster.js";
import { addInstruments } from "./instruments.js";
import { addOrderCommands } from "./orders.js";
import { say } from "./output.js";
import { addBench, addDrill, addReplay } from "./proofs.js";
import { addStart } from "./start.js";
import { addWatch } from "./watch.js";

const EXIT_INTERRUPTED = 130;

const program = new Command("palisade")
  .description("A distributed exchange: fenced, replayable, and provable after every failure.")
  .showHelpAfterError()
  .showSuggestionAfterError();

addStart(program);
addInstruments(program);
addAccountCommands(program);
addOrderCommands(program);
addWatch(program);
addClusterCommands(program);
addAudit(program);
addReplay(program);
addDrill(program);
addBench(program);

// An exit, unlike a signal's own end, lets servers that a command has started be stopped. `start` drains instead.
program.hook("preAction", (_, command) => {
  if (command.name() === "start") return;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => process.exit(EXIT_INTERRUPTED));
  }
});

try {
  await program.parseAsync(process.argv);
} catch (error) {
  // What has a code was foreseen and says what to do; anything else is a bug and shows where it is.
  const { code, message, stack } = error as Error & { code?: unknown };
  const isForeseen = typeof code === "string";
  say(isForeseen ? message : (stack ?? message));
  process.exitCode = 1;
}
