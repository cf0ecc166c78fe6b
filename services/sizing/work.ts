/** How busy the kinds of processes are: what they divide among themselves, and what each of them does whatever their number. */
import type { Load } from "./load.js";
import * as measured from "./measured.js";

const MICROS_PER_SECOND = 1_000_000;

/**
 * Each gateway takes and decodes all that all ledger shards say; its requests are its own. What of a gateway's cost per order is which
 * was never measured by itself: half of it is an assumption.
 */
export const GATEWAY_EVENTS_SHARE = 0.5;

/** Busy cores of the processes of a kind. */
export interface Shared {
  /** More processes have less of it each. */
  readonly divided: number;
  /** Each process has all of it, however many there are. */
  readonly each: number;
}

export interface Work {
  readonly postgres: number;
  readonly nodes: number;
  readonly nats: number;
  readonly etcd: number;
  readonly gateways: Shared;
  readonly feeds: Shared;
}

/** `small`: orders have batches of their own as long as that was seen to go well. `large`: none has. */
export type Batches = "small" | "large";

type Kind = keyof measured.OrderCost;

export function workFor(load: Load, ledgerShards: number, batches: Batches): Work {
  const { ordersPerSecond, symbols } = load;
  const actors = ledgerShards + symbols;
  const idle = idleActors(ordersPerSecond, actors, batches);
  const ofAll = { load, batches, dearOrders: actors / measured.MEASURED_ACTORS };
  const ofShards = { ...ofAll, dearOrders: ledgerShards / measured.MEASURED_SHARDS };
  const ofMarkets = { ...ofAll, dearOrders: symbols / measured.MEASURED_SYMBOLS };
  return {
    postgres: ordersOf("postgres", ofAll),
    nodes: ordersOf("nodes", ofAll) + idle * idleCores("nodes"),
    nats: ordersOf("nats", ofAll) + idle * idleCores("nats"),
    etcd: ordersOf("etcd", ofAll),
    gateways: {
      divided: (1 - GATEWAY_EVENTS_SHARE) * ordersOf("gateways", ofAll),
      each: GATEWAY_EVENTS_SHARE * ordersOf("gateways", ofShards) + idle * idleCores("gateways"),
    },
    feeds: {
      divided: load.subscribers * coresPerSubscriber(ordersPerSecond / symbols),
      each:
        measured.IDLE_FEED_CORES +
        ordersOf("feeds", ofMarkets, idleFeedPerOrder) +
        idle * idleCores("feeds"),
    },
  };
}

interface Company {
  readonly load: Load;
  readonly batches: Batches;
  /** Times as many actors as were measured, and so as many orders that have batches of their own. */
  readonly dearOrders: number;
}

/** So many orders a second as were measured for each actor are dear, as they are in batches of their own; the others are cheap. */
function ordersOf(
  kind: Kind,
  { load: { ordersPerSecond }, batches, dearOrders }: Company,
  without: (measuredPerSecond: number) => number = () => 0,
): number {
  const { QUIET_ORDERS_PER_SECOND, SATURATED_ORDERS_PER_SECOND } = measured;
  const most = batches === "small" ? dearOrders * QUIET_ORDERS_PER_SECOND : 0;
  const dear = Math.min(ordersPerSecond, most);
  const dearMicros = measured.QUIET_MICROS_PER_ORDER[kind] - without(QUIET_ORDERS_PER_SECOND);
  const cheapMicros =
    measured.SATURATED_MICROS_PER_ORDER[kind] - without(SATURATED_ORDERS_PER_SECOND);
  return (dear * dearMicros + (ordersPerSecond - dear) * cheapMicros) / MICROS_PER_SECOND;
}

/** What a feed took for an order had what it takes when there is none, which does not grow with orders. */
function idleFeedPerOrder(measuredPerSecond: number): number {
  return (measured.IDLE_FEED_CORES * MICROS_PER_SECOND) / measuredPerSecond;
}

/** Announcements of an actor that is as busy as one was measured are in what an order costs; these are the others. */
function idleActors(ordersPerSecond: number, actors: number, batches: Batches): number {
  const { QUIET_ORDERS_PER_SECOND, SATURATED_ORDERS_PER_SECOND, MEASURED_ACTORS } = measured;
  const busy = batches === "small" ? QUIET_ORDERS_PER_SECOND : SATURATED_ORDERS_PER_SECOND;
  return Math.max(0, actors - (ordersPerSecond * MEASURED_ACTORS) / busy);
}

/** Of an actor that nobody trades on: it is announced, and looked after, all the same. */
function idleCores(kind: keyof typeof measured.IDLE_ACTORS_CORES): number {
  return measured.IDLE_ACTORS_CORES[kind] / measured.IDLE_ACTORS;
}

/** A subscriber is told of each batch of its market, and of no more batches than a market was seen to make. */
function coresPerSubscriber(ordersPerSecond: number): number {
  const messages = Math.min(
    ordersPerSecond * measured.MESSAGES_PER_ORDER,
    measured.MESSAGES_PER_SECOND_MAX,
  );
  return (messages * measured.MICROS_PER_MESSAGE) / MICROS_PER_SECOND;
}
