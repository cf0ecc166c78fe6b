/** What a drill is made of: one fault, struck round after round at an exchange under load. */
import type { Scene } from "../scene.js";
import type { Victim } from "./victims.js";

/** What a fault did in one round. */
export interface Bite {
  /** Why the fault did not do what it is for; empty when it did. */
  readonly failures: readonly string[];
  /** Rows that the victim committed after it had been deposed. */
  readonly staleCommits: number;
  /** Commits that the victim tried after it had been deposed, and that the fence refused. */
  readonly fencedCommits: number;
}

export interface Drill {
  readonly name: string;
  readonly about: string;
  /** Strikes at once; nothing is awaited between the clock's start and the blow. */
  strike(victim: Victim): void;
  /** Called when clients trade again: proves that the fault bit, and makes the victim a member again. */
  heal(scene: Scene, victim: Victim, struckAtMs: number): Promise<Bite>;
}
