/**
 * How many bytes a process has handed to the kernel by calls to write, as Linux counts them: to files and sockets alike, and
 * the few bytes by which threads wake each other. What goes out by a call to send is not among them: PostgreSQL answers its
 * clients so, and of it these are files alone. Of children that have ended it has them, too, once it has taken notice.
 */
import { readFileSync } from "node:fs";

/** Up to now; undefined where it cannot be looked at. */
export function writtenBy(pid: number): number | undefined {
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
