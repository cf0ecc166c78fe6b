/** What the system says of a process, by `/proc`. */
import { readFileSync } from "node:fs";
import { childrenOf, isAlive, isStopped } from "../../services/servers/process-identity.js";

/** The fields of `/proc/PID/stat` after the program's name: state, parent, … */
function fieldsOf(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

const USER_TICKS = 11;
const SYSTEM_TICKS = 12;

/** A process that is told to stop may have worked for so long before it did. */
const STOP_TICKS_MAX = 2;

/** Is it stopped, and was it since it had had so much processor time? */
export function isStoppedSince(pid: number, ticks: number): boolean {
  return isStopped(pid) && ticksOf(pid) - ticks <= STOP_TICKS_MAX;
}

/** Processor time that it has had, in the system's ticks of 10 ms. */
export function ticksOf(pid: number): number {
  const fields = fieldsOf(pid);
  return Number(fields[USER_TICKS]) + Number(fields[SYSTEM_TICKS]);
}

/** Processes that were stopped, with the processor time that each had had by then. */
export type Stopped = ReadonlyMap<number, number>;

/** A process that has just been stopped, and its children. */
export function stoppedNow(pid: number): Stopped {
  return new Map(familyOf(pid).map((each) => [each, ticksOf(each)]));
}

/** Those of them, and of the children that it has by now, that were not stopped all the time. */
export function movedSince(pid: number, stopped: Stopped): number[] {
  const all = new Set([...stopped.keys(), ...familyOf(pid)]);
  return [...all].filter((each) => !isStoppedSince(each, stopped.get(each) ?? -Infinity));
}

function familyOf(pid: number): number[] {
  return [pid, ...childrenOf(pid)].filter(isAlive);
}
