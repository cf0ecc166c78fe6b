/** Nodes of the version before, which make room for nodes of today's one after the other, while everything goes on. */
import type { Cluster } from "../cluster/cluster.js";
import { NODES } from "../cluster/names.js";
import type { Begun } from "./kinds.js";
import type { PlannedFault } from "./plan.js";

const US_PER_MS = 1_000;
/** From one node's turn to the next's: the last comes before the end. */
const STEP_PART = 0.4;

/** From the boot on. */
export function beginOlder(cluster: Cluster): void {
  for (const name of NODES) cluster.older.add(name);
}

/**
 * Each goes in good order, as soon as it can, and comes back as today's. Bites when today's version has gone on with a market of the
 * version before while there were still nodes of that.
 */
export function rollingUpgrade(cluster: Cluster, { node, forMs }: PlannedFault): Begun {
  const { tally, older, world } = cluster;
  const before = tally.of("marketsUpgraded");
  let mixed = before;
  const upgrade = (name: string): void => {
    if (older.size === 1 && older.has(name)) mixed = tally.of("marketsUpgraded");
    cluster.upgrade(name);
  };
  const first = NODES.indexOf(node);
  const order = NODES.map((_, n) => NODES[(first + n) % NODES.length]!);
  const eachUs = Math.floor(forMs * US_PER_MS * STEP_PART);
  order.forEach((name, n) => world.scheduler.after(n * eachUs, () => upgrade(name)));
  const end = (): void => {
    for (const name of order) upgrade(name);
  };
  return { end, hasBitten: () => mixed > before };
}
