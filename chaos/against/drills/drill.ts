/** A drill at a running exchange: what it would touch is planned from what is seen, before anything is done. */
import type { CliError } from "../../../services/cli/cli-error.js";
import type { ClusterState } from "../../../services/cli/cluster.js";
import type { Bound } from "../../drills/drill.js";
import type { Operator } from "../operator.js";
import type { Pace, Probe } from "../probe.js";
import { outsideOf, type Radius } from "../radius.js";

/** What a plan is made from. */
export interface Ground {
  readonly state: ClusterState;
  readonly radius: Radius;
  /** The name of the ledger shard that the probe's account belongs to. */
  readonly shard: string;
}

/** What a round works with. */
export interface Stage {
  readonly operator: Operator;
  readonly probe: Probe;
  /** The gateway's. */
  readonly address: string;
  /** Rejects as soon as the drill is ended. */
  readonly pause: (ms: number) => Promise<void>;
  /** The same; resolves to whether it came to be so in time. */
  readonly isSo: (limitMs: number, accepts: () => boolean) => Promise<boolean>;
}

export interface Struck {
  /** Why it did not do what it is for; empty when it did. */
  readonly failures: readonly string[];
  /** What was measured beside what is always measured, in milliseconds. */
  readonly samples?: Readonly<Record<string, readonly number[]>>;
  readonly summary: string;
}

/** One round, before it is done. */
export interface Plan {
  /** The node that it is about, where it is one. */
  readonly node?: string;
  /** The actors whose leaders change, and the nodes that give or take something, by their names. */
  readonly actors: readonly string[];
  readonly nodes: readonly string[];
  /** The symbols that the probe's orders are for. */
  readonly symbols: readonly string[];
  /** What is done, in this order. */
  readonly does: readonly string[];
  /** How it is taken back, in this order. */
  readonly undone: readonly string[];
  /** What was noted to be undone is taken back afterwards by whoever calls this. */
  readonly strike: (stage: Stage) => Promise<Struck>;
}

export interface LiveDrill {
  readonly name: string;
  /** What is believed, and what the drill could prove wrong. */
  readonly hypothesis: string;
  /** What is done. */
  readonly about: string;
  /** What it needs beside the probe's account and a symbol. */
  readonly needs: string;
  readonly bound: Bound;
  readonly pace: Pace;
  /** Of one round, from 1 on, also where it touches more than it may. Throws `CliError` when it cannot be done. */
  plan(ground: Ground, round: number): Plan;
}

/** Why a round may not be done within its radius; null: it may. */
export function refusalOf(drill: LiveDrill, { radius }: Ground, plan: Plan): CliError | null {
  const { node, actors, nodes } = plan;
  const name = node === undefined ? drill.name : `${drill.name} ${node}`;
  return outsideOf(radius, { drill: name, actors, nodes });
}

/** Throws `CliError` when a round cannot be done, or not within its radius. */
export function planWithin(drill: LiveDrill, ground: Ground, round: number): Plan {
  const plan = drill.plan(ground, round);
  const refusal = refusalOf(drill, ground, plan);
  if (refusal) throw refusal;
  return plan;
}

/** Dense enough that a gap can be seen, and little for any exchange: each order is two commands. */
export const PACE: Pace = { ordersPerSecond: 20, ordersOpenMax: 20, ordersOfDrill: 0 };

/** What is done lasts so long before it is taken back. */
export const HOLD_MS = 1_000;

/** Planned changes, as a client far away may see them: between two words of a market to a probe of 20 orders a second. */
export const HARDLY_NOTICED: Bound = { of: "gap", ms: 500 };

/** How often each name comes in turn: the first in round 1. */
export function inTurn<T>(all: readonly T[], round: number): T {
  return all[(round - 1) % all.length]!;
}
