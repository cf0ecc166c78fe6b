/** What was asked for without a definite answer, to be asked for again under the same name. */
import { ExchangeError } from "../client/exchange-error.js";
import { CliError } from "./cli-error.js";

/** Whoever did not choose the key or id has to learn it: only under it asking again is no second time. */
export async function namingTheKey<T>(
  option: "--key" | "--id",
  key: string,
  ask: () => Promise<T>,
): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof ExchangeError) || error.kind === "final") throw error;
    const { code, message, kind } = error;
    const text = message.startsWith(`${code}: `) ? message.slice(code.length + 2) : message;
    const isSaid = text.includes("nothing was done");
    const what =
      kind === "unknown" ? "; it may have been done" : isSaid ? "" : "; nothing was done";
    throw new CliError(code, `${text}${what}; try again with ${option} ${key}`);
  }
}
