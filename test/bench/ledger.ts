/**
 * The ledger: how many balance changes a second its actor makes in memory, how many are durable, each with its journal
 * and its idempotency key, what an account costs, and what the plain ways of a database do on the same server.
 */
import { audit } from "../../services/audit/audit.js";
import { randomNumbers } from "../helpers/orderflow.js";
import { Scene } from "../../chaos/scene.js";
import { Changes, accountNumbers } from "./ledger-changes.js";
import { measureCore } from "./ledger-core.js";
import { DurableLedger, type DurableReport } from "./ledger-durable.js";
import { measureRecovery, type RecoveryReport } from "./ledger-recovery.js";
import { measureRivals, type StrategyReport } from "./ledger-rivals.js";
import { type Machine, machineOf } from "./machine.js";
import { atLeast, type Target } from "./targets.js";

const NODES = 2;
const LEDGER_SHARDS = 2;
/** A saturated machine alone must not lose a lease. */
const LEASE_TTL_SECONDS = 3;
const HOT_ACCOUNTS = 10;
const SEED = 3;
const CORE_TARGET_PER_SECOND = 1_000_000;
const DURABLE_TARGET_PER_SECOND = 100_000;

export interface LedgerOptions {
  /** Small sizes, for tests: they show that it works, and no number of it means anything. */
  readonly short?: boolean;
  readonly log?: (line: string) => void;
}

interface Sizes {
  readonly accounts: number;
  readonly coreChanges: number;
  readonly coreRuns: number;
  readonly durableSeconds: number;
  readonly strategySeconds: number;
  readonly accountsRecovered: number;
  readonly recoveryRuns: number;
}

const FULL: Sizes = {
  accounts: 100_000,
  coreChanges: 500_000,
  coreRuns: 5,
  durableSeconds: 15,
  strategySeconds: 5,
  accountsRecovered: 1_000_000,
  recoveryRuns: 3,
};

const SHORT: Sizes = {
  accounts: 2_000,
  coreChanges: 5_000,
  coreRuns: 1,
  durableSeconds: 1,
  strategySeconds: 0.3,
  accountsRecovered: 20_000,
  recoveryRuns: 1,
};

export interface LedgerReport extends RecoveryReport {
  readonly name: "ledger";
  /** Was it only tried? Then none of its numbers means anything. */
  readonly short: boolean;
  readonly coreChangesPerSecond: number;
  /** Changes a second; `durableRuns` has more of them. */
  readonly durableUniform: number;
  readonly durableHot: number;
  readonly durableRuns: { readonly uniform: DurableReport; readonly hot: DurableReport };
  readonly accounts: number;
  readonly hotAccounts: number;
  /** Each of the durable runs, and of the plain ways. */
  readonly durableSeconds: number;
  readonly strategySeconds: number;
  readonly nodes: number;
  readonly ledgerShards: number;
  readonly machine: Machine;
  readonly strategies: readonly StrategyReport[];
  readonly auditOk: boolean;
  readonly targets: readonly Target[];
  readonly failures: readonly string[];
  readonly ok: boolean;
}

/** Measures one part after the other, so that each has the machine for itself. */
export async function runLedger(options: LedgerOptions = {}): Promise<LedgerReport> {
  const { short = false, log = () => {} } = options;
  const sizes = short ? SHORT : FULL;
  log(`${sizes.coreChanges} changes in memory`);
  const coreChangesPerSecond = measureCore(sizes.accounts, sizes.coreChanges, sizes.coreRuns);
  const onServers = await measureOnServers(sizes, log);
  const recovery = await measureRecovery(sizes.accountsRecovered, sizes.recoveryRuns, log);
  const { uniform, hot, strategies, auditOk, machine, failures } = onServers;
  return {
    name: "ledger",
    short,
    coreChangesPerSecond,
    durableUniform: uniform.changesPerSecond,
    durableHot: hot.changesPerSecond,
    ...recovery,
    durableRuns: { uniform, hot },
    accounts: sizes.accounts,
    hotAccounts: HOT_ACCOUNTS,
    durableSeconds: sizes.durableSeconds,
    strategySeconds: sizes.strategySeconds,
    nodes: NODES,
    ledgerShards: LEDGER_SHARDS,
    machine,
    strategies,
    auditOk,
    targets: [
      atLeast("changes/s in memory", CORE_TARGET_PER_SECOND, coreChangesPerSecond),
      atLeast("durable changes/s, uniform", DURABLE_TARGET_PER_SECOND, uniform.changesPerSecond),
    ],
    failures,
    ok: failures.length === 0,
  };
}

async function measureOnServers(sizes: Sizes, log: (line: string) => void) {
  const env = { PALISADE_LEASE_TTL_SECONDS: String(LEASE_TTL_SECONDS) };
  const shape = { nodes: NODES, ledgerShards: LEDGER_SHARDS, symbols: 1 };
  const scene = await Scene.start({ ...shape, env, log });
  try {
    const [row] = await scene.query<{ asset: number }>(
      "SELECT asset FROM assets WHERE name = 'USD'",
    );
    const accounts = accountNumbers(sizes.accounts);
    const hotAccounts = accounts.slice(0, HOT_ACCOUNTS);
    const durable = await DurableLedger.open(scene);
    try {
      log(`opening ${accounts.length} accounts`);
      await durable.openAccounts(accounts);
      const run = async (name: string, numbers: readonly number[]) => {
        const changes = new Changes(name, numbers, randomNumbers(SEED));
        const report = await durable.run(changes, row!.asset, sizes.durableSeconds);
        log(`durable, ${name}: ${report.changesPerSecond} changes/s`);
        return report;
      };
      const uniform = await run("uniform", accounts);
      const hot = await run("hot", hotAccounts);
      const audited = await audit(scene.exchange.urls.postgres);
      const { urls } = scene.exchange;
      const { strategies, failures } = await measureRivals(
        urls.postgres,
        accounts,
        hotAccounts,
        sizes.strategySeconds,
        log,
      );
      const found = audited.firstViolation ? [JSON.stringify(audited.firstViolation)] : [];
      return {
        uniform,
        hot,
        strategies,
        auditOk: audited.ok,
        machine: machineOf(scene.exchange.servers.postgres.dataFolder),
        failures: [...found, ...failures],
      };
    } finally {
      await durable.close();
    }
  } finally {
    await scene.stop();
  }
}
