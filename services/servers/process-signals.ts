/** Signals to a process and to those that it has started. */
import { setTimeout as sleep } from "node:timers/promises";
import { childrenOf, isAlive, isStopped } from "./process-identity.js";

const POLL_MS = 1;
/** One that waits for a disk stops when it has its answer: nobody waits for longer. */
const STOP_LIMIT_MS = 1_000;

export function sendSignal(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      // It has just ended by itself.
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}

/**
 * Stops a process, and only then its children: as long as it runs it may start one more, which nobody would have stopped. Resolves
 * to all of them, when they stand still.
 */
export async function freeze(pid: number): Promise<number[]> {
  const all = new Set<number>();
  for (let next = [pid]; next.length > 0; next = childrenOf(pid).filter((each) => !all.has(each))) {
    sendSignal(next, "SIGSTOP");
    await untilStill(next);
    for (const each of next) all.add(each);
  }
  return [...all];
}

async function untilStill(pids: readonly number[]): Promise<void> {
  const deadline = performance.now() + STOP_LIMIT_MS;
  while (pids.some((pid) => !isStopped(pid) && isAlive(pid)) && performance.now() < deadline) {
    await sleep(POLL_MS);
  }
}
