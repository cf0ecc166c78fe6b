/** What holds at any moment, also while a fault lasts: whoever breaks it need not be waited for until all is quiet, and may have healed by then. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Scene } from "../scene.js";

const POLL_MS = 500;
/** So many batches behind a claim are looked at, for so long. */
const BATCHES_AFTER_CLAIM = 20;
const CLAIMED_WITHIN_SECONDS = 30;

/** Batches of a token after a higher one was raised (R1): they come right behind the last batch of before, or not at all. */
const STALE_COMMITS = `
  SELECT format('staleCommits: %s has batch %s of token %s after token %s was raised', name, b.batch, b.token, c.token)
    AS broken
  FROM claims c JOIN batch_log b ON b.actor = c.actor AND b.batch > c.batch AND b.batch <= c.batch + ${BATCHES_AFTER_CLAIM} AND b.token < c.token
  JOIN actors a ON a.actor = c.actor
  WHERE c.time > (extract(epoch FROM now()) - ${CLAIMED_WITHIN_SECONDS}) * 1000000 ORDER BY b.actor, b.batch LIMIT 1`;

/** Commands that their receiver has not taken and their source has no longer (R4): nobody will ever execute them. */
const VANISHED = `
  SELECT format('lost: %s has not taken command %s of %s, which has deleted it', t.name, next, f.name) AS broken
  FROM (SELECT s.actor, s.peer, s.sent, coalesce(r.received, 0) + 1 AS next
        FROM links s LEFT JOIN links r ON r.actor = s.peer AND r.peer = s.actor WHERE s.peer > 0) l
  JOIN actors f ON f.actor = l.actor JOIN actors t ON t.actor = l.peer
  WHERE sent >= next AND NOT EXISTS (
    SELECT FROM outbox o WHERE o.actor = l.actor AND o.destination = l.peer AND next BETWEEN o.first AND o.last)`;

/** Resolves to what is broken, as soon as it has been so twice in a row; to null when the signal ends it. */
export async function untilBroken(scene: Scene, signal: AbortSignal): Promise<string | null> {
  let before = new Set<string>();
  while (!signal.aborted) {
    const now = await brokenNow(scene).catch(() => []); // Postgres may be away.
    const found = now.find((broken) => before.has(broken));
    if (found !== undefined) return found;
    before = new Set(now);
    await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
  return null;
}

async function brokenNow(scene: Scene): Promise<string[]> {
  const rows = await Promise.all(
    [STALE_COMMITS, VANISHED].map((rule) => scene.query<{ broken: string }>(rule)),
  );
  return rows.flat().map(({ broken }) => broken);
}
