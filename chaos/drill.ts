/**
 * Drills: faults on purpose, at an exchange that trades, and proof that nothing was lost. Each round strikes, measures
 * what clients or the batch log see of it, and makes everything whole again.
 */
import { drillOf } from "./drills/catalog.js";
import type { Surroundings } from "./drills/drill.js";
import { InterruptedError, unlessInterrupted } from "./interrupt.js";
import type { DrillReport } from "./report.js";
import { Session } from "./session.js";

export interface DrillOptions extends Partial<Surroundings> {
  readonly rounds?: number;
  /** Strikes again and again for so long, instead of so many rounds. */
  readonly minutes?: number;
  readonly seed?: number;
  /** Where its report and its evidence are written; absent: nowhere. */
  readonly folder?: string;
  /** True keeps the logs although everything is as it should be. */
  readonly keep?: boolean;
  /** Takes lines of progress. */
  readonly log?: (line: string) => void;
  /** Ends it early, with everything stopped that was started. */
  readonly signal?: AbortSignal;
}

export const SURROUNDINGS: Surroundings = {
  nodes: 3,
  ledgerShards: 4,
  symbols: 6,
  ordersPerSecond: 200,
  wired: false,
  smallDisk: false,
  fakeClocks: false,
  natsServers: 1,
};
const ROUNDS = 20;
export const SEED = 1;
const MS_PER_MINUTE = 60_000;

/** Runs a drill on an exchange that it starts. Throws `UnknownDrillError`; rejects when it cannot be run to its end. */
export async function runDrill(name: string, options: DrillOptions = {}): Promise<DrillReport> {
  const drill = drillOf(name);
  const {
    log = () => {},
    rounds = ROUNDS,
    seed = SEED,
    keep = false,
    signal,
    minutes,
    folder,
  } = options;
  const forMs = minutes === undefined ? {} : { forMs: minutes * MS_PER_MINUTE };
  const surroundings = { ...SURROUNDINGS, ...drill.surroundings, ...options };
  const session = await Session.open({ ...surroundings, seed, log });
  try {
    const found = await unlessInterrupted(signal, session.run(drill, { rounds, ...forMs }, folder));
    if (keep || !found.ok) log(`the logs are kept in ${session.keepLogs()}`);
    return found;
  } catch (error) {
    // Who ends it asks for nothing of it.
    if (keep || !(error instanceof InterruptedError)) {
      log(`the logs are kept in ${session.keepLogs()}`);
    }
    throw error;
  } finally {
    await session.close();
  }
}
