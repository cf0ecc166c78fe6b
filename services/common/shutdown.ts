/** How a process ends: it drains within a bound, whatever asks it to end. */
import type { Logger } from "./log.js";
import { ENDING_SIGNALS } from "./signals.js";

const DRAIN_LIMIT_MS = 10_000;
const EXIT_FAILED = 1;
const EXIT_INTERRUPTED = 130;

export interface ShutdownOptions {
  readonly log: Logger;
  /** Stops taking work, finishes what has begun, closes connections. */
  readonly drain: (reason: string) => Promise<void>;
  /** In milliseconds; a drain that takes longer is given up. */
  readonly limitMs?: number;
}

/** Resolves to whether the work ended well and in time. */
async function drainsInTime(options: ShutdownOptions, reason: string): Promise<boolean> {
  const { log, drain, limitMs = DRAIN_LIMIT_MS } = options;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(new Error(`not drained within ${limitMs} ms`)), limitMs);
  });
  try {
    await Promise.race([drain(reason), late]);
    return true;
  } catch (error) {
    log.error({ err: error, reason }, "draining failed");
    return false;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Drains and exits on SIGTERM, SIGINT or SIGHUP (code 0; 1 when draining fails), a second signal exits at
 * once. An uncaught error is logged and exits with 1: it is a bug, and the state behind it cannot
 * be trusted. The returned function does the same for other reasons to end.
 */
export function installShutdown(
  options: ShutdownOptions,
): (reason: string, exitCode?: number) => Promise<void> {
  const { log } = options;
  let ending = false;
  const shutdown = async (reason: string, exitCode = 0): Promise<void> => {
    if (ending) return;
    ending = true;
    log.info({ reason }, "draining");
    const drained = await drainsInTime(options, reason);
    log.info({ reason }, "ended");
    process.exit(drained ? exitCode : EXIT_FAILED);
  };
  for (const signal of ENDING_SIGNALS) {
    process.on(signal, () => {
      if (ending) process.exit(EXIT_INTERRUPTED);
      void shutdown(signal);
    });
  }
  const crash = (error: unknown) => {
    log.fatal({ err: error }, "uncaught error");
    process.exit(EXIT_FAILED);
  };
  process.on("uncaughtException", crash);
  process.on("unhandledRejection", crash);
  return shutdown;
}
