/** What a test of the log's contract needs of an adapter. */
import type { Bus, Log } from "../../services/ports/log.js";

export interface LogBench {
  readonly log: Log;
  readonly bus: Bus;
  /** The log and the bus as another process has them. */
  readonly other: { readonly log: Log; readonly bus: Bus };
  /** Kills what keeps the log, and starts it again on what it had stored. */
  crash(): Promise<void>;
  /** Keeps a copy of all that is stored now. */
  remember(): Promise<void>;
  /** Kills what keeps the log, and starts it again on the copy: what came later was never there. */
  rollBack(): Promise<void>;
  /** Nothing answers any more, and nobody is told. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** Lets an inbox hold no more than so many bytes. */
  limit(actorName: string, anchor: number, bytes: number): Promise<void>;
  /** Deletes an inbox behind everybody's back. */
  remove(actorName: string, anchor: number): Promise<void>;
  close(): Promise<void>;
}

export interface OpenLogBench {
  (): Promise<LogBench>;
}
