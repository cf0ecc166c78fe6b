/**
 * How often a process has gone to sleep and was woken again, its threads together, as Linux counts it (voluntary context
 * switches): for a message, an answer, the disk, a timer. Each costs more the longer it has slept, as its part of the caches is
 * others' by then, so of an exchange with little to do it is this that processor time goes into.
 */
import { readdirSync, readFileSync } from "node:fs";

/** Up to now, of the threads that there are; undefined where it cannot be looked at. */
export function wakesOf(pid: number): number | undefined {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    return threads.reduce((sum, thread) => sum + wakesOfThread(pid, thread), 0);
  } catch {
    return undefined; // It has ended, or there is no /proc.
  }
}

function wakesOfThread(pid: number, thread: string): number {
  try {
    return parseWakes(readFileSync(`/proc/${pid}/task/${thread}/status`, "utf8")) ?? 0;
  } catch {
    return 0; // It has just ended.
  }
}

/** Of the lines of a thread's status; undefined where they do not say it. */
export function parseWakes(text: string): number | undefined {
  const [, wakes] = /^voluntary_ctxt_switches:\s*(\d+)$/m.exec(text) ?? [];
  return wakes === undefined ? undefined : Number(wakes);
}
