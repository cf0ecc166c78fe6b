/** Numbers as people write them on a command line, to whole numbers of the smallest unit; exactly. */
import { CliError } from "./cli-error.js";

/** `parseDecimal("580.5", 2, "price")` is 58050. Throws `CliError` with what is allowed. */
export function parseDecimal(text: string, decimals: number, what: string): number {
  if (/^-[\d.]/.test(text)) {
    throw new CliError(
      "NUMBER_BELOW_ZERO",
      `the ${what} "${text}" is below zero, which it cannot be`,
    );
  }
  const match = /^(\d+)(?:\.(\d+))?$/.exec(text);
  if (!match) throw new CliError("NOT_A_NUMBER", `the ${what} "${text}" is not a number like 12.5`);
  const [, whole = "", fraction = ""] = match;
  if (fraction.length > decimals) {
    const allowed = decimals === 0 ? "no decimals" : `at most ${decimals} decimals`;
    throw new CliError("TOO_MANY_DECIMALS", `the ${what} "${text}" may have ${allowed}`);
  }
  const units = Number(whole + fraction.padEnd(decimals, "0"));
  if (Number.isSafeInteger(units)) return units;
  throw new CliError("NUMBER_TOO_LARGE", `the ${what} "${text}" is above 2^53 - 1 smallest units`);
}

/** A whole number in digits, within bounds. Throws `CliError`, which tells one that is out of bounds from what is no number. */
export function parseWhole(text: string, minimum: number, maximum: number, what: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= minimum && value <= maximum) return value;
  if (/^-?\d+$/.test(text)) {
    throw new CliError(
      "NUMBER_OUT_OF_RANGE",
      `the ${what} is ${text}; it is a whole number from ${minimum} to ${maximum}`,
    );
  }
  throw new CliError(
    "NOT_A_NUMBER",
    `the ${what} is "${text}", which is no whole number in plain digits; it is one from ${minimum} to ${maximum}`,
  );
}
