/** What the production code says in its log, in the run's own text; without the text it costs next to nothing. */
import type { Logger } from "pino";
import type { SimProcess } from "../world/process.js";

const silent = (): void => undefined;

export function loggerOf(process: SimProcess, bindings: object = {}): Logger {
  const { trace, scheduler } = process.world;
  if (!trace.lines) return SILENT;
  const say = (details: unknown, message?: string): void => {
    const text = typeof details === "string" ? details : (message ?? "");
    const fields = typeof details === "string" ? bindings : { ...bindings, ...(details as object) };
    trace.say(scheduler.nowUs, () => `${process.incarnation}: ${text} ${JSON.stringify(fields)}`);
  };
  const logger = {
    child: (more: object) =>
      loggerOf(process, {
        ...bindings,
        ...more,
      }),
    trace: silent,
    debug: silent,
    info: say,
    warn: say,
    error: say,
    fatal: say,
  };
  return logger as unknown as Logger;
}

const SILENT = {
  child: () => SILENT,
  trace: silent,
  debug: silent,
  info: silent,
  warn: silent,
  error: silent,
  fatal: silent,
} as unknown as Logger;
