/** What operators wish, in the middle of everything else. */
import { DEFAULT_WEIGHT, preference } from "../../../actors/placement/rendezvous.js";
import {
  cordonKey,
  drainKey,
  moveKey,
  OFF,
  ON,
  standbyKey,
} from "../../../actors/placement/wishes.js";
import type { ActorHistory } from "../checks/history.js";
import type { Cluster } from "../cluster/cluster.js";
import { NODES } from "../cluster/names.js";
import type { Begun } from "./kinds.js";
import type { PlannedFault } from "./plan.js";

const LIGHT = 0.1;
const HEAVY = 10;

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

/**
 * Bites when others have taken meanwhile what the node, which lives, would have had before them: it is preferred for it, and
 * no other wish is in its way.
 */
export function cordon(cluster: Cluster, { node }: PlannedFault): Begun {
  const { actors } = cluster.checks.history;
  let hasBitten = false;
  const before = new Map([...actors].map(([id, { holder }]) => [id, holder]));
  cluster.wish(cordonKey(node), ON);
  const end = (): void => {
    const taken = [...actors.values()].filter(({ id, holder }) => holder !== before.get(id));
    const isHeld = !taken.some(({ holder }) => nodeOf(holder) === node);
    hasBitten = isHeld && taken.some((actor) => wouldHave(cluster, node, actor));
    cluster.wish(cordonKey(node), null);
  };
  return { end, hasBitten: () => hasBitten };
}

/** Would a cordoned node have an actor, but for the cordon, before the node that has taken it? */
function wouldHave(
  cluster: Cluster,
  node: string,
  { name, holder }: Pick<ActorHistory, "name" | "holder">,
): boolean {
  const { cordoned, drained, moves } = cluster.wishes;
  if (!cluster.process(node).isAlive || !cordoned.has(node)) return false;
  if (drained.has(node) || moves.has(name)) return false;
  const both = [node, nodeOf(holder)].map((each) => ({
    node: each,
    weight: cluster.weightOf(each),
  }));
  return preference(name, both)[0] === node;
}

/** A node comes back as a much lighter or heavier one. Bites when somebody has an actor then whom only that gives it to. */
export function reweigh(cluster: Cluster, { node, size }: PlannedFault): Begun {
  const { actors } = cluster.checks.history;
  let hasBitten = false;
  cluster.reweigh(node, size < 0.5 ? LIGHT : HEAVY);
  const end = (): void => {
    hasBitten = [...actors.values()].some(({ name, holder }) => {
      const first = firstOf(name, (each) => cluster.weightOf(each));
      return first === nodeOf(holder) && first !== firstOf(name, () => DEFAULT_WEIGHT);
    });
    cluster.reweigh(node, DEFAULT_WEIGHT);
  };
  return { end, hasBitten: () => hasBitten };
}

/** Who should have an actor, of all nodes. */
function firstOf(actor: string, weightOf: (node: string) => number): string {
  return preference(
    actor,
    NODES.map((node) => ({ node, weight: weightOf(node) })),
  )[0]!;
}

/** Of a life the node. */
const nodeOf = (holder: string): string => holder.split("#", 1)[0]!;

/** Bites when the actor has had batches meanwhile, of which its leader tells nobody. */
export function withoutStandby(cluster: Cluster, { actor }: PlannedFault): Begun {
  const stored = () => cluster.checks.history.byName.get(actor)?.batch ?? 0;
  const before = stored();
  let after = before;
  cluster.wish(standbyKey(actor), OFF);
  const end = (): void => {
    after = stored();
    cluster.wish(standbyKey(actor), null);
  };
  return { end, hasBitten: () => after > before };
}
