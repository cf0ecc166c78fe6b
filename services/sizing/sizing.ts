/** What an exchange of a size needs: from what its parts cost (`measured.ts`) and a few assumptions, which have their names here. */
import { LEDGER_SHARDS_MAX } from "../../actors/kernel/ids.js";
import * as measured from "./measured.js";

export interface Load {
  /** At the busiest. */
  readonly ordersPerSecond: number;
  readonly ordersPerDay: number;
  readonly accounts: number;
  readonly symbols: number;
  /** WebSocket clients that follow the trades and the depth of one symbol each. */
  readonly subscribers: number;
  /** Orders that rest at one time. */
  readonly restingOrders: number;
}

/** Cores that are busy at the busiest, by kind of process. */
export type Cores = measured.OrderCost & { readonly all: number };

export interface Sizing {
  readonly ledgerShards: number;
  /** One of the nodes, one of the gateways, or one of the feeds may be dead. */
  readonly nodes: number;
  readonly gateways: number;
  readonly feeds: number;
  readonly postgresInstances: number;
  /** Where each order is answered as fast as it can be, in batches of its own as long as that was seen to go well. */
  readonly cores: Cores;
  /** Where all batches are large: orders then wait for a tenth of a second and more. */
  readonly coresAtLeast: number;
  /** What actors and processes hold, without PostgreSQL's and the system's caches. */
  readonly memoryGib: number;
  readonly diskGibPerDay: number;
  readonly walGibPerDay: number;
}

/** A core that is busier than this on average has queues. */
const BUSY_MAX = 0.5;
/** An actor runs on one thread, and so do a node's actors, a gateway and a feed. */
const CORES_PER_PROCESS = 1;
/** What one PostgreSQL instance may use of its machine. */
const CORES_PER_POSTGRES = 8;
/** Each actor is led by one node and followed by another. */
const COPIES = 2;
const NODES_MIN = 3;

const MICROS_PER_SECOND = 1_000_000;
const BYTES_PER_GIB = 2 ** 30;
const MIB_PER_GIB = 1_024;
const KINDS = Object.keys(measured.QUIET_MICROS_PER_ORDER) as (keyof measured.OrderCost)[];

/**
 * One market runs on one core. Of what an order costs the nodes half is its standbys'; the rest is taken for its market's, though
 * its ledger shard has a part of it. So a symbol can do more than this, and nobody should plan with it.
 */
export const ORDERS_PER_SECOND_PER_SYMBOL_MAX = Math.floor(
  (BUSY_MAX * CORES_PER_PROCESS * MICROS_PER_SECOND * COPIES) /
    measured.SATURATED_MICROS_PER_ORDER.nodes,
);

/** What no number of machines makes possible; or nothing. */
export function impossible(
  load: Load,
): { readonly code: string; readonly message: string } | undefined {
  const { ordersPerSecond, symbols } = load;
  const perSymbol = Math.ceil(ordersPerSecond / symbols);
  if (perSymbol > ORDERS_PER_SECOND_PER_SYMBOL_MAX) {
    const least = Math.ceil(ordersPerSecond / ORDERS_PER_SECOND_PER_SYMBOL_MAX);
    const message =
      `${ordersPerSecond} orders a second on ${symbols} symbols are ${perSymbol} for each. One core matches and commits a symbol: ` +
      `plan with ${ORDERS_PER_SECOND_PER_SYMBOL_MAX} at most, so with ${least} symbols that are equally busy, or with fewer orders`;
    return { code: "SYMBOLS_TOO_BUSY", message };
  }
  const shards = shardsFor(ordersPerSecond);
  if (shards <= LEDGER_SHARDS_MAX) return undefined;
  const most = Math.floor((ordersPerSecond * LEDGER_SHARDS_MAX) / shards);
  const message =
    `${ordersPerSecond} orders a second need ${shards} ledger shards, and an exchange has ${LEDGER_SHARDS_MAX} at most: ` +
    `plan with fewer than ${most} orders a second, or with several exchanges`;
  return { code: "TOO_MANY_LEDGER_SHARDS", message };
}

/** Of a load that is not impossible. */
export function sizing(load: Load): Sizing {
  const ledgerShards = shardsFor(load.ordersPerSecond);
  const cores = coresFor(load, ledgerShards + load.symbols);
  const counts = {
    nodes: Math.max(NODES_MIN, withSpare(cores.nodes)),
    gateways: withSpare(cores.gateways),
    feeds: withSpare(cores.feeds),
  };
  return {
    ledgerShards,
    ...counts,
    postgresInstances: Math.max(1, Math.ceil(cores.postgres / BUSY_MAX / CORES_PER_POSTGRES)),
    cores,
    coresAtLeast: coresFor(load, 0).all,
    memoryGib: memoryGib(load, counts),
    diskGibPerDay: (load.ordersPerDay * measured.DISK_BYTES_PER_ORDER) / BYTES_PER_GIB,
    walGibPerDay: (load.ordersPerDay * measured.WAL_BYTES_PER_ORDER) / BYTES_PER_GIB,
  };
}

/** An order is a change of its account, and so is each fill and each cancel of it. */
function shardsFor(ordersPerSecond: number): number {
  const changes = 1 + measured.FILLS_PER_ORDER + measured.CANCELS_PER_ORDER;
  const perShard = measured.LEDGER_CHANGES_PER_SECOND / measured.LEDGER_CHANGE_SHARDS;
  return Math.max(1, Math.ceil((ordersPerSecond * changes) / (perShard * BUSY_MAX)));
}

/** So many orders a second as were measured for each actor are dear, as they are in batches of their own; the others are cheap. */
function coresFor({ ordersPerSecond, symbols, subscribers }: Load, actors: number): Cores {
  const { QUIET_ORDERS_PER_SECOND, QUIET_ACTORS } = measured;
  const dear = Math.min(ordersPerSecond, (actors * QUIET_ORDERS_PER_SECOND) / QUIET_ACTORS);
  const coresOf = (kind: keyof measured.OrderCost): number =>
    (dear * measured.QUIET_MICROS_PER_ORDER[kind] +
      (ordersPerSecond - dear) * measured.SATURATED_MICROS_PER_ORDER[kind]) /
    MICROS_PER_SECOND;
  const cores = Object.fromEntries(
    KINDS.map((kind) => [kind, coresOf(kind)]),
  ) as unknown as measured.OrderCost;
  const perSymbol = symbols === 0 ? 0 : ordersPerSecond / symbols;
  const feeds = cores.feeds + subscribers * coresPerSubscriber(perSymbol);
  const all = KINDS.reduce((sum, kind) => sum + (kind === "feeds" ? feeds : cores[kind]), 0);
  return { ...cores, feeds, all };
}

/** A subscriber is told of each batch of its market, and of no more batches than a market was seen to make. */
function coresPerSubscriber(ordersPerSecond: number): number {
  const messages = Math.min(
    ordersPerSecond * measured.MESSAGES_PER_ORDER,
    measured.MESSAGES_PER_SECOND_MAX,
  );
  return (messages * measured.MICROS_PER_MESSAGE) / MICROS_PER_SECOND;
}

/** Processes that carry it all though one of them is dead. */
function withSpare(cores: number): number {
  return Math.max(1, Math.ceil(cores / BUSY_MAX / CORES_PER_PROCESS)) + 1;
}

function memoryGib(
  { accounts, restingOrders }: Load,
  { nodes, gateways, feeds }: Pick<Sizing, "nodes" | "gateways" | "feeds">,
): number {
  const state =
    COPIES *
    (accounts * measured.BYTES_PER_ACCOUNT + restingOrders * measured.BYTES_PER_RESTING_ORDER);
  const { node, gateway, feed } = measured.MIB_PER_PROCESS;
  const processesMib = nodes * node + gateways * gateway + feeds * feed;
  return state / BYTES_PER_GIB + processesMib / MIB_PER_GIB;
}
