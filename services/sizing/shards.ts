/** How many ledger shards carry so many orders and accounts. */
import { BUSY_MAX, type Load } from "./load.js";
import * as measured from "./measured.js";

/** A shard is in the memory of one process, beside others. */
const SHARD_BYTES_MAX = 512 * 2 ** 20;
export const ACCOUNTS_PER_SHARD_MAX = Math.floor(SHARD_BYTES_MAX / measured.BYTES_PER_ACCOUNT);

/** An order is a change of its account, and so is each fill and each cancel of it. */
export function shardsFor({ ordersPerSecond, accounts }: Load): number {
  const changes = 1 + measured.FILLS_PER_ORDER + measured.CANCELS_PER_ORDER;
  const perShard = measured.LEDGER_CHANGES_PER_SECOND / measured.LEDGER_CHANGE_SHARDS;
  const byChanges = Math.ceil((ordersPerSecond * changes) / (perShard * BUSY_MAX));
  return Math.max(1, byChanges, Math.ceil(accounts / ACCOUNTS_PER_SHARD_MAX));
}
