/** The newest changes of leaders, of all actors: which node took which, when, and why. */
import pg from "pg";
import { instanceUrls } from "../adapters/instances/instances.js";

export interface LastClaim {
  readonly actor: string;
  readonly token: number;
  readonly node: string;
  readonly reason: string;
  /** When the token was raised, in microseconds since 1970. */
  readonly time: number;
}

/** So many, the newest first. */
export async function lastClaims(postgresUrl: string, count: number): Promise<LastClaim[]> {
  const all = await Promise.all(instanceUrls(postgresUrl).map((url) => claimsOn(url, count)));
  return all
    .flat()
    .toSorted((a, b) => b.time - a.time)
    .slice(0, count);
}

async function claimsOn(connectionString: string, count: number): Promise<LastClaim[]> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    const { rows } = await client.query<Record<keyof LastClaim, string>>(
      `SELECT name AS actor, c.token, c.node, c.reason, c.time FROM claims c JOIN actors USING (actor)
       ORDER BY c.time DESC LIMIT $1`,
      [count],
    );
    return rows.map(({ token, time, ...said }) => ({
      ...said,
      token: Number(token),
      time: Number(time),
    }));
  } finally {
    await client.end();
  }
}
