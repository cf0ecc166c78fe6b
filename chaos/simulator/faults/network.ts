/** Ways that are cut, slow, or lose, repeat and delay what is said. */
import type { Cluster } from "../cluster/cluster.js";
import type { Cut, Link } from "../world/network.js";
import type { Begun } from "./kinds.js";
import type { PlannedFault } from "./plan.js";

/** What is sent into a cut mostly arrives when it heals, as TCP has it; else it is lost with its connection. */
const HELD_PART = 0.75;
const REFUSED_ONE_WAY_PART = 0.4;
const TWO_APART_PART = 0.35;
const GATEWAY_TOGETHER_PART = 0.75;
const INBOX_APART_PART = 0.4;
const OLD_LEADER_PART = 0.6;
const US_PER_MS = 1_000;
const LATE_CHANCE = 0.3;
const LATE_MEAN_US = 150_000;
const MESSAGE_CHANCE_MAX = 0.6;
const DELAY_MEAN_US = 200_000;

export function cutOneWay(cluster: Cluster, { node, server, size }: PlannedFault): Begun {
  const isInward = size * 100 - Math.floor(size * 100) < 0.5;
  return cut(cluster, isInward ? [[server, node]] : [[node, server]], size);
}

export function cutBothWays(cluster: Cluster, { node, server, size }: PlannedFault): Begun {
  return cut(cluster, both(node, server), size);
}

export function cutPeers(cluster: Cluster, { node, other, size }: PlannedFault): Begun {
  const isOneWay = size * 100 - Math.floor(size * 100) < 0.4;
  return cut(cluster, isOneWay ? [[node, other]] : both(node, other), size);
}

/**
 * A wall between two nodes, or from one to the other only: it ends their connections and refuses new ones, though both live
 * and go on speaking on the bus. Bites when a connection was ended by it.
 */
export function refusePeers({ world }: Cluster, { node, other, size }: PlannedFault): Begun {
  const ways = size < REFUSED_ONE_WAY_PART ? [[node, other] as const] : both(node, other);
  let ended = 0;
  for (const [from, to] of ways) {
    world.network.link(from, to).refuses = true;
    for (const { process, connections } of world.listeners.values()) {
      const those = [...connections].filter(
        ({ watcher }) => process.name === to && watcher === from,
      );
      for (const connection of those) connection.close();
      ended += those.length;
    }
  }
  const end = (): void => {
    for (const [from, to] of ways) world.network.link(from, to).refuses = false;
  };
  return { end, hasBitten: () => ended > 0 };
}

/**
 * A NATS cluster in two: on the side that answers no question about streams are a node, or two of three, now and then a gateway, and an inbox. Bites when
 * somebody was not heard, or got no answer. Now and then the leader of all streams is there, and answers for half of the time.
 */
export function splitNats({ world, servers: { nats } }: Cluster, fault: PlannedFault): Begun {
  const { node, other, gateway, actor, size } = fault;
  const before = nats.struck.apart;
  const those = [
    node,
    ...(size < TWO_APART_PART ? [other] : []),
    ...(size > GATEWAY_TOGETHER_PART ? [gateway] : []),
    ...(size * 100 - Math.floor(size * 100) < INBOX_APART_PART ? [actor] : []),
  ];
  for (const each of those) nats.apart.add(each);
  const isOld = size * 10 - Math.floor(size * 10) > OLD_LEADER_PART;
  if (isOld) nats.answersApart = true;
  const elected = (): void => {
    nats.answersApart = false;
  };
  world.scheduler.after((fault.forMs / 2) * US_PER_MS, elected);
  const end = (): void => {
    elected();
    for (const each of those) nats.apart.delete(each);
  };
  return { end, hasBitten: () => nats.struck.apart > before };
}

export function cutGateway(cluster: Cluster, { gateway, server, size }: PlannedFault): Begun {
  return cut(cluster, both(gateway, server === "etcd" ? "nats" : server), size);
}

type Way = readonly [from: string, to: string];

const both = (one: string, other: string): Way[] => [
  [one, other],
  [other, one],
];

/** Bites when something was stopped. */
function cut({ world }: Cluster, ways: readonly Way[], size: number): Begun {
  const { network } = world;
  const how: Cut = size < HELD_PART ? "held" : "lost";
  const links = ways.map(([from, to]) => network.link(from, to));
  const before = stoppedOn(links);
  for (const [from, to] of ways) network.cutOneWay(from, to, how);
  const end = (): void => {
    for (const [from, to] of ways) network.heal(from, to);
  };
  return { end, hasBitten: () => stoppedOn(links) > before };
}

function stoppedOn(links: readonly Link[]): number {
  return links.reduce((sum, { stopped }) => sum + stopped, 0);
}

/** Bites when something came late. */
export function late({ world }: Cluster, { node, server, size }: PlannedFault): Begun {
  const links = both(node, server).map(([from, to]) => world.network.link(from, to));
  const lateOn = () => links.reduce((sum, link) => sum + link.delayed, 0);
  const before = lateOn();
  for (const link of links) {
    link.lateChance = LATE_CHANCE * size;
    link.lateMeanUs = LATE_MEAN_US;
  }
  const end = (): void => {
    for (const link of links) link.lateChance = 0;
  };
  return { end, hasBitten: () => lateOn() > before };
}

export function loseMessages(cluster: Cluster, { size }: PlannedFault): Begun {
  return strike(cluster, "lost", MESSAGE_CHANCE_MAX * size);
}

export function repeatMessages(cluster: Cluster, { size }: PlannedFault): Begun {
  return strike(cluster, "duplicated", MESSAGE_CHANCE_MAX * size);
}

export function delayMessages(cluster: Cluster, { size }: PlannedFault): Begun {
  cluster.servers.nats.messageFaults.delayedMeanUs = DELAY_MEAN_US;
  return strike(cluster, "delayed", MESSAGE_CHANCE_MAX * size);
}

/** Bites when it has happened to a message that somebody would have heard. */
function strike(
  { servers }: Cluster,
  what: "lost" | "duplicated" | "delayed",
  chance: number,
): Begun {
  const { messageFaults, struck } = servers.nats;
  const before = struck[what];
  messageFaults[what] = chance;
  const end = (): void => {
    messageFaults[what] = 0;
  };
  return { end, hasBitten: () => struck[what] > before };
}
