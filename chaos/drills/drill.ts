/** What a drill is made of: one fault, struck round after round at an exchange under load. */
import type { Scene } from "../scene.js";
import type { GroundOptions } from "../stage/ground.js";
import type { Metronome } from "../stage/metronome.js";
import type { Probe } from "../stage/probe.js";
import type { Timeline } from "../stage/timeline.js";

/** What a drill works with. */
export interface Stage {
  readonly scene: Scene;
  /** Finds out when clients trade again. */
  readonly probe: Probe;
  /** Sends orders so densely that a gap without matching can be seen in an actor's batches. */
  readonly metronome: Metronome;
  /** Where it is written down what happens when. */
  readonly timeline: Timeline;
  /** Of all that a drill draws by chance. */
  readonly seed: number;
  /** Takes lines of progress. */
  readonly log: (line: string) => void;
}

/** What a fault did in one round. */
export interface Bite {
  /** Why the fault did not do what it is for; empty when it did. */
  readonly failures: readonly string[];
  /** What is not as it should be although the fault is gone. */
  readonly unhealed: readonly string[];
  /** Rows that a deposed node committed afterwards. */
  readonly staleCommits: number;
  /** Commits that a deposed node tried, and that the fence refused. */
  readonly fencedCommits: number;
}

export interface Round extends Bite {
  /** What was measured, in milliseconds, by the name that it has in the report (`gap` becomes `gapMsP99`, …). */
  readonly samples: Readonly<Record<string, readonly number[]>>;
  /** One line for people: what was done, and what was seen of it. */
  readonly summary: string;
}

/** What an exchange has to be for a drill. */
export interface Surroundings extends GroundOptions {
  readonly nodes: number;
  readonly ledgerShards: number;
  readonly symbols: number;
  readonly ordersPerSecond: number;
}

/** The most that the 99th percentile of what is measured may be. */
export interface Limit {
  /** The name of the samples. */
  readonly of: string;
  /** On a machine that does nothing else. */
  readonly ms: number;
}

/** What users are to see of it at most. */
export interface Bound extends Limit {
  /** What else is bound, by itself, where it was measured. */
  readonly also?: Limit;
}

/** All that a drill is bound by, each by itself. */
export function boundsOf({ also, ...first }: Bound): readonly Limit[] {
  return also ? [first, also] : [first];
}

export function boundText(bound: Bound): string {
  return boundsOf(bound)
    .map(({ of, ms }) => `${of}MsP99 < ${ms}`)
    .join(", ");
}

export interface Drill {
  readonly name: string;
  /** What is believed, and what the drill could prove wrong. */
  readonly hypothesis: string;
  /** What is done. */
  readonly about: string;
  readonly bound: Bound;
  /** Where it differs from what all drills run in. */
  readonly surroundings?: Partial<Surroundings>;
  /** Rounds that it takes to show all of it, where it is more than one. */
  readonly rounds?: number;
  /** What a seed makes of so many rounds, for a drill that draws what it does: printed before it begins. */
  plan?(seed: number, rounds: number, surroundings: { readonly nodes: number }): readonly unknown[];
  /** Is the exchange not afterwards what it was, so that no other drill may follow there? */
  readonly spoils?: true;
  /** Strikes once, measures, proves that the fault bit, and makes everything whole again. Rounds count from 1. */
  round(stage: Stage, number: number): Promise<Round>;
}

export const NO_FAILURE: Bite = { failures: [], unhealed: [], staleCommits: 0, fencedCommits: 0 };

/** A fault that cannot be made here; the message says what is missing. */
export class CannotStrikeError extends Error {
  override readonly name = "CannotStrikeError";
  readonly code = "DRILL_CANNOT_STRIKE";
  constructor(what: string) {
    super(`DRILL_CANNOT_STRIKE: ${what}`);
  }
}

/** An exchange that is not whole before anything is done to it; the message says what is wrong. */
export class NotHealthyError extends Error {
  override readonly name = "NotHealthyError";
  readonly code = "EXCHANGE_NOT_HEALTHY";
  constructor(drill: string, ails: readonly string[]) {
    super(`EXCHANGE_NOT_HEALTHY: ${drill} strikes only what is whole: ${ails.join("; ")}`);
  }
}
