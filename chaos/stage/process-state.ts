/** What the system says of a process, by `/proc`. */
import { readFileSync } from "node:fs";

/** The fields of `/proc/PID/stat` after the program's name: state, parent, … */
function fieldsOf(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

const STATE = 0;
const USER_TICKS = 11;
const SYSTEM_TICKS = 12;

/** Is the process stopped (state T)? */
export function isStopped(pid: number): boolean {
  return fieldsOf(pid)[STATE] === "T";
}

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
