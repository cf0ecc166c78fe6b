/** What chaos does, as a seed draws it: waves of faults that overlap, and other drills alone. The same seed draws the same. */
import { Random } from "../../services/participants/random.js";

/** What each fault strikes, and how long it lasts at least and at most. */
export const KINDS = {
  "kill-node": { strikes: "node", lastsMs: [1_000, 3_000] },
  "freeze-node": { strikes: "node", lastsMs: [2_500, 4_000] },
  "hang-node": { strikes: "node", lastsMs: [2_500, 2_500] },
  "cut-node": { strikes: "node", lastsMs: [2_500, 4_000] },
  "kill-nats": { strikes: "nats", lastsMs: [500, 3_000] },
  "freeze-nats": { strikes: "nats", lastsMs: [500, 3_000] },
  "wipe-nats": { strikes: "nats", lastsMs: [0, 2_000] },
  "kill-etcd": { strikes: "etcd", lastsMs: [1_000, 4_000] },
  "freeze-etcd": { strikes: "etcd", lastsMs: [1_000, 4_000] },
  "kill-postgres": { strikes: "postgres", lastsMs: [500, 3_000] },
  "freeze-postgres": { strikes: "postgres", lastsMs: [500, 3_000] },
  "kill-gateway": { strikes: "gateway", lastsMs: [500, 2_000] },
  "freeze-gateway": { strikes: "gateway", lastsMs: [500, 3_000] },
} as const;

export type Kind = keyof typeof KINDS;

/** Besides two at one server: what is away cannot say where inboxes stood when they were lost. */
export const EXCLUDES: readonly (readonly [Kind, Kind])[] = [
  ["wipe-nats", "kill-postgres"],
  ["wipe-nats", "freeze-postgres"],
];

export interface PlannedFault {
  readonly kind: Kind;
  /** From the beginning of the wave, in milliseconds. */
  readonly atMs: number;
  /** At least: a fault lasts until it has bitten. */
  readonly lastsMs: number;
  /** Which of its ways, for a fault that has several. */
  readonly way: number;
}

export type Wave =
  | { readonly quietMs: number; readonly faults: readonly PlannedFault[] }
  /** One of the drills that want the exchange for themselves. */
  | { readonly quietMs: number; readonly alone: string; readonly round: number };

export interface Draw {
  /** Names of drills that may strike alone. */
  readonly alone: readonly string[];
  readonly nodes: number;
}

/** Waves of a seed have numbers below this. */
const WAVES_MAX = 1_000;
const QUIET_MS_MAX = 2_000;
const ALONE_SHARE = 0.25;
const FAULTS_MIN = 2;
const FAULTS_MAX = 4;
const WAY_MAX = 1_000;

export function drawWave(seed: number, number: number, { alone, nodes }: Draw): Wave {
  const random = new Random(seed * WAVES_MAX + number);
  const quietMs = random.whole(0, QUIET_MS_MAX);
  if (alone.length > 0 && random.chance(ALONE_SHARE)) {
    return { quietMs, alone: random.pick(alone), round: random.whole(1, WAY_MAX) };
  }
  const kinds = drawKinds(random, random.whole(FAULTS_MIN, FAULTS_MAX), nodes);
  const faults: PlannedFault[] = [];
  for (const kind of kinds) {
    const last = faults.at(-1);
    // It strikes while the one before lasts.
    const atMs = last ? random.whole(last.atMs, last.atMs + last.lastsMs) : 0;
    const [least, most] = KINDS[kind].lastsMs;
    const lastsMs = random.whole(least, most);
    faults.push({ kind, atMs, lastsMs, way: random.whole(0, WAY_MAX) });
  }
  return { quietMs, faults };
}

function drawKinds(random: Random, count: number, nodes: number): Kind[] {
  const kinds: Kind[] = [];
  const left = new Set(Object.keys(KINDS) as Kind[]);
  while (kinds.length < count && left.size > 0) {
    const kind = random.pick([...left]);
    kinds.push(kind);
    for (const other of left) if (!mayJoin(other, kinds, nodes)) left.delete(other);
  }
  return kinds;
}

/** May a fault strike while these last? Each server once; of the nodes one lives. */
export function mayJoin(kind: Kind, kinds: readonly Kind[], nodes: number): boolean {
  const { strikes } = KINDS[kind];
  const same = kinds.filter((other) => KINDS[other].strikes === strikes).length;
  if (same >= (strikes === "node" ? nodes - 1 : 1)) return false;
  return !EXCLUDES.some(
    ([one, other]) =>
      (one === kind && kinds.includes(other)) || (other === kind && kinds.includes(one)),
  );
}
