/** Waiting for something to become so. */
import { setTimeout as sleep } from "node:timers/promises";

const POLL_MS = 50;

/** Resolves to whether it came to be so in time. */
export async function isSoWithin(limitMs: number, isSo: () => Promise<boolean>): Promise<boolean> {
  const deadline = performance.now() + limitMs;
  while (!(await isSo())) {
    if (performance.now() > deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
}
