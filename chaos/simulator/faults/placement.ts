/** What operators wish, in the middle of everything else. */
import {
  cordonKey,
  drainKey,
  moveKey,
  OFF,
  ON,
  standbyKey,
} from "../../../actors/placement/wishes.js";
import type { Cluster } from "../cluster/cluster.js";
import { NODES } from "../cluster/names.js";
import type { Begun } from "./kinds.js";
import type { PlannedFault } from "./plan.js";

/** Bites when the actor was led by another, and is led by the wished one before the wish is taken back. */
export function move(cluster: Cluster, { actor, node }: PlannedFault): Begun {
  const history = cluster.checks.history.byName.get(actor);
  const before = history?.holder ?? "";
  // To another node than the one that has it.
  const to = before.startsWith(`${node}#`) ? (NODES.find((name) => name !== node) ?? node) : node;
  let after = "";
  cluster.wish(moveKey(actor), to);
  const end = (): void => {
    after = history?.holder ?? "";
    cluster.wish(moveKey(actor), null);
  };
  return { end, hasBitten: () => after !== before && after.startsWith(`${to}#`) };
}

/** Bites when the node has given away what it led. */
export function drain(cluster: Cluster, { node }: PlannedFault): Begun {
  const process = cluster.process(node);
  const before = process.isAlive ? cluster.ledBy(process).length : 0;
  let after = before;
  cluster.wish(drainKey(node), ON);
  const end = (): void => {
    after = process.isAlive ? cluster.ledBy(process).length : before;
    cluster.wish(drainKey(node), null);
  };
  return { end, hasBitten: () => after < before };
}

/** Bites when the node lives and has taken nothing more. */
export function cordon(cluster: Cluster, { node }: PlannedFault): Begun {
  const process = cluster.process(node);
  let hasBitten = false;
  const before = new Set(cluster.ledBy(process));
  cluster.wish(cordonKey(node), ON);
  const end = (): void => {
    hasBitten = process.isAlive && cluster.ledBy(process).every((actor) => before.has(actor));
    cluster.wish(cordonKey(node), null);
  };
  return { end, hasBitten: () => hasBitten };
}

/** Bites when the actor has a leader who tells nobody of its batches. */
export function withoutStandby(cluster: Cluster, { actor }: PlannedFault): Begun {
  const before = cluster.tally.of("stored");
  cluster.wish(standbyKey(actor), OFF);
  const end = () => cluster.wish(standbyKey(actor), null);
  return { end, hasBitten: () => cluster.tally.of("stored") > before };
}
