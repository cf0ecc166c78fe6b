/** Processes that die, stand still, come back too often, or go in good order. */
import type { Cluster } from "../cluster/cluster.js";
import { NODES } from "../cluster/names.js";
import type { SimProcess } from "../world/process.js";
import type { Begun } from "./kinds.js";
import type { PlannedFault } from "./plan.js";

const US_PER_MS = 1_000;
const NOTHING = (): void => undefined;

/** Bites when the node led something. */
export function crashNode(cluster: Cluster, { node }: PlannedFault): Begun {
  const led = cluster.ledBy(cluster.process(node)).length;
  cluster.keepDown(node);
  return { end: () => cluster.letUp(node), hasBitten: () => led > 0 };
}

/** Dies between the asking of a port and its answer; where, the plan's size says. */
export function crashAtAwait(cluster: Cluster, { node, size }: PlannedFault): Begun {
  const process = cluster.process(node);
  const led = cluster.ledBy(process).length;
  const begun = crashAfter(process, Math.floor(size * 200));
  return { end: () => begun.end(), hasBitten: () => begun.hasBitten() && led > 0 };
}

/** The same of a gateway, which asks less often. */
export function crashGatewayAtAwait(cluster: Cluster, { gateway, size }: PlannedFault): Begun {
  return crashAfter(cluster.process(gateway), Math.floor(size * 60));
}

/** Bites when the process has died of it. */
function crashAfter(process: SimProcess, awaits: number): Begun {
  process.crashAfter(awaits);
  let hasDied = false;
  const end = (): void => {
    hasDied = process.hasPassedAll;
    process.crashAfter(Infinity);
  };
  return { end, hasBitten: () => hasDied };
}

export function crashAllNodes(cluster: Cluster): Begun {
  for (const name of NODES) cluster.keepDown(name);
  const end = () => {
    for (const name of NODES) cluster.letUp(name);
  };
  return { end, hasBitten: () => true };
}

/** Bites when somebody waited for an answer. */
export function crashGateway(cluster: Cluster, { gateway }: PlannedFault): Begun {
  const waiting = cluster.gateways.get(gateway)?.door?.pending ?? 0;
  cluster.keepDown(gateway);
  return { end: () => cluster.letUp(gateway), hasBitten: () => waiting > 0 };
}

/** Bites when the node led something and goes on leading it. */
export function pauseShort(cluster: Cluster, fault: PlannedFault): Begun {
  return pause(cluster, fault, (before, after) => before > 0 && after > 0);
}

/** Bites when others have taken over what the node led, before it goes on. */
export function pauseLong(cluster: Cluster, fault: PlannedFault): Begun {
  return pause(cluster, fault, (before, after) => after < before);
}

function pause(
  cluster: Cluster,
  { node }: PlannedFault,
  bites: (ledBefore: number, ledAfter: number) => boolean,
): Begun {
  const process = cluster.process(node);
  const before = cluster.ledBy(process).length;
  let hasBitten = false;
  process.pause();
  const end = (): void => {
    hasBitten = process.isPaused && bites(before, cluster.ledBy(process).length);
    process.resume();
  };
  return { end, hasBitten: () => hasBitten };
}

/** Bites when clients have waited for it. */
export function pauseGateway(cluster: Cluster, { gateway }: PlannedFault): Begun {
  const process = cluster.process(gateway);
  let waiting = 0;
  process.pause();
  const end = (): void => {
    waiting = process.isPaused ? (cluster.gateways.get(gateway)?.door?.pending ?? 0) : 0;
    process.resume();
  };
  return { end, hasBitten: () => waiting > 0 };
}

/** Dies again and again, a little after each start. Bites from the third time on. */
export function flap(cluster: Cluster, { node, forMs, size }: PlannedFault): Begun {
  let isOver = false;
  let deaths = 0;
  const again = (): void => {
    if (isOver) return;
    const process = cluster.process(node);
    if (process.isAlive) deaths += 1;
    process.crash();
    cluster.world.scheduler.after(Math.round((forMs / 5) * (0.5 + size) * US_PER_MS), again);
  };
  again();
  const end = (): void => {
    isOver = true;
  };
  return { end, hasBitten: () => deaths >= 3 };
}

/** Every node in turn goes in good order and comes back. Bites when something was handed over. */
export function rollingRestart(cluster: Cluster, { forMs }: PlannedFault): Begun {
  let isOver = false;
  const before = cluster.tally.of("handedOver");
  const eachUs = Math.floor((forMs * US_PER_MS) / NODES.length);
  NODES.forEach((name, n) => {
    cluster.world.scheduler.after(n * eachUs, () => {
      if (!isOver) cluster.restartInOrder(name);
    });
  });
  const end = (): void => {
    isOver = true;
  };
  return { end, hasBitten: () => cluster.tally.of("handedOver") > before };
}

/** Somebody else starts under a node's name. Bites when he is sent away. */
export function takeName(cluster: Cluster, { node }: PlannedFault): Begun {
  let answer: string | null = "";
  void cluster.startTwin(node).then((given) => {
    answer = given;
  });
  return { end: NOTHING, hasBitten: () => answer === "NodeNameTakenError" };
}

/** A gateway goes in good order and comes back. Bites when it was there to go. */
export function restartGateway(cluster: Cluster, { gateway }: PlannedFault): Begun {
  const running = cluster.gateways.get(gateway)!;
  const wasOpen = running.door?.isOpen ?? false;
  running.stop();
  return { end: NOTHING, hasBitten: () => wasOpen };
}

/** Another gateway claims the slot. Bites when the one that had it ends because of that. */
export function takeSlot(cluster: Cluster, { gateway }: PlannedFault): Begun {
  const before = cluster.tally.of("deposedGateways");
  const other = cluster.startTwinGateway(gateway);
  return {
    end: () => other.process.crash(),
    hasBitten: () => cluster.tally.of("deposedGateways") > before,
  };
}
