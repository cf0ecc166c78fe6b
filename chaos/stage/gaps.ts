/**
 * How long an actor matched nothing, read from the batch log. A batch's time is Postgres's clock when the first of its
 * commands was applied; batches without commands (an actor that tidies up) count for nothing.
 */
import type { Scene } from "../scene.js";
import type { Timeline } from "./timeline.js";

const MICROSECONDS_PER_MS = 1_000;

/** A change of leader, and how long nothing was applied around it. */
export interface HandOver {
  readonly actor: string;
  readonly fromToken: number;
  readonly toToken: number;
  readonly gapMs: number;
  /** When something was applied again, in milliseconds since 1970 by Postgres's clock. */
  readonly againMs: number;
}

/** Postgres's clock, in microseconds since 1970. */
export async function databaseTime(scene: Scene): Promise<number> {
  const [row] = await scene.query<{ now: number }>(
    "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now",
  );
  return row!.now;
}

/**
 * The changes of leader since a moment of which both sides have applied something since then: from the last batch under
 * one token to the first under the next that is in the log.
 */
export async function handOvers(scene: Scene, since: number): Promise<HandOver[]> {
  const rows = await scene.query<{
    name: string;
    from: number;
    to: number;
    gap: number;
    first: number;
  }>(
    `SELECT name, before AS "from", led.token AS "to", first - last_before AS gap, first
     FROM (SELECT actor, token, min(time) AS first,
             lag(token) OVER tokens AS before, lag(max(time)) OVER tokens AS last_before
           FROM batch_log WHERE time >= $1 AND octet_length(commands) > 0
           GROUP BY actor, token WINDOW tokens AS (PARTITION BY actor ORDER BY token)) AS led
     JOIN actors USING (actor) WHERE before IS NOT NULL ORDER BY name, led.token`,
    [since],
  );
  return rows.map(({ name, from, to, gap, first }) => ({
    actor: name,
    fromToken: from,
    toToken: to,
    gapMs: gap / MICROSECONDS_PER_MS,
    againMs: first / MICROSECONDS_PER_MS,
  }));
}

/** Shows how long an actor stood still; Postgres is on this machine, and has its clock. */
export function tellStill(timeline: Timeline, { actor, gapMs, againMs }: HandOver): void {
  const nowMs = againMs - performance.timeOrigin;
  timeline.add("still", actor, nowMs - gapMs);
  timeline.add("again", actor, nowMs);
}

/** The longest time between two batches of an actor between two moments, in milliseconds: what is usual under the load. */
export async function longestPause(
  scene: Scene,
  actor: string,
  since: number,
  until: number,
): Promise<number> {
  const [row] = await scene.query<{ longest: number | null }>(
    `SELECT max(pause) AS longest
     FROM (SELECT l.time - lag(l.time) OVER (ORDER BY l.batch) AS pause
           FROM batch_log l JOIN actors a USING (actor)
           WHERE a.name = $1 AND l.time BETWEEN $2 AND $3 AND octet_length(commands) > 0) AS pauses`,
    [actor, since, until],
  );
  return (row?.longest ?? until - since) / MICROSECONDS_PER_MS;
}
