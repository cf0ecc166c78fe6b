/** `reincarnate`: a database that is of an earlier moment than what was said of it becomes an exchange again. */
import { EtcdLeaseStore, LEASE_NAMESPACE } from "../adapters/etcd/etcd-lease-store.js";
import { theOnlyInstance } from "../adapters/instances/instances.js";
import { SystemClock } from "../common/clock.js";
import { loadConfig } from "../common/config.js";
import { reincarnate } from "../migrate/reincarnate.js";
import { CliError } from "./cli-error.js";
import { type DatabaseOptions, onDatabase } from "./database.js";
import { printJson } from "./output.js";

export interface ReincarnateOptions extends DatabaseOptions {
  readonly yes?: boolean;
  readonly json?: boolean;
}

export async function runReincarnate(options: ReincarnateOptions): Promise<void> {
  const { yes, json, ...database } = options;
  if (!yes) {
    throw new CliError(
      "CONFIRMATION_MISSING",
      "this is for a database that was restored from a backup, or for a standby that was promoted and was not synchronous: " +
        "all that was claimed before is void, and all inboxes begin anew; what was accepted after that moment is lost. " +
        "Say it again with --yes",
    );
  }
  // Of another machine's exchange the nodes may lead on another database, as one that is thought dead and is not.
  if (options.url !== undefined) await expectNoLeaders(loadConfig().values.etcdUrl);
  const { incarnation, actors } = await onDatabase(database, async (urls) =>
    reincarnate(await theOnlyInstance(urls, "reincarnate")),
  );
  if (json) return printJson({ incarnation, actors });
  process.stdout.write(
    `incarnation ${incarnation}: what was claimed before is void, and each of ${actors} actors begins a new inbox when it is ` +
      "led; start the exchange, then prove it with: npm run audit\n",
  );
}

/** Rejects with `CliError` while nodes hold actors, or when that cannot be known. */
async function expectNoLeaders(etcdUrl: string): Promise<void> {
  const leases = new EtcdLeaseStore(etcdUrl, {
    namespace: LEASE_NAMESPACE,
    // It never joins.
    ttlSeconds: 1,
    clock: new SystemClock(),
  });
  try {
    await leases.look().catch((error: Error) => {
      throw new CliError(
        "ETCD_UNAVAILABLE",
        `etcd does not answer at ${etcdUrl} (${error.message}), so nobody knows whether nodes lead; ` +
          "PALISADE_ETCD_URL names the exchange's, and an empty one will do where that is lost",
      );
    });
    const nodes = new Set([...leases.leaders().values()].map(({ node }) => node));
    if (nodes.size === 0) return;
    throw new CliError(
      "NODES_LEAD",
      `${[...nodes].toSorted().join(", ")} hold actors; stop all nodes, and wait until their leases have run out`,
    );
  } finally {
    await leases.close();
  }
}
