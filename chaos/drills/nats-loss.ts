/**
 * NATS dies and comes back on the same port without what it had: its disk is empty (wipe), or that of some seconds ago
 * (rollback). Nothing that was accepted may be lost by it (R5).
 */
import { cpSync, renameSync, rmSync } from "node:fs";
import { connect as connectTcp } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "nats";
import { streamName } from "../../services/adapters/nats/names.js";
import type { Scene } from "../scene.js";
import type { Drill, Round, Stage } from "./drill.js";
import { settledLeaders } from "./victims.js";

/** How old the disk is that NATS comes back with. */
const ROLLBACK_MS = 2_000;
const PORT_POLL_MS = 2;
const BACK_LIMIT_MS = 60_000;
const COPY_TRIES_MAX = 10;
const ANCHOR_LIMIT_MS = 10_000;
const POLL_MS = 25;

interface Inbox {
  readonly name: string;
  readonly anchor: number;
  readonly position: number;
}

export const WIPE_NATS: Drill = {
  name: "wipe-nats",
  about: "SIGKILL to NATS, which comes back with an empty disk",
  async round(stage) {
    await settledLeaders(stage.scene.exchange);
    const folder = storeOf(stage.scene);
    return lose(stage, () => {
      rmSync(folder, { recursive: true, force: true });
      return () => true;
    });
  },
};

export const ROLLBACK_NATS: Drill = {
  name: "rollback-nats",
  about: `SIGKILL to NATS, which comes back with its disk of ${ROLLBACK_MS / 1_000} s before`,
  async round(stage) {
    const { scene } = stage;
    await settledLeaders(scene.exchange);
    const folder = storeOf(scene);
    const copy = `${folder}.before`;
    try {
      await copyWhileWritten(folder, copy);
      const ends = await lastSequences(scene);
      await sleep(ROLLBACK_MS);
      return await lose(stage, () => {
        rmSync(folder, { recursive: true, force: true });
        renameSync(copy, folder);
        // The copy was made before, so what it ends with is no more than this.
        return ({ name, position }) => position > (ends.get(name) ?? 0);
      });
    } finally {
      rmSync(copy, { recursive: true, force: true });
    }
  },
};

/** The folder of NATS's disk. Throws when that is not on this machine. */
function storeOf({ exchange }: Scene): string {
  const { dataFolder } = exchange.servers.nats;
  if (dataFolder !== undefined) return dataFolder;
  throw new Error(
    "DRILL_NEEDS_A_FOLDER: NATS runs in a container here, and its disk is out of reach",
  );
}

/**
 * Kills NATS, lets `spoil` change its disk, starts it again, and measures from the moment when it accepts connections
 * until clients trade everywhere. `spoil` gives which inboxes have lost what was read already: each of them has to be
 * anchored anew.
 */
async function lose(
  { scene, probe }: Stage,
  spoil: () => (inbox: Inbox) => boolean,
): Promise<Round> {
  const { nats } = scene.exchange.servers;
  const killedAtMs = performance.now();
  await nats.kill();
  const before = await settledInboxes(scene);
  const hasLost = spoil();
  const restarted = nats.restart();
  const backAtMs = await untilAccepted(nats.port);
  const { firstMs, allMs } = await probe.untilResumed(scene.symbols, backAtMs);
  await restarted;
  const struck = before.filter(hasLost);
  const failures: string[] = [];
  if (struck.length === 0) failures.push("no inbox has lost anything that was read");
  const left = await untilAnchoredAnew(scene, struck);
  if (left.length > 0)
    failures.push(`${left.join(", ")} read on in an inbox that has lost its end`);
  const downMs = backAtMs - killedAtMs;
  return {
    failures,
    staleCommits: 0,
    fencedCommits: 0,
    samples: { back: [firstMs], allBack: [allMs], down: [downMs] },
    summary:
      `${struck.length} of ${before.length} inboxes had lost what was read; NATS was away for ` +
      `${Math.round(downMs)} ms; then the first fill after ${Math.round(firstMs)} ms, ` +
      `all after ${Math.round(allMs)} ms`,
  };
}

/** Where all inboxes stand once nothing moves any more, as NATS is gone. */
async function settledInboxes(scene: Scene): Promise<Inbox[]> {
  for (let before = ""; ; await sleep(POLL_MS)) {
    const inboxes = await inboxesOf(scene);
    const now = JSON.stringify(inboxes);
    if (now === before) return inboxes;
    before = now;
  }
}

function inboxesOf(scene: Scene): Promise<Inbox[]> {
  return scene.query<Inbox>("SELECT name, anchor, position FROM actors WHERE anchor > 0");
}

/** Copies a folder whose files come and go meanwhile. */
async function copyWhileWritten(from: string, to: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    rmSync(to, { recursive: true, force: true });
    try {
      return cpSync(from, to, { recursive: true });
    } catch (error) {
      if (tries === COPY_TRIES_MAX) throw error;
      await sleep(POLL_MS);
    }
  }
}

/** The last sequence of each actor's inbox. */
async function lastSequences(scene: Scene): Promise<Map<string, number>> {
  const connection = await connect({ servers: scene.exchange.urls.nats });
  try {
    const manager = await connection.jetstreamManager();
    const ends = new Map<string, number>();
    for (const { name, anchor } of await inboxesOf(scene)) {
      const { state } = await manager.streams.info(streamName(name, anchor));
      ends.set(name, state.last_seq);
    }
    return ends;
  } finally {
    await connection.close();
  }
}

/** When the port takes a connection, on the monotonic clock. */
async function untilAccepted(port: number): Promise<number> {
  const deadline = performance.now() + BACK_LIMIT_MS;
  for (;;) {
    if (await accepts(port)) return performance.now();
    if (performance.now() > deadline) {
      throw new Error(`DRILL_NATS_GONE: port ${port} takes no connection`);
    }
    await sleep(PORT_POLL_MS);
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connectTcp(port, "127.0.0.1");
    const end = (isThere: boolean) => {
      socket.destroy();
      done(isThere);
    };
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
  });
}

/** Gives the actors that still have the old anchor when the limit has passed. */
async function untilAnchoredAnew(scene: Scene, struck: readonly Inbox[]): Promise<string[]> {
  const deadline = performance.now() + ANCHOR_LIMIT_MS;
  for (;;) {
    const now = new Map((await inboxesOf(scene)).map(({ name, anchor }) => [name, anchor]));
    const left = struck.filter(({ name, anchor }) => (now.get(name) ?? 0) <= anchor);
    if (left.length === 0 || performance.now() > deadline) return left.map(({ name }) => name);
    await sleep(POLL_MS);
  }
}
