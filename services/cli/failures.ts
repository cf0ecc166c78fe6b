/** What a failed command says, and the code that it ends with. */
import { CommanderError } from "commander";
import { CliError } from "./cli-error.js";
import { EXIT_BROKE_OFF, EXIT_FAILED, EXIT_REFUSED, EXIT_USAGE } from "./exit-codes.js";

const FINDS = ["sim", "drill", "game-day", "verify"];
/** What they have to refuse is what they were asked for: whatever else ends them has failed. */
const ASKED = ["bench", "sizing"];
/** Of `verify`: there is nothing to judge. */
const NOTHING_TO_JUDGE = new Set<unknown>(["NO_SUCH_FOLDER", "NO_EVIDENCE"]);
/** Of drills, by which nothing was struck; their classes are much to load for other commands. */
const NOTHING_STRUCK = new Set<unknown>([
  "UNKNOWN_DRILL",
  "DRILL_CANNOT_STRIKE",
  "EXCHANGE_NOT_HEALTHY",
]);

/** `args`: the command and what follows it. */
export function exitCodeOf(error: unknown, [command = "", ...others]: readonly string[]): number {
  if (error instanceof CommanderError && error.exitCode === 0) return 0;
  const isUsage = error instanceof CommanderError;
  if (ASKED.includes(command)) return isUsage || isAskedWrongly(error) ? EXIT_USAGE : EXIT_FAILED;
  if (!FINDS.includes(command)) return isUsage ? EXIT_USAGE : EXIT_FAILED;
  if (isUsage || error instanceof CliError) return EXIT_REFUSED;
  if (NOTHING_STRUCK.has(codeOf(error)) || NOTHING_TO_JUDGE.has(codeOf(error))) return EXIT_REFUSED;
  // A drill that breaks off is red; but of one that lacks a safety red would say that it has noticed.
  const isWithout = others.some((word) => /^--without(=|$)/.test(word));
  return command === "sim" || isWithout ? EXIT_BROKE_OFF : EXIT_FAILED;
}

/** An error with a code is for the person at the terminal; anything else is a bug, and its stack is of use. */
export function wordsOf(error: unknown): string {
  if (codeOf(error) === "ECONNREFUSED") {
    return (
      `SERVER_UNREACHABLE: nothing listens there (${(error as Error).message}); a part of the exchange has ended, or is somewhere else. ` +
      "What npm start prints says which; it starts its own processes again by itself, and servers when it is started again"
    );
  }
  const isKnown = typeof codeOf(error) === "string";
  return isKnown ? (error as Error).message : ((error as Error).stack ?? String(error));
}

/** A page that cannot be written when all is measured was asked for rightly. */
function isAskedWrongly(error: unknown): boolean {
  if (codeOf(error) === "UNKNOWN_BENCH") return true;
  return error instanceof CliError && error.code !== "PLOT_NOT_WRITTEN";
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown }).code;
}
