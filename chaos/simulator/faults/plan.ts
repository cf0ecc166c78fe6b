/** What goes wrong in a run and when: drawn from the seed, written down as JSON, and shrunk when a run has failed. */
import { ACTORS, GATEWAYS, NODES, SERVERS } from "../cluster/names.js";
import { type Random, randomStream } from "../world/random.js";
import { KINDS, type FaultKind, type Kind } from "./kinds.js";

export interface PlannedFault {
  readonly kind: FaultKind;
  /** After the beginning of the faults, in milliseconds; and for how long. */
  readonly atMs: number;
  readonly forMs: number;
  /** What a kind is about it picks from these. */
  readonly node: string;
  readonly other: string;
  readonly gateway: string;
  readonly server: string;
  readonly actor: string;
  /** From 0 to 1: how bad it is. */
  readonly size: number;
}

export interface Plan {
  readonly seed: number;
  /** Commands that clients send, at least. */
  readonly commands: number;
  /** For how long faults begin, in milliseconds. */
  readonly faultsMs: number;
  readonly faults: readonly PlannedFault[];
}

const COMMANDS = 1_000;
/** Clients trade for so long; the last fault begins a little before, so that it meets somebody. */
const FAULTS_MS = 13_000;
const LAST_FAULT_MS = 11_000;
const FAULTS_MIN = 23;
const FAULTS_MAX = 28;
/** Some runs have few kinds, each of them several times: what is rare together is then often. */
const FEW_KINDS_CHANCE = 0.3;
const FEW_KINDS = 6;

export function drawPlan(seed: number): Plan {
  const random = randomStream(seed, "plan");
  const kinds = shuffled(random, Object.keys(KINDS) as FaultKind[]);
  const pool = random.chance(FEW_KINDS_CHANCE) ? kinds.slice(0, FEW_KINDS) : kinds;
  const count = random.whole(FAULTS_MIN, FAULTS_MAX);
  const faults = Array.from({ length: count }, (_, n) => drawFault(random, pool[n % pool.length]!));
  faults.sort((a, b) => a.atMs - b.atMs);
  return { seed, commands: COMMANDS, faultsMs: FAULTS_MS, faults };
}

function drawFault(random: Random, kind: FaultKind): PlannedFault {
  const { forMs, latestMs = LAST_FAULT_MS }: Kind = KINDS[kind];
  const [shortest, longest] = forMs;
  const [node, other] = shuffled(random, NODES) as [string, string];
  return {
    kind,
    atMs: random.whole(0, latestMs),
    forMs: random.whole(shortest, longest),
    node,
    other,
    gateway: random.pick(GATEWAYS),
    server: random.pick(SERVERS),
    actor: random.pick(ACTORS),
    size: Math.round(random.next() * 1_000) / 1_000,
  };
}

function shuffled<T>(random: Random, values: readonly T[]): T[] {
  const all = [...values];
  for (let at = all.length - 1; at > 0; at--) {
    const other = random.whole(0, at);
    [all[at], all[other]] = [all[other]!, all[at]!];
  }
  return all;
}
