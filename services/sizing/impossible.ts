/** What no number of machines makes possible, and why. */
import { LEDGER_SHARDS_MAX } from "../../actors/kernel/ids.js";
import { RESTING_ORDERS_MAX } from "../../actors/kernel/limits.js";
import {
  BUSY_MAX,
  COPIES,
  CORES_PER_PROCESS,
  EACH_BUSY_MAX,
  type Load,
  SECONDS_PER_DAY,
} from "./load.js";
import * as measured from "./measured.js";
import { ACCOUNTS_PER_SHARD_MAX, shardsFor } from "./shards.js";
import { sizing } from "./sizing.js";
import { workFor } from "./work.js";

const MICROS_PER_SECOND = 1_000_000;

/**
 * One market runs on one core. Of what an order costs the nodes half is its standbys'; the rest is taken for its market's, though
 * its ledger shard has a part of it. So a symbol can do more than this, and nobody should plan with it.
 */
export const ORDERS_PER_SECOND_PER_SYMBOL_MAX = Math.floor(
  (BUSY_MAX * CORES_PER_PROCESS * MICROS_PER_SECOND * COPIES) /
    measured.SATURATED_MICROS_PER_ORDER.nodes,
);

/** The highest that PostgreSQL takes for `max_connections`. */
const POSTGRES_CONNECTIONS_MAX = 262_143;

export interface Problem {
  readonly code: string;
  readonly message: string;
}

/** The first thing that is; or nothing. */
export function impossible(load: Load): Problem | undefined {
  return (
    dayTooLong(load) ??
    symbolsTooBusy(load) ??
    tooManyShards(load) ??
    booksTooLarge(load) ??
    tooMuchForEach(load, "gateways") ??
    tooMuchForEach(load, "feeds") ??
    tooManyConnections(load)
  );
}

function dayTooLong({ ordersPerSecond, ordersPerDay }: Load): Problem | undefined {
  const most = ordersPerSecond * SECONDS_PER_DAY;
  if (ordersPerDay <= most) return undefined;
  const message =
    `${ordersPerDay} orders a day are more than ${ordersPerSecond} a second for 24 hours, which are ${most}: ` +
    `say at most so many, or at least ${Math.ceil(ordersPerDay / SECONDS_PER_DAY)} orders a second`;
  return { code: "TOO_MANY_ORDERS_A_DAY", message };
}

function symbolsTooBusy({ ordersPerSecond, symbols }: Load): Problem | undefined {
  const perSymbol = Math.ceil(ordersPerSecond / symbols);
  if (perSymbol <= ORDERS_PER_SECOND_PER_SYMBOL_MAX) return undefined;
  const least = Math.ceil(ordersPerSecond / ORDERS_PER_SECOND_PER_SYMBOL_MAX);
  const message =
    `${ordersPerSecond} orders a second on ${symbols} symbols are ${perSymbol} for each. One core matches and commits a symbol: ` +
    `plan with ${ORDERS_PER_SECOND_PER_SYMBOL_MAX} at most, so with ${least} symbols that are equally busy, or with fewer orders`;
  return { code: "SYMBOLS_TOO_BUSY", message };
}

function tooManyShards(load: Load): Problem | undefined {
  const { ordersPerSecond, accounts } = load;
  const shards = shardsFor(load);
  if (shards <= LEDGER_SHARDS_MAX) return undefined;
  const byOrders = shardsFor({ ...load, accounts: 1 });
  const most = Math.floor((ordersPerSecond * LEDGER_SHARDS_MAX) / byOrders);
  const [needing, fewer] =
    byOrders === shards
      ? [`${ordersPerSecond} orders a second need`, `fewer than ${most} orders a second`]
      : [`${accounts} accounts need`, `at most ${LEDGER_SHARDS_MAX * ACCOUNTS_PER_SHARD_MAX}`];
  const message =
    `${needing} ${shards} ledger shards, and an exchange has ${LEDGER_SHARDS_MAX} at most: ` +
    `plan with ${fewer}, or with several exchanges`;
  return { code: "TOO_MANY_LEDGER_SHARDS", message };
}

/** Beyond it a market takes no new orders. */
function booksTooLarge({ restingOrders, symbols }: Load): Problem | undefined {
  const perSymbol = Math.ceil(restingOrders / symbols);
  if (perSymbol <= RESTING_ORDERS_MAX) return undefined;
  const least = Math.ceil(restingOrders / RESTING_ORDERS_MAX);
  const message =
    `${restingOrders} orders that rest on ${symbols} symbols are ${perSymbol} for each, and a market takes ${RESTING_ORDERS_MAX} at most: ` +
    `plan with ${least} symbols, or with fewer orders`;
  return { code: "BOOKS_TOO_LARGE", message };
}

type Kind = "gateways" | "feeds";

const TAKES: Readonly<Record<Kind, string>> = {
  gateways:
    "Each gateway takes all that all ledger shards say and all announcements (half of what it costs for an order is assumed for that, it was not measured)",
  feeds: "Each feed takes all that all markets say and their announcements",
};

/** What each of them does by itself nearly fills its core, and more of them have no less of it. */
function tooMuchForEach(load: Load, kind: Kind): Problem | undefined {
  const cores = eachOf(load, kind);
  if (cores <= EACH_BUSY_MAX) return undefined;
  const most = mostOrders(load);
  const { ordersPerSecond, symbols } = load;
  const fewer = most === 0 ? "fewer symbols" : `at most ${most} orders a second on so many symbols`;
  const message =
    `${ordersPerSecond} orders a second on ${symbols} symbols take ${cores.toFixed(2)} cores of each of the ${kind}, which runs on one and has its clients besides, so ${EACH_BUSY_MAX} are planned with. ` +
    `${TAKES[kind]}, so more ${kind} help nothing: plan with ${fewer}, or with several exchanges`;
  return { code: `${kind.toUpperCase()}_TOO_BUSY`, message };
}

/** All processes read where actors are, and so are connected to the first instance. */
function tooManyConnections(load: Load): Problem | undefined {
  const { nodes, gateways, feeds, postgresConnections } = sizing(load);
  const { home } = postgresConnections;
  if (home <= POSTGRES_CONNECTIONS_MAX) return undefined;
  const message =
    `${nodes} nodes, ${gateways} gateways and ${feeds} feeds make ${home} connections to the first PostgreSQL instance, which lets ${POSTGRES_CONNECTIONS_MAX} in at most: ` +
    "plan with fewer subscribers or orders, or with several exchanges";
  return { code: "TOO_MANY_CONNECTIONS", message };
}

function eachOf(load: Load, kind: Kind): number {
  return workFor(load, shardsFor(load), "small")[kind].each;
}

/** What a gateway and a feed can follow, by halves between none and what was too much; 0 where the symbols alone are. */
function mostOrders(load: Load): number {
  let [fits, tooMany] = [0, load.ordersPerSecond];
  while (tooMany - fits > 1) {
    const half = { ...load, ordersPerSecond: Math.floor((fits + tooMany) / 2) };
    const most = Math.max(eachOf(half, "gateways"), eachOf(half, "feeds"));
    if (most <= EACH_BUSY_MAX) fits = half.ordersPerSecond;
    else tooMany = half.ordersPerSecond;
  }
  return fits;
}
