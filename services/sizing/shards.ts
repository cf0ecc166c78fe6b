/** How many ledger shards carry so many orders. */
import { BUSY_MAX } from "./load.js";
import * as measured from "./measured.js";

/** An order is a change of its account, and so is each fill and each cancel of it. */
export function shardsFor(ordersPerSecond: number): number {
  const changes = 1 + measured.FILLS_PER_ORDER + measured.CANCELS_PER_ORDER;
  const perShard = measured.LEDGER_CHANGES_PER_SECOND / measured.LEDGER_CHANGE_SHARDS;
  return Math.max(1, Math.ceil((ordersPerSecond * changes) / (perShard * BUSY_MAX)));
}
