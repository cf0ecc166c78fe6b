/** What was asked for without a definite answer, to be asked for again under the same name. */
import { ExchangeError } from "../client/exchange-error.js";
import { untilPublished } from "../participants/venue.js";
import { CliError } from "./cli-error.js";
import { EXIT_INTERRUPTED } from "./exit-codes.js";
import { progress } from "./output.js";

type NamedBy = "--key" | "--id";

const NOTHING_DONE = "nothing was done";
const MAYBE_DONE = "it may have been done";

/** What a last refusal for good does not say of the tries before it. */
const DOUBT = "a try before had no answer, and may have been taken";

export interface Answered<T> {
  readonly result: T;
  /** A try before had no answer, and may have been taken: what was there before the answer may be of that try. */
  readonly isDoubtful: boolean;
}

/** Whoever did not choose the key or id has to learn it: only under it asking again is no second time. */
export async function namingTheKey<T>(
  option: NamedBy,
  key: string,
  ask: () => Promise<T>,
): Promise<T> {
  return toldOnInterrupt(option, key, async () => {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof ExchangeError) || error.kind === "final") throw error;
      throw new CliError(
        error.code,
        withName(textOf(error), error.kind === "unknown", option, key),
      );
    }
  });
}

/**
 * The same of what is asked for again until somebody leads and answers, which is for what is idempotent. That the last try was
 * refused says nothing of one before it.
 */
export async function untilAnswered<T>(
  option: NamedBy,
  key: string,
  ask: () => Promise<T>,
): Promise<Answered<T>> {
  let doubt: ExchangeError | undefined;
  const remembering = async (): Promise<T> => {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof ExchangeError && error.kind === "unknown") doubt ??= error;
      throw error;
    }
  };
  return namingTheKey(option, key, async () => {
    try {
      return { result: await untilPublished(remembering), isDoubtful: doubt !== undefined };
    } catch (error) {
      if (doubt === undefined || !(error instanceof ExchangeError)) throw error;
      if (error.kind !== "final") throw doubt;
      throw new CliError(error.code, withName(`${textOf(error)}; ${DOUBT}`, true, option, key));
    }
  });
}

/** Whoever ends it while it waits asks again under the same name, too. */
async function toldOnInterrupt<T>(
  option: NamedBy,
  key: string,
  work: () => Promise<T>,
): Promise<T> {
  const tell = (): void => {
    progress(withName("interrupted", true, option, key));
    process.exit(EXIT_INTERRUPTED);
  };
  process.once("SIGINT", tell);
  try {
    return await work();
  } finally {
    process.off("SIGINT", tell);
  }
}

function textOf({ code, message }: ExchangeError): string {
  return message.startsWith(`${code}: `) ? message.slice(code.length + 2) : message;
}

/** The exchange may have said that nothing was done, and that it is to be tried again, but not under which name. */
function withName(text: string, isMaybeDone: boolean, option: NamedBy, key: string): string {
  const what = isMaybeDone ? MAYBE_DONE : NOTHING_DONE;
  const isSaid = text.includes(what) || text.includes(DOUBT);
  const said = isSaid ? text : `${text}; ${what}`;
  return `${said.replace(/; try again[^;]*$/, "")}; try again with ${option} ${key}`;
}
