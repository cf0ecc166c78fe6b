/** A process that is started before its servers waits for them, and says for which. */
import type { Logger } from "pino";
import { type Config, withoutPasswords } from "./config.js";
import { watchParent } from "./parent.js";
import { SETTINGS } from "./settings.js";

const ASK_AGAIN_AFTER_MS = 500;
/** That a server is still away is said again after so long. */
const SAY_AGAIN_AFTER_MS = 10_000;
const EXIT_UNUSABLE = 1;

/** Of the operating system's network, of name servers, and of NATS. */
const AWAY_CODES = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "CONNECTION_REFUSED",
  "CONNECTION_CLOSED",
  "CONNECTION_TIMEOUT",
  "DISCONNECT",
  "TIMEOUT",
  "503",
]);
/** PostgreSQL begins, ends, or has no connection left; see "PostgreSQL Error Codes". */
const AWAY_STATES = /^(57P0[1-3]|53300|08...)$/;
/** What the client for PostgreSQL says without a code. */
const AWAY_WORDS = /^(timeout expired|query read timeout|connection terminated)/i;

/** Is it only not there (yet), and may be later? Everything else comes again however often it is asked. */
export function isAway(error: unknown): boolean {
  const { code, message = "" } = (error ?? {}) as {
    readonly code?: unknown;
    readonly message?: string;
  };
  const word = String(code);
  return AWAY_CODES.has(word) || AWAY_STATES.test(word) || AWAY_WORDS.test(message);
}

/** Where the settings say that a server is. */
const SETTING_OF = {
  PostgreSQL: { key: "postgresUrl", variable: SETTINGS.postgresUrl.variable },
  NATS: { key: "natsUrl", variable: SETTINGS.natsUrl.variable },
} as const;

/** Opens what it is told to, given the server's URL; see `firstAnswerOf`. */
export type Ask = <T>(
  server: keyof typeof SETTING_OF,
  open: (url: string) => Promise<T>,
) => Promise<T>;

/**
 * Waits for what `open` gives, until the server answers. A server that answers and cannot be used ends the process, with one
 * line that says why; while it waits, so does the end of its supervisor.
 */
export function firstAnswerOf(config: Config, logger: Logger): Ask {
  return async (server, open) => {
    const { key, variable } = SETTING_OF[server];
    const url = config[key];
    const where = { server, [variable]: withoutPasswords(url) };
    const stopWatching = watchParent(() => process.exit());
    let saidAtMs = -Infinity;
    for (;;) {
      try {
        const opened = await open(url);
        if (saidAtMs > -Infinity) logger.info(where, "the server answers");
        stopWatching();
        return opened;
      } catch (error) {
        if (!isAway(error)) refuse(logger, where, error);
        if (performance.now() - saidAtMs >= SAY_AGAIN_AFTER_MS) {
          saidAtMs = performance.now();
          logger.warn({ ...where, error: String(error) }, "no answer yet; it is asked again");
        }
        await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_AFTER_MS));
      }
    }
  };
}

function refuse(logger: Logger, where: object, error: unknown): never {
  logger.fatal({ ...where, error: String(error) }, "the server answers, and cannot be used");
  process.exit(EXIT_UNUSABLE);
}
