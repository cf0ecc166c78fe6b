/** A shard with very many accounts: how long it takes from its rows to memory, and how much of that an account needs. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { ledgerName, sourceOfSlot } from "../../actors/kernel/ids.js";
import { FRAME_COMMANDS_MAX } from "../../actors/kernel/limits.js";
import { PostgresStore } from "../../services/adapters/postgres/store.js";
import { rebuild } from "../../services/host/recovery.js";
import { genesis } from "../../services/migrate/genesis.js";
import { migrate } from "../../services/migrate/migrate.js";
import { startTestPostgres } from "../helpers/servers.js";
import { DirectLeader } from "./direct-leader.js";
import { accountNumbers, depositOf, openingOf } from "./ledger-changes.js";

const SHARD = 1;
const ASSET = 1;
const SOURCE = sourceOfSlot(1);
const BATCH_ACCOUNTS = 2 * FRAME_COMMANDS_MAX;
const MS_PER_SECOND = 1_000;
const HUNDREDTHS = 100;

export interface RecoveryReport {
  readonly accountsRecovered: number;
  /** The median of some loads. */
  readonly recoverySeconds1M: number;
  /** Of memory, for an account with one balance and one deposit. */
  readonly bytesPerAccount: number;
}

/** On a server of its own: its rows are read with nothing else going on. */
export async function measureRecovery(
  accounts: number,
  runs: number,
  log: (line: string) => void,
): Promise<RecoveryReport> {
  const server = await startTestPostgres();
  const { url } = server;
  try {
    await migrate(url);
    await genesis(url, { ledgerShards: 1 });
    log(`${accounts} accounts open in one shard`);
    await fill(url, accounts);
    const store = new PostgresStore(url, "bench#2");
    try {
      // Not counted: what a first load leaves in the process is no account's.
      await loadOnce(store);
      const loads = [];
      for (let run = 1; run <= runs; run++) {
        const load = await loadOnce(store);
        log(`load ${run} of ${runs}: ${Math.round(load.ms)} ms`);
        loads.push(load);
      }
      const { ms, bytes } = loads.sort((a, b) => a.ms - b.ms)[Math.floor(runs / 2)]!;
      return {
        accountsRecovered: accounts,
        recoverySeconds1M: Math.round((ms / MS_PER_SECOND) * HUNDREDTHS) / HUNDREDTHS,
        bytesPerAccount: Math.round(bytes / accounts),
      };
    } finally {
      await store.close();
    }
  } finally {
    await server.stop();
  }
}

/** Each account is opened and has one deposit. */
async function fill(url: string, accounts: number): Promise<void> {
  const leader = await DirectLeader.claim(url, ledgerName(SHARD));
  try {
    const numbers = accountNumbers(accounts);
    let next = 1;
    for (let at = 0; at < accounts; at += BATCH_ACCOUNTS) {
      const commands = numbers
        .slice(at, at + BATCH_ACCOUNTS)
        .flatMap((account) => [
          openingOf(account),
          depositOf({ account, amount: 1_000, key: "first" }, ASSET),
        ]);
      await leader.commit(SOURCE, next, commands);
      next += commands.length;
    }
  } finally {
    await leader.close();
  }
}

/** The shard's hash is compared with the one that it was committed with (`rebuild` does). */
async function loadOnce(store: PostgresStore): Promise<{ ms: number; bytes: number }> {
  const before = memoryInUse();
  const started = performance.now();
  const { actor } = await rebuild(store, SHARD);
  const ms = performance.now() - started;
  const bytes = memoryInUse() - before;
  actor.checkInvariants();
  return { ms, bytes };
}

function memoryInUse(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
