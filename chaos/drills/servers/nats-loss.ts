/**
 * NATS dies and comes back on the same port without what it had: its disk is empty (wipe), or that of some seconds ago
 * (rollback); or it loses one inbox while it runs. Nothing that was accepted may be lost by it (R5).
 */
import { cpSync, renameSync, rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { marketName } from "../../../actors/kernel/ids.js";
import { streamName } from "../../../services/adapters/nats/names.js";
import type { ServerHandle } from "../../../services/servers/child-server.js";
import type { Scene } from "../../scene.js";
import { type Inbox, inboxesOf, streams, untilAnchoredAnew } from "../../stage/inboxes.js";
import { readdressInboxes } from "../../stage/nats-aside.js";
import { settledLeaders } from "../../stage/victims.js";
import { CannotStrikeError, type Drill } from "../drill.js";
import { type Fault, onceItIsHealed, whileItLasts } from "../fault.js";
import { aimAtServer, comeBack, type Outage } from "./outage.js";

/** How old the disk is that NATS comes back with. */
const ROLLBACK_MS = 2_000;
const COPY_TRIES_MAX = 10;
const POLL_MS = 25;

interface Loss extends Outage {
  /** The disk with which it comes back; undefined: with none. */
  readonly copy: string | undefined;
  /** Of each inbox, the last message that it comes back with, at most. */
  readonly ends: ReadonlyMap<string, number>;
  /** Inboxes that lose what was read already. */
  struck: readonly Inbox[];
}

export const WIPED_NATS: Fault<Loss> = withOtherDisk(async () => ({
  copy: undefined,
  ends: new Map<string, number>(),
}));

export const WIPE_NATS: Drill = {
  name: "wipe-nats",
  hypothesis: "NATS may lose its disk (R5)",
  about: "SIGKILL to NATS, which comes back with an empty disk",
  bound: { of: "back", ms: 1_500 },
  round: onceItIsHealed(WIPED_NATS),
};

export const ROLLBACK_NATS: Drill = {
  name: "rollback-nats",
  hypothesis: "NATS may come back with its past, and other messages under the numbers since (R5)",
  about:
    `SIGKILL to NATS, which comes back with its disk of ${ROLLBACK_MS / 1_000} s before, on which ` +
    "repeats have been written since, as many as were lost and one more",
  bound: { of: "back", ms: 1_500 },
  round: onceItIsHealed(
    withOtherDisk(async (scene, server) => {
      const folder = folderOf(server);
      const copy = `${folder}.before`;
      await copyWhileWritten(folder, copy);
      // The copy was made before, so what it ends with is no more than this.
      const ends = await lastSequences(scene);
      await sleep(ROLLBACK_MS);
      return { copy, ends };
    }),
  ),
};

export const DELETE_STREAM: Drill = {
  name: "delete-stream",
  hypothesis: "somebody may delete an inbox that is being read (R5)",
  about: "the stream of a market's inbox is deleted under load",
  bound: { of: "resume", ms: 1_500 },
  round: whileItLasts<{ readonly symbol: string; readonly inbox: Inbox }>({
    async aim({ scene }, number) {
      await settledLeaders(scene.exchange);
      const symbol = scene.symbols[number % scene.symbols.length]!;
      const inboxes = await inboxesOf(scene);
      return { symbol, inbox: inboxes.find(({ name }) => name === marketName(symbol))! };
    },
    symbols: ({ symbol }) => [symbol],
    strike: ({ inbox: { name, anchor } }, { scene }) =>
      streams(scene, async (manager) => {
        await manager.delete(streamName(name, anchor));
      }),
    bitten: ({ inbox }, { scene }) => untilAnchoredAnew(scene, [inbox]),
    heal: async () => undefined, // Nobody but the market itself can.
    name: ({ inbox }) => `${inbox.name} lost its inbox, which it had read up to ${inbox.position}`,
  }),
};

type Disk = Pick<Loss, "copy" | "ends">;

function withOtherDisk(
  prepare: (scene: Scene, server: ServerHandle) => Promise<Disk>,
): Fault<Loss> {
  return {
    async aim(stage) {
      const outage = await aimAtServer(stage, "nats");
      return { ...outage, ...(await prepare(stage.scene, outage.server)), struck: [] };
    },
    async strike(loss, { scene }) {
      const folder = folderOf(loss.server);
      await loss.server.kill();
      const inboxes = await settledInboxes(scene);
      loss.struck = inboxes.filter(({ name, position }) => position > (loss.ends.get(name) ?? 0));
      rmSync(folder, { recursive: true, force: true });
      if (loss.copy === undefined) return;
      renameSync(loss.copy, folder);
      await readdressInboxes(folder, loss.struck);
    },
    bitten: async ({ struck }) =>
      struck.length === 0 ? ["no inbox has lost anything that was read"] : [],
    async heal(loss) {
      if (loss.copy !== undefined) rmSync(loss.copy, { recursive: true, force: true });
      await comeBack(loss);
    },
    async healed({ restarted, struck }, { scene }) {
      await restarted;
      return { unhealed: await untilAnchoredAnew(scene, struck) };
    },
    name: ({ struck }) => `${struck.length} inboxes had lost what was read`,
  };
}

/** The folder of NATS's disk. Throws when that is not on this machine. */
function folderOf({ dataFolder }: ServerHandle): string {
  if (dataFolder !== undefined) return dataFolder;
  throw new CannotStrikeError("NATS runs in a container here, and its disk is out of reach");
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
  const ends = new Map<string, number>();
  await streams(scene, async (manager) => {
    for (const { name, anchor } of await inboxesOf(scene)) {
      const { state } = await manager.info(streamName(name, anchor));
      ends.set(name, state.last_seq);
    }
  });
  return ends;
}
