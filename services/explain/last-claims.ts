/** The newest changes of leaders, of all actors: which node took which, when, and why. */
import { askEachInstance } from "./each-instance.js";

export interface LastClaim {
  readonly actor: string;
  readonly token: number;
  readonly node: string;
  readonly reason: string;
  /** When the token was raised, in microseconds since 1970. */
  readonly time: number;
}

const NEWEST = `SELECT name AS actor, c.token, c.node, c.reason, c.time FROM claims c JOIN actors USING (actor)
  ORDER BY c.time DESC LIMIT $1`;

/** So many, the newest first. */
export async function lastClaims(postgresUrl: string, count: number): Promise<LastClaim[]> {
  const all = await askEachInstance<LastClaim & Record<string, unknown>>(postgresUrl, NEWEST, [
    count,
  ]);
  return all.toSorted((a, b) => b.time - a.time).slice(0, count);
}
