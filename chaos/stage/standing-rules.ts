/** What holds at any moment, also while a fault lasts: whoever breaks it need not be waited for until all is quiet. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Scene } from "../scene.js";

const POLL_MS = 500;

/** Batches of a lower token after one of a higher (R1). */
const STALE_COMMITS = `
  SELECT format('staleCommits: %s has batch %s of token %s after one of token %s', name, b.batch, b.token, b.highest)
    AS broken
  FROM (SELECT actor, batch, token, max(token) OVER (PARTITION BY actor ORDER BY batch) AS highest FROM batch_log) b
  JOIN actors USING (actor) WHERE b.token < b.highest ORDER BY actor, b.batch LIMIT 1`;

/** Commands that their receiver has not taken and their source has no longer (R4): nobody will ever execute them. */
const VANISHED = `
  SELECT format('lost: %s has not taken command %s of %s, which has deleted it', t.name, next, f.name) AS broken
  FROM (SELECT s.actor, s.peer, s.sent, coalesce(r.received, 0) + 1 AS next
        FROM links s LEFT JOIN links r ON r.actor = s.peer AND r.peer = s.actor WHERE s.peer > 0) l
  JOIN actors f ON f.actor = l.actor JOIN actors t ON t.actor = l.peer
  WHERE sent >= next AND NOT EXISTS (
    SELECT FROM outbox o WHERE o.actor = l.actor AND o.destination = l.peer AND next BETWEEN o.first AND o.last)`;

/** Resolves to what is broken, as soon as it has been so twice in a row; never when nothing is. Ends with the signal. */
export async function untilBroken(scene: Scene, signal: AbortSignal): Promise<string> {
  let before = new Set<string>();
  while (!signal.aborted) {
    const now = await brokenNow(scene).catch(() => []); // Postgres may be away.
    const found = now.find((broken) => before.has(broken));
    if (found !== undefined) return found;
    before = new Set(now);
    await sleep(POLL_MS);
  }
  return new Promise(() => undefined);
}

async function brokenNow(scene: Scene): Promise<string[]> {
  const rows = await Promise.all(
    [STALE_COMMITS, VANISHED].map((rule) => scene.query<{ broken: string }>(rule)),
  );
  return rows.flat().map(({ broken }) => broken);
}
