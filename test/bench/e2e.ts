/**
 * The whole exchange, measured from outside: real servers, real processes, clients in processes of their own through the
 * public order-entry stream. Saturated first (how many orders a second), then quiet (how long one takes).
 */
import { Scene } from "../../chaos/scene.js";
import { audit } from "../../services/audit/audit.js";
import { ACCOUNTS, failuresOf, type PhaseReport, runPhase } from "./phase.js";

export interface E2eOptions {
  readonly seconds?: number;
  readonly nodes?: number;
  readonly ledgerShards?: number;
  readonly window?: number;
  readonly log?: (line: string) => void;
}

const DEFAULTS = { seconds: 60, nodes: 3, ledgerShards: 2, window: 2_000 } as const;

const SYMBOLS = 10;
const WARM_UP_SECONDS = 5;
const QUIET_ORDERS_PER_SECOND = 500;
const QUIET_SECONDS_MAX = 30;

export interface E2eReport extends PhaseReport {
  readonly name: "e2e";
  readonly quiet: PhaseReport;
  readonly nodes: number;
  readonly ledgerShards: number;
  readonly accounts: number;
  readonly symbols: number;
  readonly window: number;
  /** Are fsync, full_page_writes and synchronous_commit on? */
  readonly durable: boolean;
  readonly conserved: boolean;
  readonly auditOk: boolean;
  readonly failures: readonly string[];
  readonly ok: boolean;
}

/** Measures an exchange that it starts. */
export async function runE2e(options: E2eOptions = {}): Promise<E2eReport> {
  const settings = { ...DEFAULTS, ...options };
  const log = options.log ?? (() => {});
  const { seconds, window, nodes, ledgerShards } = settings;
  const scene = await Scene.start({ nodes, ledgerShards, symbols: SYMBOLS, log });
  try {
    const saturating = { ordersPerSecond: 0, window };
    log("warming up");
    await runPhase(scene, { name: "w", seconds: WARM_UP_SECONDS, ...saturating });
    log(`saturating for ${seconds} s`);
    const saturated = await runPhase(scene, { name: "s", seconds, ...saturating });
    const quietSeconds = Math.min(seconds, QUIET_SECONDS_MAX);
    log(`${QUIET_ORDERS_PER_SECOND} orders/s for ${quietSeconds} s`);
    const quiet = await runPhase(scene, {
      name: "q",
      seconds: quietSeconds,
      ordersPerSecond: QUIET_ORDERS_PER_SECOND,
      window,
    });
    log("auditing");
    const audited = await audit(scene.exchange.urls.postgres);
    const failures = [...failuresOf("saturated", saturated), ...failuresOf("quiet", quiet)];
    if (audited.firstViolation) failures.push(JSON.stringify(audited.firstViolation));
    const durable = await isDurable(scene);
    if (!durable) failures.push("PostgreSQL does not write durably");
    return {
      name: "e2e",
      ...saturated,
      quiet,
      nodes,
      ledgerShards,
      accounts: ACCOUNTS,
      symbols: SYMBOLS,
      window,
      durable,
      conserved: audited.conserved,
      auditOk: audited.ok,
      failures,
      ok: failures.length === 0,
    };
  } catch (error) {
    log(`the logs are kept in ${scene.keepLogs()}`);
    throw error;
  } finally {
    await scene.stop();
  }
}

async function isDurable(scene: Scene): Promise<boolean> {
  const rows = await scene.query<{ setting: string }>(
    "SELECT setting FROM pg_settings WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit')",
  );
  return rows.length === 3 && rows.every(({ setting }) => setting === "on");
}
