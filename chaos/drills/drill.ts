/** What a drill is made of: one fault, struck round after round at an exchange under load. */
import type { Scene } from "../scene.js";
import type { Metronome } from "./metronome.js";
import type { Probe } from "./probe.js";

/** What a drill works with. */
export interface Stage {
  readonly scene: Scene;
  /** Finds out when clients trade again. */
  readonly probe: Probe;
  /** Sends orders so densely that a gap without matching can be seen in an actor's batches. */
  readonly metronome: Metronome;
}

/** What a fault did in one round. */
export interface Bite {
  /** Why the fault did not do what it is for; empty when it did. */
  readonly failures: readonly string[];
  /** Rows that a deposed node committed afterwards. */
  readonly staleCommits: number;
  /** Commits that a deposed node tried, and that the fence refused. */
  readonly fencedCommits: number;
}

export interface Round extends Bite {
  /** What was measured, in milliseconds, by the name that it has in the report (`gap` becomes `gapMsP99`, …). */
  readonly samples: Readonly<Record<string, readonly number[]>>;
  /** One line for people. */
  readonly summary: string;
}

/** How much trades while a drill strikes. */
export interface Surroundings {
  readonly nodes: number;
  readonly ledgerShards: number;
  readonly symbols: number;
  readonly ordersPerSecond: number;
}

export interface Drill {
  readonly name: string;
  readonly about: string;
  /** Where it differs from what all drills run in. */
  readonly surroundings?: Partial<Surroundings>;
  /** Strikes once, measures, proves that the fault bit, and makes everything whole again. Rounds count from 1. */
  round(stage: Stage, number: number): Promise<Round>;
}
