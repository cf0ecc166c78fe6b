/** etcd comes back at once with another disk than it had: an empty one, or one from before an actor was moved. */
import { cpSync, renameSync, rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Etcd3 } from "etcd3";
import { moveKey } from "../../../actors/placement/wishes.js";
import type { ServerHandle } from "../../../services/servers/child-server.js";
import type { Leaders } from "../../../services/supervisor/leaders.js";
import type { Scene } from "../../scene.js";
import { settledLeaders } from "../../stage/victims.js";
import { CannotStrikeError, type Stage } from "../drill.js";
import type { Fault } from "../fault.js";
import { aimAtServer, type Outage } from "./outage.js";

/** Longer than any lease; for so long clients are asked, too, when etcd has come back. */
const LASTS_MS = 3_000;
const MOVE_LIMIT_MS = 30_000;
const POLL_MS = 50;
/** Put there before the blow; nobody else knows of it, so only another disk can be without it. */
const MARK = "/drill";

/** How an etcd is told something that it can forget. */
export interface Marks {
  put(server: ServerHandle): Promise<void>;
  isThere(server: ServerHandle): Promise<boolean>;
}

const MARKS: Marks = {
  put: (server) =>
    withEtcd(server, async (etcd) => void (await etcd.put(MARK).value("here").exec())),
  isThere: (server) => withEtcd(server, async (etcd) => (await etcd.get(MARK).string()) !== null),
};

/** A copy of the disk, from before an actor was moved. */
interface Past {
  readonly folder: string;
  /** The node that leads each actor by its word. */
  readonly leaders: ReadonlyMap<string, string>;
  /** The actor that is wished to another node since. */
  readonly moved: string;
}

interface OtherDisk extends Outage {
  /** null: it comes back with nothing. */
  readonly past: Past | null;
  /** Who led what when etcd was gone, as the database has it. */
  led: Leaders;
}

/** It comes back with nothing. */
export function emptied(marks: Marks = MARKS): Fault<OtherDisk> {
  return {
    lastsMs: LASTS_MS,
    async aim(stage) {
      const outage = await aimAtServer(stage, "etcd");
      folderOf(outage.server);
      await marks.put(outage.server);
      return { ...outage, past: null, led: new Map() };
    },
    strike,
    async bitten({ server, restarted }) {
      await restarted;
      const remembers = await marks.isThere(server);
      return remembers ? ["etcd remembers what was written before the blow"] : [];
    },
    heal: ({ restarted }) => restarted,
    name: () => "etcd lost all that it knew",
  };
}

/** It comes back with its past, in which another node leads what has been moved since, and is led there until this is healed. */
export function restored(marks: Marks = MARKS): Fault<OtherDisk> {
  const fault = emptied(marks);
  return {
    ...fault,
    async aim(stage) {
      const outage = await aimAtServer(stage, "etcd");
      const past = await copyOf(stage, outage.server);
      await marks.put(outage.server);
      await moveAway(stage, past);
      return { ...outage, past, led: new Map() };
    },
    async bitten(target, stage) {
      const failures = await fault.bitten(target, stage);
      return outdatedOf(target).length > 0 ? failures : [...failures, NOTHING_OUTDATED];
    },
    async heal({ past, restarted }, { scene }) {
      try {
        await restarted;
      } catch (error) {
        await forget(past!, scene).catch(() => undefined); // Why it did not come back is to be heard.
        throw error;
      }
      await forget(past!, scene);
    },
    name: (target) => `etcd lost the last that it knew (${outdatedOf(target).join(", ")})`,
  };
}

const NOTHING_OUTDATED =
  "whoever leads in etcd's copy led at the blow, too: there was no leader of the past to bring back";

/** What the past says that is not so any more, for people. */
function outdatedOf({ past, led }: OtherDisk): string[] {
  return [...led].flatMap(([actor, { node }]) => {
    const before = past!.leaders.get(actor);
    return before === undefined || before === node
      ? []
      : [`${actor} was led by ${before}, is led by ${node}`];
  });
}

function strike(target: OtherDisk, { scene }: Stage): void {
  // Clients trade on meanwhile, so nobody waits for it here.
  target.restarted = exchangeDisk(target, scene);
  target.restarted.catch(() => undefined);
}

async function exchangeDisk(target: OtherDisk, { exchange }: Scene): Promise<void> {
  const { server, past } = target;
  const folder = folderOf(server);
  await server.kill();
  // Without etcd nobody is moved: so it is until it is back.
  target.led = await exchange.leaders();
  rmSync(folder, { recursive: true, force: true });
  if (past !== null) renameSync(past.folder, folder);
  await server.restart();
}

/** Copies what it has stored while it stands still: nothing is there by half, as after a power cut. */
async function copyOf({ scene }: Stage, server: ServerHandle): Promise<Past> {
  const folder = folderOf(server);
  const copy = `${folder}.before`;
  const known = await scene.leadersInEtcd();
  await server.signal("SIGSTOP");
  try {
    rmSync(copy, { recursive: true, force: true });
    cpSync(folder, copy, { recursive: true });
  } finally {
    await server.signal("SIGCONT");
  }
  const leaders = new Map([...known].map(([actor, { node }]) => [actor, node]));
  const [moved] = leaders.keys();
  if (moved === undefined) throw new Error("DRILL_NOT_MOVED: etcd knows of no leader");
  return { folder: copy, leaders, moved };
}

/**
 * Moves the actor to another node, as an operator does, and lets the wish stand, or the node of before would soon ask for it back.
 * Resolves when the other one leads it.
 */
async function moveAway({ scene }: Stage, past: Past): Promise<void> {
  const { exchange } = scene;
  const { moved, leaders } = past;
  const target = exchange.nodes.find(({ name }) => name !== leaders.get(moved))!;
  try {
    await scene.wish(moveKey(moved), target.name);
    const deadline = performance.now() + MOVE_LIMIT_MS;
    while ((await exchange.leaders()).get(moved)?.node !== target.name) {
      if (performance.now() > deadline)
        throw new Error(`DRILL_NOT_MOVED: ${moved} stays where it is`);
      await sleep(POLL_MS);
    }
    await settledLeaders(exchange);
  } catch (error) {
    await forget(past, scene);
    throw error;
  }
}

/** Takes back what was wished, and removes the copy. */
async function forget({ folder, moved }: Past, scene: Scene): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  await scene.wish(moveKey(moved), null);
}

function folderOf({ dataFolder }: ServerHandle): string {
  if (dataFolder !== undefined) return dataFolder;
  throw new CannotStrikeError("etcd runs in a container here, and its disk is out of reach");
}

async function withEtcd<T>({ url }: ServerHandle, work: (etcd: Etcd3) => Promise<T>): Promise<T> {
  const client = new Etcd3({ hosts: url });
  try {
    return await work(client);
  } finally {
    client.close();
  }
}
