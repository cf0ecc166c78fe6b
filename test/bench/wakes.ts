/**
 * How often the threads of processes have gone to sleep and were woken again, as Linux counts it (voluntary context switches):
 * for a message, an answer, the disk, a timer.
 */
import { readdirSync, readFileSync } from "node:fs";
import type { Families } from "./memory.js";

/** By name, how often each of its threads was; without names of whose threads nothing can be told. */
export type Wakes = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** Up to now. */
export function wakesOf(families: Families): Wakes {
  const wakes = new Map<string, ReadonlyMap<string, number>>();
  for (const [name, its] of families) {
    const ofThreads = new Map(its.flat().flatMap(wakesOfProcess));
    if (ofThreads.size > 0) wakes.set(name, ofThreads);
  }
  return wakes;
}

/** Between two looks, of the names that both have seen; of a thread that has begun meanwhile all, of one that has ended nothing. */
export function wakesBetween(before: Wakes, after: Wakes): Map<string, number> {
  const between = new Map<string, number>();
  for (const [name, threads] of after) {
    const known = before.get(name);
    if (!known) continue;
    let sum = 0;
    for (const [thread, wakes] of threads) sum += wakes - (known.get(thread) ?? 0);
    between.set(name, sum);
  }
  return between;
}

function wakesOfProcess(pid: number): [thread: string, wakes: number][] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) => {
      const wakes = wakesOfThread(pid, thread);
      return wakes === undefined ? [] : [[thread, wakes]];
    });
  } catch {
    return []; // It has ended, or there is no /proc.
  }
}

function wakesOfThread(pid: number, thread: string): number | undefined {
  try {
    return parseWakes(readFileSync(`/proc/${pid}/task/${thread}/status`, "utf8"));
  } catch {
    return undefined; // It has just ended.
  }
}

/** Of the lines of a thread's status; undefined where they do not say it. */
export function parseWakes(text: string): number | undefined {
  const [, wakes] = /^voluntary_ctxt_switches:\s*(\d+)$/m.exec(text) ?? [];
  return wakes === undefined ? undefined : Number(wakes);
}
