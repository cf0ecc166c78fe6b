/** Logs of a process: one line of JSON each, on stderr, because stdout belongs to results. */
import { destination, type Logger, pino, stdTimeFunctions } from "pino";
import { loadConfig } from "./config.js";

export type { Logger } from "pino";

const STDERR = 2;

/** What most lines are about; a child logger binds what is known. */
export interface LogBindings {
  /** An actor's name. */
  readonly actor?: string;
  readonly token?: number;
  readonly batch?: number;
  readonly [key: string]: unknown;
}

/**
 * A logger of one part of the process. Lines are written at once, so that the last words before a
 * crash are there. `createLog("host", { actor }).child({ token })` binds more.
 */
export function createLog(component: string, bindings: LogBindings = {}): Logger {
  return pino(
    {
      level: loadConfig().values.logLevel,
      base: { component, pid: process.pid, ...bindings },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination({ fd: STDERR, sync: true }),
  );
}
