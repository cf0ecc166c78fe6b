/** What no number of machines makes possible, and why. */
import { LEDGER_SHARDS_MAX } from "../../actors/kernel/ids.js";
import { BUSY_MAX, COPIES, CORES_PER_PROCESS, type Load, SECONDS_PER_DAY } from "./load.js";
import * as measured from "./measured.js";
import { shardsFor } from "./shards.js";
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
    tooMuchForEach(load, "gateways") ??
    tooMuchForEach(load, "feeds")
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

function tooManyShards({ ordersPerSecond }: Load): Problem | undefined {
  const shards = shardsFor(ordersPerSecond);
  if (shards <= LEDGER_SHARDS_MAX) return undefined;
  const most = Math.floor((ordersPerSecond * LEDGER_SHARDS_MAX) / shards);
  const message =
    `${ordersPerSecond} orders a second need ${shards} ledger shards, and an exchange has ${LEDGER_SHARDS_MAX} at most: ` +
    `plan with fewer than ${most} orders a second, or with several exchanges`;
  return { code: "TOO_MANY_LEDGER_SHARDS", message };
}

type Kind = "gateways" | "feeds";

const TAKES: Readonly<Record<Kind, string>> = {
  gateways:
    "Each gateway takes all that all ledger shards say and all announcements (half of what it costs for an order is assumed for that, it was not measured)",
  feeds: "Each feed takes all that all markets say and their announcements",
};

/** What each of them does by itself fills its core, and more of them have no less of it. */
function tooMuchForEach(load: Load, kind: Kind): Problem | undefined {
  const cores = eachOf(load, kind);
  if (cores < CORES_PER_PROCESS) return undefined;
  const most = mostOrders(load);
  const { ordersPerSecond, symbols } = load;
  const fewer = most === 0 ? "fewer symbols" : `at most ${most} orders a second on so many symbols`;
  const message =
    `${ordersPerSecond} orders a second on ${symbols} symbols take ${cores.toFixed(1)} cores of each of the ${kind}, and it runs on one. ` +
    `${TAKES[kind]}, so more ${kind} help nothing: plan with ${fewer}, or with several exchanges`;
  return { code: `${kind.toUpperCase()}_TOO_BUSY`, message };
}

function eachOf(load: Load, kind: Kind): number {
  return workFor(load, shardsFor(load.ordersPerSecond), "small")[kind].each;
}

/** What a gateway and a feed can follow, by halves between none and what was too much; 0 where the symbols alone are. */
function mostOrders(load: Load): number {
  let [fits, tooMany] = [0, load.ordersPerSecond];
  while (tooMany - fits > 1) {
    const half = { ...load, ordersPerSecond: Math.floor((fits + tooMany) / 2) };
    const most = Math.max(eachOf(half, "gateways"), eachOf(half, "feeds"));
    if (most < CORES_PER_PROCESS) fits = half.ordersPerSecond;
    else tooMany = half.ordersPerSecond;
  }
  return fits;
}
