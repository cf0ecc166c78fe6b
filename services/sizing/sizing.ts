/** What an exchange of a size needs: from what its parts cost (`measured.ts`) and a few assumptions, which have their names here. */
import { SETTINGS } from "../common/settings.js";
import { CONNECTIONS_MAX as CLIENTS_PER_FEED_MAX } from "../feed/limits.js";
import { ANNOUNCE_EVERY_MS, ANNOUNCE_IDLE_EVERY_MS } from "../host/limits.js";
import { type Connections, connectionsFor } from "./connections.js";
import { BUSY_MAX, COPIES, CORES_PER_PROCESS, type Load } from "./load.js";
import * as measured from "./measured.js";
import { shardsFor } from "./shards.js";
import { type Shared, type Work, workFor } from "./work.js";

export type { Load } from "./load.js";

/** Cores that are busy at the busiest, by kind of process. */
export type Cores = measured.OrderCost & { readonly all: number };

interface Counts {
  /** One of the nodes, one of the gateways, or one of the feeds may be dead. */
  readonly nodes: number;
  readonly gateways: number;
  readonly feeds: number;
}

export interface Sizing extends Counts {
  readonly ledgerShards: number;
  readonly postgresInstances: number;
  /** What `max_connections` has to let in, of each instance. */
  readonly postgresConnections: Connections;
  /** Where each order is answered as fast as it can be, in batches of its own as long as that was seen to go well. */
  readonly cores: Cores;
  /** Where all batches are large, and gateways and feeds as few as these allow: orders then wait for a tenth of a second and more. */
  readonly coresAtLeast: number;
  /** What actors and processes hold, without PostgreSQL's and the system's caches. */
  readonly memoryGib: number;
  readonly diskGibPerDay: number;
  readonly walGibPerDay: number;
  /** What NATS sets aside for inboxes, full or empty. */
  readonly natsDiskGib: number;
  /** Of all actors; each node and gateway hears all of them, each feed those of markets. */
  readonly announcementsPerSecond: number;
}

/** What one PostgreSQL instance may use of its machine. */
const CORES_PER_POSTGRES = 8;
const NODES_MIN = 3;
/** What one node holds of its actors' accounts and orders. */
const NODE_STATE_BYTES_MAX = 2 * 2 ** 30;

const MS_PER_SECOND = 1_000;
const BYTES_PER_GIB = 2 ** 30;
const MIB_PER_GIB = 1_024;
const INBOX_MIB = Number(SETTINGS.inboxMib.fallback);

/** Of a load that is not impossible. */
export function sizing(load: Load): Sizing {
  const ledgerShards = shardsFor(load);
  const actors = ledgerShards + load.symbols;
  const work = workFor(load, ledgerShards, "small");
  const large = workFor(load, ledgerShards, "large");
  const counts = countsFor(work, load);
  const cores = coresOf(work, counts);
  const postgresInstances = Math.max(1, Math.ceil(cores.postgres / BUSY_MAX / CORES_PER_POSTGRES));
  return {
    ledgerShards,
    ...counts,
    postgresInstances,
    postgresConnections: connectionsFor({ ...counts, postgresInstances }),
    cores,
    coresAtLeast: coresOf(large, countsFor(large, load)).all,
    memoryGib: memoryGib(load, counts),
    diskGibPerDay: (load.ordersPerDay * measured.DISK_BYTES_PER_ORDER) / BYTES_PER_GIB,
    walGibPerDay: (load.ordersPerDay * measured.WAL_BYTES_PER_ORDER) / BYTES_PER_GIB,
    natsDiskGib: (actors * INBOX_MIB) / MIB_PER_GIB,
    announcementsPerSecond: Math.round(
      announcementsOf(ledgerShards, load.ordersPerSecond) +
        announcementsOf(load.symbols, load.ordersPerSecond),
    ),
  };
}

/** Of so many actors, which have something new to say after each order where these are few, and are heard now and then in any case. */
function announcementsOf(actors: number, ordersPerSecond: number): number {
  const [least, most] = [MS_PER_SECOND / ANNOUNCE_IDLE_EVERY_MS, MS_PER_SECOND / ANNOUNCE_EVERY_MS];
  return actors * Math.min(most, Math.max(least, ordersPerSecond / actors));
}

function countsFor(work: Work, load: Load): Counts {
  const feedsForClients = Math.ceil(load.subscribers / CLIENTS_PER_FEED_MAX);
  const nodesForState = Math.ceil(stateBytes(load) / NODE_STATE_BYTES_MAX);
  return {
    nodes: Math.max(NODES_MIN, withSpare({ divided: work.nodes, each: 0 }), nodesForState + 1),
    gateways: withSpare(work.gateways),
    feeds: Math.max(withSpare(work.feeds), feedsForClients + 1),
  };
}

function coresOf(work: Work, counts: Counts): Cores {
  const { postgres, nodes, nats, etcd } = work;
  const gateways = work.gateways.divided + counts.gateways * work.gateways.each;
  const feeds = work.feeds.divided + counts.feeds * work.feeds.each;
  const all = postgres + nodes + gateways + nats + feeds + etcd;
  return { postgres, nodes, gateways, nats, feeds, etcd, all };
}

/** Processes that carry it all though one of them is dead. Of what each has to do anyhow they leave the rest half free. */
function withSpare({ divided, each }: Shared): number {
  const room = (CORES_PER_PROCESS - each) * BUSY_MAX;
  return Math.max(1, Math.ceil(divided / room)) + 1;
}

/** Of all actors, twice. */
function stateBytes({ accounts, restingOrders }: Load): number {
  const ofAccounts = accounts * measured.BYTES_PER_ACCOUNT;
  return COPIES * (ofAccounts + restingOrders * measured.BYTES_PER_RESTING_ORDER);
}

function memoryGib(load: Load, { nodes, gateways, feeds }: Counts): number {
  const { node, gateway, feed } = measured.MIB_PER_PROCESS;
  const processesMib = nodes * node + gateways * gateway + feeds * feed;
  return stateBytes(load) / BYTES_PER_GIB + processesMib / MIB_PER_GIB;
}
