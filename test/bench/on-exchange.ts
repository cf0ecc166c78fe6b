/** What all benchmarks of a whole exchange have in common: they start one, measure, audit it, and say what it ran on. */
import { Scene } from "../../chaos/scene.js";
import { audit } from "../../services/audit/audit.js";
import { makeLogFiles } from "./log-files.js";
import { type Machine, machineOf } from "./machine.js";
import { isDurable, serverSettings } from "./servers-cost.js";

export interface Shape {
  readonly nodes: number;
  readonly ledgerShards: number;
  readonly symbols: number;
  readonly postgresInstances: number;
  /** More variables for the processes. */
  readonly env?: Readonly<Record<string, string>>;
}

export const SHAPE: Shape = { nodes: 3, ledgerShards: 2, symbols: 10, postgresInstances: 1 };

/** What a benchmark has found before the audit. */
export interface Measured {
  /** Whatever makes its numbers worthless. */
  readonly failures: readonly string[];
  /** Was it only tried? Then none of its numbers means anything. */
  readonly short: boolean;
}

export interface Verdict extends Measured, Shape {
  /** Are fsync, full_page_writes and synchronous_commit on, at each instance? */
  readonly durable: boolean;
  /** How many files of PostgreSQL's log were made before anything was measured; 0: none (`log-files.ts`). */
  readonly logFiles: number;
  /** PostgreSQL's settings, as it says them; of several instances, which have the same, the home's. */
  readonly settings: Readonly<Record<string, string>>;
  /** Its disk is the one of PostgreSQL's data, the home's. */
  readonly machine: Machine;
  readonly conserved: boolean;
  readonly auditOk: boolean;
  readonly ok: boolean;
}

interface Manner {
  /** Is it only tried? */
  readonly short?: boolean;
  readonly log?: (line: string) => void;
}

/** Measures an exchange that is started for it, and stopped whatever happens. */
export async function onExchange<T extends Measured>(
  shape: Shape,
  manner: Manner,
  measure: (scene: Scene) => Promise<T>,
): Promise<T & Verdict> {
  const { log = () => {} } = manner;
  const scene = await Scene.start({ ...shape, log });
  try {
    return await judged(scene, shape, manner, measure);
  } catch (error) {
    if (!scene.isEnding) log(`the logs are kept in ${scene.keepLogs()}`);
    throw error;
  } finally {
    await scene.stop();
  }
}

/** Measures an exchange that runs, and audits it. */
export async function judged<T extends Measured>(
  scene: Scene,
  shape: Shape,
  { short = false, log = () => {} }: Manner,
  measure: (scene: Scene) => Promise<T>,
): Promise<T & Verdict> {
  if (!short) log("making the files of PostgreSQL's log");
  const logFiles = short ? 0 : await makeLogFiles(scene);
  const measured = await measure(scene);
  log("auditing");
  const audited = await audit(scene.exchange.urls.postgres);
  const settings = await serverSettings(scene);
  const durable = await isDurable(scene);
  const failures = [...measured.failures];
  if (audited.firstViolation) failures.push(JSON.stringify(audited.firstViolation));
  if (!durable) failures.push("PostgreSQL does not write durably");
  return {
    ...measured,
    ...shape,
    durable,
    logFiles,
    settings,
    machine: machineOf(scene.exchange.servers.postgres.dataFolder),
    conserved: audited.conserved,
    auditOk: audited.ok,
    failures,
    ok: failures.length === 0 && audited.ok,
  };
}
