/**
 * How many bytes processes have handed to the kernel by calls to write, as Linux counts them: to files and sockets alike, and
 * the few bytes by which threads wake each other. What goes out by a call to send is not among them: PostgreSQL answers its
 * clients so, and of it these are files alone.
 */
import { readFileSync } from "node:fs";
import type { Families } from "./memory.js";

/** Bytes by name; without those that cannot be looked at (of another user, in a container, or not on Linux). */
export type Written = ReadonlyMap<string, number>;

/** Up to now. */
export function writtenBytes(families: Families): Written {
  const written = new Map<string, number>();
  for (const [name, its] of families) {
    const parts = its.map(writtenByFamily);
    const known = parts.filter((part) => part !== undefined);
    if (known.length < parts.length) continue;
    written.set(
      name,
      known.reduce((sum, bytes) => sum + bytes, 0),
    );
  }
  return written;
}

/** Between two looks, of those that were seen by both. */
export function writtenBetween(before: Written, after: Written): Map<string, number> {
  const seen = [...after].filter(([name]) => before.has(name));
  return new Map(seen.map(([name, bytes]) => [name, bytes - before.get(name)!]));
}

/** A process and its children. Those that have ended are in its own count, once it has taken notice. */
function writtenByFamily([first, ...children]: readonly number[]): number | undefined {
  const own = first === undefined ? undefined : writtenBy(first);
  if (own === undefined) return undefined;
  return children.reduce((sum, pid) => sum + (writtenBy(pid) ?? 0), own);
}

function writtenBy(pid: number): number | undefined {
  try {
    return parseWritten(readFileSync(`/proc/${pid}/io`, "utf8"));
  } catch {
    return undefined; // It has ended, belongs to somebody else, or there is no /proc.
  }
}

/** Of the lines of /proc/PID/io; undefined where they do not say it. */
export function parseWritten(text: string): number | undefined {
  const [, bytes] = /^wchar: (\d+)$/m.exec(text) ?? [];
  return bytes === undefined ? undefined : Number(bytes);
}
