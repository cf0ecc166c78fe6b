/** Logs of a process: one line of JSON each, on stderr, because stdout belongs to results. */
import { writeSync } from "node:fs";
import { type Logger, pino, stdTimeFunctions } from "pino";
import { loadConfig } from "./config.js";

export type { Logger } from "pino";

const STDERR = 2;
/** A pipe that is full is tried again so often, before the line is given up. */
const WRITES_MAX = 1_000;

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
export function createLog(component: string, bindings: LogBindings = {}, fd = STDERR): Logger {
  return pino(
    {
      level: loadConfig().values.logLevel,
      base: { component, pid: process.pid, ...bindings },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line) => write(fd, Buffer.from(line)) },
  );
}

/** Writes a line; one for which there is no room, as on a full disk, is lost, and nobody ends by that. */
function write(fd: number, line: Buffer): void {
  let left = line;
  for (let writes = 0; left.length > 0 && writes < WRITES_MAX; writes++) {
    try {
      left = left.subarray(writeSync(fd, left));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") return;
    }
  }
}
