/** When an exchange is at rest: every actor has taken what was sent to it, and its inbox holds nothing new. */
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "nats";
import type { Scene } from "./scene.js";

const POLL_MS = 50;

const NOT_TAKEN = `
  SELECT count(*)::integer AS count
  FROM links s LEFT JOIN links r ON r.actor = s.peer AND r.peer = s.actor
  WHERE s.peer > 0 AND s.sent <> coalesce(r.received, 0)`;

interface Inbox {
  readonly name: string;
  readonly anchor: number;
  readonly position: number;
}

/**
 * Waits until nothing is on its way and every inbox is read and committed to its end. Gives how long that took, in
 * milliseconds; rejects when it takes longer than the limit.
 */
export async function untilQuiet(scene: Scene, limitMs: number): Promise<number> {
  const started = performance.now();
  const connection = await connect({ servers: scene.exchange.urls.nats });
  try {
    const manager = await connection.jetstreamManager();
    for (;;) {
      const [links] = await scene.query<{ count: number }>(NOT_TAKEN);
      const inboxes = await scene.query<Inbox>(
        "SELECT name, anchor, position FROM actors WHERE anchor > 0",
      );
      let unread = 0;
      for (const { name, anchor, position } of inboxes) {
        const info = await manager.streams.info(`${name.replaceAll(".", "_")}_${anchor}`);
        unread += Math.max(0, info.state.last_seq - position);
      }
      const elapsedMs = performance.now() - started;
      if (links?.count === 0 && unread === 0) return elapsedMs;
      if (elapsedMs > limitMs) {
        throw new Error(
          `EXCHANGE_NOT_QUIET: after ${limitMs} ms ${links?.count} links have something on its way and ` +
            `${unread} frames are unread`,
        );
      }
      await sleep(POLL_MS);
    }
  } finally {
    await connection.close();
  }
}
