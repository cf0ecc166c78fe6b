/** How much processor time processes have used, as the system counts it. */
import { readdirSync, readFileSync } from "node:fs";
import type { Exchange } from "../../services/supervisor/exchange.js";

const MICROSECONDS_PER_MS = 1_000;
/** The unit of /proc's times, the same on every Linux. */
const MICROSECONDS_PER_TICK = 10_000;

/** Fields after the program's name in /proc/PID/stat. */
const PARENT = 1;
const TIMES = [11, 12];
const TIMES_OF_ENDED_CHILDREN = [13, 14];

/** Microseconds by process; without those that cannot be looked at (in a container, or not on Linux). */
export type CpuTimes = ReadonlyMap<string, number>;

/** The times up to now of all processes of an exchange, PostgreSQL's instances together, and of others by name and pid. */
export function cpuTimes(exchange: Exchange, others: ReadonlyMap<string, number>): CpuTimes {
  const times = new Map<string, number>();
  const put = (name: string, microseconds: number | undefined) => {
    if (microseconds !== undefined) times.set(name, microseconds);
  };
  for (const { name, pid } of exchange.processes.values()) put(name, timeOf(pid));
  for (const [name, pid] of others) put(name, timeOf(pid));
  put("nats", timeOf(exchange.servers.nats.pid));
  put("etcd", timeOf(exchange.servers.etcd.pid));
  const { postgres, furtherPostgres } = exchange.servers;
  const instances = [postgres, ...furtherPostgres].map(({ pid }) => timeOfFamily(pid));
  put("postgres", sumOf(instances));
  return times;
}

/** Times as they were at a moment, by this process's clock. */
export interface CpuLook {
  readonly atMs: number;
  readonly times: CpuTimes;
}

export function lookAtCpu(exchange: Exchange, others: ReadonlyMap<string, number>): CpuLook {
  return { atMs: performance.now(), times: cpuTimes(exchange, others) };
}

/** How many cores each kept busy between two looks. */
export function coresBetween(before: CpuLook, after: CpuLook): Map<string, number> {
  const elapsed = (after.atMs - before.atMs) * MICROSECONDS_PER_MS;
  const used = cpuBetween(before.times, after.times);
  return new Map([...used].map(([name, microseconds]) => [name, microseconds / elapsed]));
}

/** Undefined where one is. */
function sumOf(times: readonly (number | undefined)[]): number | undefined {
  return times.reduce(
    (total, time) => (total === undefined || time === undefined ? undefined : total + time),
    0,
  );
}

/** What each used between two looks. */
export function cpuBetween(before: CpuTimes, after: CpuTimes): Map<string, number> {
  return new Map([...after].map(([name, time]) => [name, time - (before.get(name) ?? 0)]));
}

function fieldsOf(pid: number): number[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat
      .slice(stat.lastIndexOf(")") + 2)
      .split(" ")
      .map(Number);
  } catch {
    return undefined; // It has ended, or there is no /proc.
  }
}

function sum(fields: number[] | undefined, places: readonly number[]): number | undefined {
  if (!fields) return undefined;
  return places.reduce((total, place) => total + fields[place]! * MICROSECONDS_PER_TICK, 0);
}

function timeOf(pid: number): number | undefined {
  return sum(fieldsOf(pid), TIMES);
}

/** A server and its children, also those that have ended. */
function timeOfFamily(pid: number): number | undefined {
  const own = sum(fieldsOf(pid), [...TIMES, ...TIMES_OF_ENDED_CHILDREN]);
  if (own === undefined) return undefined;
  const others = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const children = others.filter((name) => fieldsOf(Number(name))?.[PARENT] === pid);
  return children.reduce((total, name) => total + (timeOf(Number(name)) ?? 0), own);
}
