/** When an exchange is at rest: every actor has taken what was sent to it, and its inbox holds nothing new. */
import { setTimeout as sleep } from "node:timers/promises";
import { connect, type JetStreamManager, type NatsError } from "nats";
import { decodeFrame } from "../actors/kernel/frame.js";
import { streamName } from "../services/adapters/nats/names.js";
import type { Scene } from "./scene.js";

const INBOXES = "SELECT actor, name, anchor, position FROM actors WHERE anchor > 0";
const LINKS = "SELECT actor, peer, token, received, sent FROM links ORDER BY actor, peer";

const POLL_MS = 50;
/** Frames beyond an inbox's position that are looked into; more than these are a backlog. */
const REPEATS_MAX = 100;
const NO_SUCH_MESSAGE = "404";

interface LinkRow {
  readonly actor: number;
  readonly peer: number;
  readonly token: number;
  readonly received: number;
  readonly sent: number;
}

interface Inbox {
  readonly actor: number;
  readonly name: string;
  readonly anchor: number;
  readonly position: number;
}

class Links {
  private readonly rows: ReadonlyMap<string, LinkRow>;

  constructor(rows: readonly LinkRow[]) {
    this.rows = new Map(rows.map((row) => [`${row.actor}/${row.peer}`, row]));
  }

  /** Pairs of actors of which one has not taken all that the other has sent. */
  get notTaken(): number {
    const isOpen = ({ actor, peer, sent }: LinkRow) =>
      peer > 0 && sent !== (this.rows.get(`${peer}/${actor}`)?.received ?? 0);
    return [...this.rows.values()].filter(isOpen).length;
  }

  equals({ rows }: Links): boolean {
    return JSON.stringify([...rows]) === JSON.stringify([...this.rows]);
  }

  /** Does the frame say nothing that its receiver has not taken? */
  isRepeat(receiver: number, bytes: Uint8Array): boolean {
    const frame = decodeFrame(bytes);
    const link = this.rows.get(`${receiver}/${frame.source}`);
    if (!link) return false;
    return frame.token < link.token || frame.first + frame.commands.length - 1 <= link.received;
  }
}

/**
 * Waits until nothing is on its way and every inbox is read and committed to its end. Gives how long that took, in
 * milliseconds; rejects when it takes longer than the limit.
 */
export async function untilQuiet(scene: Scene, limitMs: number): Promise<number> {
  const started = performance.now();
  const connection = await connect({ servers: scene.exchange.urls.nats.split(",") });
  try {
    const manager = await connection.jetstreamManager();
    for (;;) {
      const inboxes = await scene.queryAll<Inbox>(INBOXES);
      const links = new Links(await scene.queryAll(LINKS));
      let unread = 0;
      for (const inbox of inboxes) unread += await unreadFrames(manager, inbox, links);
      const elapsedMs = performance.now() - started;
      const isTaken = links.notTaken === 0 && unread === 0;
      // Several instances are not looked at in one moment: only what has not moved between two looks was so in any.
      if (isTaken && links.equals(new Links(await scene.queryAll(LINKS)))) return elapsedMs;
      if (elapsedMs > limitMs) {
        throw new Error(
          `EXCHANGE_NOT_QUIET: after ${limitMs} ms ${links.notTaken} links have something on its way ` +
            `and ${unread} frames are unread`,
        );
      }
      await sleep(POLL_MS);
    }
  } finally {
    await connection.close();
  }
}

/** Frames beyond an inbox's committed position, but for repeats: those move no position. */
async function unreadFrames(
  manager: JetStreamManager,
  inbox: Inbox,
  links: Links,
): Promise<number> {
  const stream = streamName(inbox.name, inbox.anchor);
  const { state } = await manager.streams.info(stream);
  const beyond = Math.max(0, state.last_seq - inbox.position);
  if (beyond > REPEATS_MAX) return beyond;
  let unread = 0;
  for (let seq = inbox.position + 1; seq <= state.last_seq; seq++) {
    const data = await frameAt(manager, stream, seq);
    if (data && !links.isRepeat(inbox.actor, data)) unread += 1;
  }
  return unread;
}

/** Null when it is not there any more: only what was read and committed is forgotten. */
async function frameAt(
  manager: JetStreamManager,
  stream: string,
  seq: number,
): Promise<Uint8Array | null> {
  try {
    return (await manager.streams.getMessage(stream, { seq })).data;
  } catch (error) {
    if ((error as NatsError).code === NO_SUCH_MESSAGE) return null;
    throw error;
  }
}
