/**
 * How most drills strike: they aim at something while the exchange is whole, strike, let it last, prove that it bit, and
 * heal. Clients' own patience is the measure: while it lasts, or from when it is healed.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Resumption } from "../stage/probe.js";
import { type Bite, NO_FAILURE, type Round, type Stage } from "./drill.js";

/** How often clients are asked again while it lasts, in milliseconds. */
const ASK_EVERY_MS = 500;

/** When the fault began, for those that know better than their caller. */
type Moment = number | undefined | void;

export interface Fault<Target> {
  /** Chooses what is struck, once the exchange is whole. */
  aim(stage: Stage, number: number): Promise<Target>;
  /** The symbols whose clients could notice; absent: all. */
  symbols?(target: Target): readonly string[];
  /** At once: the clock starts just before, or at the moment that it gives (by `performance.now`) where it takes some. */
  strike(target: Target, stage: Stage): Promise<Moment> | Moment;
  /** How long it lasts at least, in milliseconds; absent: until clients trade again. */
  readonly lastsMs?: number;
  /** Where it ends by itself: resolves then. */
  over?(target: Target, stage: Stage): Promise<void>;
  /** Called before it is healed: why the fault has not done what it is for. */
  bitten(target: Target, stage: Stage): Promise<readonly string[]>;
  /** Takes the fault away; called whatever happened. */
  heal(target: Target, stage: Stage): Promise<void>;
  /** Called when it is healed and clients trade: what is not as it should be then. */
  healed?(target: Target, stage: Stage): Promise<Partial<Aftermath>>;
  /** What was struck, for people. */
  name(target: Target): string;
}

/** What is found once it is healed; samples beside those that are always taken. */
export type Aftermath = Bite & Pick<Round, "samples">;

type Rounds = (stage: Stage, number: number) => Promise<Round>;

/**
 * Clients are to trade while it lasts: `resume` to the first fill, `allResumed` to one of each symbol from each shard, and
 * `throughout` the same again and again until it is over, the last time in its last moment, or within 500 ms after where it
 * ends by itself: what expires meanwhile is seen, too.
 */
export function whileItLasts<Target>(fault: Fault<Target>): Rounds {
  return async (stage, number) => {
    const target = await fault.aim(stage, number);
    const symbols = fault.symbols?.(target) ?? stage.scene.symbols;
    let struckAtMs = performance.now();
    const [resumed, later, proof] = await withHealing(fault, target, stage, async () => {
      struckAtMs = (await fault.strike(target, stage)) ?? struckAtMs;
      const told = await stage.probe.untilResumed(symbols, struckAtMs);
      const waited = await untilItIsOver(fault, target, stage, struckAtMs);
      return [told, waited, await proofOf(fault, target, stage)] as const;
    });
    const { firstMs, allMs } = resumed;
    const struckAt = new Date(performance.timeOrigin + struckAtMs).toISOString();
    stage.timeline.add("struck", fault.name(target), struckAtMs);
    tellResumed(stage, struckAtMs, resumed);
    const after = await afterwards(fault, target, stage, proof);
    return {
      ...after,
      samples: {
        resume: [firstMs],
        allResumed: [allMs],
        ...(later.length > 0 && { throughout: [allMs, ...later] }),
        ...after.samples,
      },
      summary:
        `${fault.name(target)}; struck at ${struckAt}, first fill after ${Math.round(firstMs)} ms, ` +
        `all after ${Math.round(allMs)} ms`,
    };
  };
}

/** Asks clients again and again until the fault is over; how long all of them waited each time. */
async function untilItIsOver<Target>(
  fault: Fault<Target>,
  target: Target,
  stage: Stage,
  struckAtMs: number,
): Promise<number[]> {
  const symbols = fault.symbols?.(target) ?? stage.scene.symbols;
  const untilMs = struckAtMs + (fault.lastsMs ?? 0);
  const end = { isAwaited: fault.over !== undefined };
  const over = Promise.resolve(fault.over?.(target, stage)).finally(() => {
    end.isAwaited = false;
  });
  over.catch(() => undefined); // It is heard below.
  const waited: number[] = [];
  for (let leftMs = untilMs - performance.now(); end.isAwaited || leftMs > 0; ) {
    await sleep(end.isAwaited ? ASK_EVERY_MS : Math.min(ASK_EVERY_MS, leftMs));
    waited.push((await stage.probe.untilResumed(symbols, performance.now())).allMs);
    leftMs = untilMs - performance.now();
  }
  await over;
  return waited;
}

/** Clients are to trade once it is healed: `back` and `allBack` count from then, `down` is how long it lasted. */
export function onceItIsHealed<Target>(fault: Fault<Target>): Rounds {
  return async (stage, number) => {
    const target = await fault.aim(stage, number);
    const symbols = fault.symbols?.(target) ?? stage.scene.symbols;
    const struckAtMs = performance.now();
    const proof = await withHealing(fault, target, stage, async () => {
      await fault.strike(target, stage);
      await sleep(Math.max(0, struckAtMs + (fault.lastsMs ?? 0) - performance.now()));
      return proofOf(fault, target, stage);
    });
    const healedAtMs = performance.now();
    const resumed = await stage.probe.untilResumed(symbols, healedAtMs);
    const { firstMs, allMs } = resumed;
    const downMs = healedAtMs - struckAtMs;
    stage.timeline.add("struck", fault.name(target), struckAtMs);
    tellResumed(stage, healedAtMs, resumed);
    const after = await afterwards(fault, target, stage, proof);
    return {
      ...after,
      samples: { back: [firstMs], allBack: [allMs], down: [downMs], ...after.samples },
      summary:
        `${fault.name(target)}; after ${Math.round(downMs)} ms it was healed, then the first fill ` +
        `after ${Math.round(firstMs)} ms, all after ${Math.round(allMs)} ms`,
    };
  };
}

/** Does something while a fault lasts, and takes it away whatever came of it. `of`: which of several faults it is. */
export async function withHealing<Target, Result>(
  fault: Fault<Target>,
  target: Target,
  stage: Stage,
  work: () => Promise<Result>,
  of?: string,
): Promise<Result> {
  try {
    return await work();
  } finally {
    await fault.heal(target, stage);
    stage.timeline.add("healed", "", performance.now(), of);
  }
}

/** Why the fault has not done what it is for, as far as can be seen while it lasts. */
export interface Proof {
  readonly failures: readonly string[];
  readonly atMs: number;
}

export async function proofOf<Target>(
  fault: Fault<Target>,
  target: Target,
  stage: Stage,
): Promise<Proof> {
  const failures = await fault.bitten(target, stage);
  return { failures, atMs: performance.now() };
}

export function tellResumed(
  { timeline }: Stage,
  sinceMs: number,
  { firstMs, allMs }: Resumption,
): void {
  timeline.add("resumed", "", sinceMs + firstMs);
  timeline.add("allResumed", "", sinceMs + allMs);
}

/** What is found once it is healed, with what is wrong with the proof. `of`: which of several faults it is. */
export async function afterwards<Target>(
  fault: Fault<Target>,
  target: Target,
  stage: Stage,
  proof: Proof,
  of?: string,
): Promise<Aftermath> {
  const after = await healedOf(fault, target, stage);
  const failures = [...proof.failures, ...after.failures];
  stage.timeline.add("bitten", failures.join("; "), proof.atMs, of);
  return { ...after, failures };
}

export async function healedOf<Target>(
  fault: Fault<Target>,
  target: Target,
  stage: Stage,
): Promise<Aftermath> {
  return { ...NO_FAILURE, samples: {}, ...(await fault.healed?.(target, stage)) };
}
