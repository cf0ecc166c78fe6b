/** Are a gateway, the nodes in an etcd, and a database of one exchange? Two may have the same symbols, accounts and names of nodes. */
import { checkInstances, instanceUrls } from "../adapters/instances/instances.js";
import { CliError } from "./cli-error.js";

/** What the database calls the exchange: no other is called so. */
export async function identityAt(postgresUrl: string): Promise<string> {
  return (await checkInstances(instanceUrls(postgresUrl))).identity;
}

/**
 * Throws `CliError` if not: what is read or wished of the one would be done at the other. `said`: which exchange somebody says that it
 * serves; empty where it does not say, as it is of an earlier version.
 */
export function expectSameExchange(who: string, said: string, identity: string): void {
  if (said === "" || said === identity) return;
  throw new CliError(
    "OTHER_EXCHANGE",
    `${who} serves the exchange ${said}, and the database is of ${identity}. Nothing was done. ` +
      "Look at the address of the gateway, PALISADE_ETCD_URL and PALISADE_POSTGRES_URL",
  );
}
