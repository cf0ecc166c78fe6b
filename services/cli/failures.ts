/** What a failed command says, and the code that it ends with. */
import { CommanderError } from "commander";
import { CliError } from "./cli-error.js";

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
/**
 * Of commands whose 1 and 2 are what they found, as sysexits has them (EX_USAGE, EX_SOFTWARE): nothing was run, and it broke
 * off without an answer.
 */
export const EXIT_REFUSED = 64;
export const EXIT_BROKE_OFF = 70;

export const DRILL_CODES = `
Exit codes: 0 nothing is wrong; 1 something is, or with --without: the drill has noticed; 2 with --without: it has
noticed nothing; ${EXIT_REFUSED} nothing was struck: the message says what is wrong, with
the request or with the exchange; ${EXIT_BROKE_OFF} with --without: it broke off without an
answer; 130 it was interrupted.`;
export const SIM_CODES = `
Exit codes: 0 no rule is broken; 1 one is (with --without: what is missing was noticed); 2 with --without: nothing was
noticed; ${EXIT_REFUSED} nothing was run, as what is asked for is wrong; ${EXIT_BROKE_OFF} it broke off without an answer; 130 it was
interrupted before it found anything.`;

const FINDS = ["sim", "drill"];
/** Its class is the drills' own, which are much to load for other commands. */
const UNKNOWN_DRILL = "UNKNOWN_DRILL";

/** `args`: the command and what follows it. */
export function exitCodeOf(error: unknown, [command = "", ...others]: readonly string[]): number {
  if (error instanceof CommanderError && error.exitCode === 0) return 0;
  const isUsage = error instanceof CommanderError;
  if (!FINDS.includes(command)) return isUsage ? EXIT_USAGE : EXIT_FAILED;
  if (isUsage || error instanceof CliError || codeOf(error) === UNKNOWN_DRILL) return EXIT_REFUSED;
  // A drill that breaks off is red; but of one that lacks a safety red would say that it has noticed.
  const isWithout = others.some((word) => /^--without(=|$)/.test(word));
  return command === "sim" || isWithout ? EXIT_BROKE_OFF : EXIT_FAILED;
}

/** An error with a code is for the person at the terminal; anything else is a bug, and its stack is of use. */
export function wordsOf(error: unknown): string {
  const isKnown = typeof codeOf(error) === "string";
  return isKnown ? (error as Error).message : ((error as Error).stack ?? String(error));
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown }).code;
}
