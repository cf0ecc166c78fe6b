/** Which instance an account's rows are on, for who reads just these. */
import { shardOfAccount } from "../../../actors/kernel/ids.js";
import { Assignment } from "./assignment.js";
import { checkInstances, HOME, instanceUrls } from "./instances.js";

const HOLDER = "accounts";

/** Rejects with `InstanceError` when `postgresUrl` does not name just the instances that there are. */
export async function urlOfAccount(postgresUrl: string, account: number): Promise<string> {
  const urls = instanceUrls(postgresUrl);
  const { shards } = await checkInstances(urls);
  if (urls.length === 1) return urls[HOME];
  const assignment = await Assignment.open(urls, HOLDER);
  try {
    return urls[await assignment.of(shardOfAccount(account, shards))]!;
  } finally {
    await assignment.close();
  }
}
