/** Where actors stand in their inboxes, by Postgres's word, and the streams that these are, by NATS's. */
import { setTimeout as sleep } from "node:timers/promises";
import { connect, type StreamAPI } from "nats";
import type { Scene } from "../scene.js";

const ANCHOR_LIMIT_MS = 30_000;
const POLL_MS = 25;

export interface Inbox {
  readonly name: string;
  readonly anchor: number;
  readonly position: number;
}

export function inboxesOf(scene: Scene): Promise<Inbox[]> {
  return scene.query<Inbox>("SELECT name, anchor, position FROM actors WHERE anchor > 0");
}

/** Does something with the streams, on a connection of its own. */
export async function streams(
  scene: Scene,
  work: (manager: StreamAPI) => Promise<void>,
): Promise<void> {
  const connection = await connect({ servers: scene.exchange.urls.nats.split(",") });
  try {
    await work((await connection.jetstreamManager()).streams);
  } finally {
    await connection.close();
  }
}

/**
 * Waits until inboxes that have lost something are other ones; gives which are not, when they are read on as they are or
 * the limit has passed.
 */
export async function untilAnchoredAnew(scene: Scene, struck: readonly Inbox[]): Promise<string[]> {
  const deadline = performance.now() + ANCHOR_LIMIT_MS;
  for (;;) {
    const now = new Map((await inboxesOf(scene)).map((inbox) => [inbox.name, inbox]));
    const left = struck.filter(({ name, anchor }) => now.get(name)!.anchor <= anchor);
    if (left.length === 0) return [];
    const readOn = left.filter(({ name, position }) => now.get(name)!.position > position);
    if (readOn.length > 0 || performance.now() > deadline) {
      const names = (readOn.length > 0 ? readOn : left).map(({ name }) => name).join(", ");
      return [`${names} read on in an inbox that has lost its end`];
    }
    await sleep(POLL_MS);
  }
}
