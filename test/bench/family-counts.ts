/** What the system counts of processes, by name: whole families together, between two looks. */
import type { Families } from "./memory.js";

/** By name; without those that cannot be looked at (of another user, in a container, or not on Linux). */
export type Counts = ReadonlyMap<string, number>;

/** Of one process, up to now; undefined: it cannot be looked at. */
type CountOf = (pid: number) => number | undefined;

/** Up to now. Of children that have ended there is only what the first of a family has taken over. */
export function countsOf(families: Families, countOf: CountOf): Counts {
  const counts = new Map<string, number>();
  for (const [name, its] of families) {
    const parts = its.map((family) => countOfFamily(family, countOf));
    const known = parts.filter((part) => part !== undefined);
    if (known.length < parts.length) continue;
    counts.set(
      name,
      known.reduce((sum, count) => sum + count, 0),
    );
  }
  return counts;
}

/** Between two looks, of those that were seen by both. */
export function countsBetween(before: Counts, after: Counts): Map<string, number> {
  const seen = [...after].filter(([name]) => before.has(name));
  return new Map(seen.map(([name, count]) => [name, count - before.get(name)!]));
}

function countOfFamily(
  [first, ...children]: readonly number[],
  countOf: CountOf,
): number | undefined {
  const own = first === undefined ? undefined : countOf(first);
  if (own === undefined) return undefined;
  return children.reduce((sum, pid) => sum + (countOf(pid) ?? 0), own);
}
