/** Work in virtual time. */
import type { World } from "../../chaos/simulator/world/world.js";

const HOUR_US = 3_600_000_000;

/** Lets the world's time pass until the work is done; rejects when nothing more happens before that. */
export async function inTime<T>(world: World, work: () => Promise<T>): Promise<T> {
  let isDone = false;
  const working = work().finally(() => {
    isDone = true;
  });
  // It is awaited below, when the run has ended.
  working.catch(() => undefined);
  const { scheduler } = world;
  await scheduler.run(scheduler.nowUs + HOUR_US, () => isDone);
  if (!isDone) throw new Error("an hour has passed, and the work is not done");
  return working;
}

/** Lets so much virtual time pass. */
export function pass(world: World, ms: number): Promise<void> {
  return world.scheduler.run(world.scheduler.nowUs + ms * 1_000);
}
