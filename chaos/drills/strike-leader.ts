/** Rounds that strike the leader of something and measure until clients trade there again. */
import type { Scene } from "../scene.js";
import type { Bite, Round, Stage } from "./drill.js";
import { pickVictim, type Victim } from "./victims.js";

export interface Blow {
  /** At once: nothing is awaited between the clock's start and the blow. */
  strike(victim: Victim): void;
  /** Called when clients trade again: proves that the fault bit, and makes the victim a member again. */
  heal(scene: Scene, victim: Victim, struckAtMs: number): Promise<Bite>;
}

export async function strikeLeader(
  { scene, probe }: Stage,
  number: number,
  blow: Blow,
): Promise<Round> {
  const victim = await pickVictim(scene.exchange, number);
  const struckAt = new Date().toISOString();
  const struckAtMs = performance.now();
  blow.strike(victim);
  const { firstMs, allMs } = await probe.untilResumed(victim.symbols, struckAtMs);
  const bite = await blow.heal(scene, victim, struckAtMs);
  return {
    ...bite,
    samples: { resume: [firstMs], allResumed: [allMs] },
    summary:
      `${victim.process.name} led ${[...victim.tokens.keys()].join(", ")}; ` +
      `struck at ${struckAt}, first fill after ${Math.round(firstMs)} ms, ` +
      `all after ${Math.round(allMs)} ms`,
  };
}
