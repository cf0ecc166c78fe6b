/** etcd dies, stands still, comes back with nothing or with its past: whoever leads goes on (R12). */
import { cpSync, renameSync, rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Etcd3 } from "etcd3";
import { moveKey } from "../../../actors/placement/wishes.js";
import type { ServerHandle } from "../../../services/servers/child-server.js";
import type { Scene } from "../../scene.js";
import { settledLeaders } from "../../stage/victims.js";
import { CannotStrikeError, type Drill, type Stage } from "../drill.js";
import { deposesNobody } from "../deposes-nobody.js";
import { type Fault, whileItLasts } from "../fault.js";
import { aimAtServer, frozen, killed, type Outage } from "./outage.js";

/** Longer than any lease; for so long clients are asked, too, when etcd has come back with another disk. */
const AWAY_MS = 3_000;
const REJOIN_LIMIT_MS = 30_000;
const POLL_MS = 50;
/** Put there before the blow; nobody else knows of it, so only another disk can be without it. */
const MARK = "/drill";
/** As DESIGN has it for users: they notice nothing. It is what a fill takes on a machine that does other things, too. */
const UNNOTICED = { of: "throughout", ms: 500 };

export const KILL_ETCD: Drill = {
  name: "kill-etcd",
  hypothesis: "without etcd whoever leads goes on",
  about: `SIGKILL to etcd, which is started again after ${AWAY_MS / 1_000} s: longer than a lease`,
  bound: UNNOTICED,
  round: whileItLasts(deposesNobody(rejoined(killed("etcd", AWAY_MS)))),
};

export const FREEZE_ETCD: Drill = {
  name: "freeze-etcd",
  hypothesis: "an etcd that takes calls and answers none stops nobody",
  about: `SIGSTOP to etcd for ${AWAY_MS / 1_000} s, then SIGCONT`,
  bound: UNNOTICED,
  round: whileItLasts(deposesNobody(rejoined(frozen("etcd", AWAY_MS)))),
};

export const WIPE_ETCD: Drill = {
  name: "wipe-etcd",
  hypothesis:
    "an etcd that has forgotten everything is told it again, and nobody loses what he leads",
  about: "SIGKILL to etcd, which comes back with an empty disk",
  bound: UNNOTICED,
  round: whileItLasts(deposesNobody(rejoined(withOtherDisk(() => undefined)))),
};

export const RESTORE_ETCD: Drill = {
  name: "restore-etcd",
  hypothesis: "an etcd with the leaders of the past in it does not bring them back",
  about: "SIGKILL to etcd, which comes back with its disk from before an actor was moved",
  bound: UNNOTICED,
  round: whileItLasts(
    deposesNobody(
      rejoined(
        withOtherDisk(async (stage, server) => {
          const folder = folderOf(server);
          const copy = `${folder}.before`;
          // What was written until then is there, and nothing half: as after a power cut.
          await server.signal("SIGSTOP");
          rmSync(copy, { recursive: true, force: true });
          cpSync(folder, copy, { recursive: true });
          await server.signal("SIGCONT");
          await moveSomething(stage);
          return copy;
        }),
      ),
    ),
  ),
};

/** The same fault, after which all nodes and all leaders have to be in etcd again. */
export function rejoined<Target extends Outage>(fault: Fault<Target>): Fault<Target> {
  return {
    ...fault,
    async healed(target, stage) {
      const before = await fault.healed?.(target, stage);
      await target.restarted;
      const missing = await untilAllAreIn(stage.scene);
      return { ...before, unhealed: [...(before?.unhealed ?? []), ...missing] };
    },
  };
}

interface OtherDisk extends Outage {
  /** The folder with which it comes back; undefined: with none. */
  readonly copy: string | undefined;
}

/** etcd comes back at once, with another disk than it had. */
function withOtherDisk(
  prepare: (stage: Stage, server: ServerHandle) => Promise<string> | undefined,
): Fault<OtherDisk> {
  return {
    lastsMs: AWAY_MS,
    async aim(stage) {
      const outage = await aimAtServer(stage, "etcd");
      const copy = await prepare(stage, outage.server);
      await withEtcd(outage.server, (etcd) => etcd.put(MARK).value("here").exec());
      return { ...outage, copy };
    },
    strike(target) {
      // Clients trade on meanwhile, so nobody waits for it here.
      target.restarted = exchangeDisk(target);
      target.restarted.catch(() => undefined);
    },
    async bitten({ server, restarted }) {
      await restarted;
      const mark = await withEtcd(server, (etcd) => etcd.get(MARK).string());
      return mark === null ? [] : ["etcd remembers what was written just before the blow"];
    },
    async heal({ copy, restarted }) {
      await restarted;
      if (copy !== undefined) rmSync(copy, { recursive: true, force: true });
    },
    name: ({ copy }) => `etcd lost ${copy === undefined ? "all" : "the last"} that it knew`,
  };
}

async function exchangeDisk({ server, copy }: OtherDisk): Promise<void> {
  const folder = folderOf(server);
  await server.kill();
  rmSync(folder, { recursive: true, force: true });
  if (copy !== undefined) renameSync(copy, folder);
  await server.restart();
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

/** Moves an actor to another node, as an operator does; resolves when that one leads it. */
async function moveSomething({ scene }: Stage): Promise<void> {
  const [[actor, before]] = [...(await scene.exchange.leaders())] as [
    [string, { node: string; token: number }],
  ];
  const target = scene.exchange.nodes.find(({ name }) => name !== before.node)!;
  await scene.wish(moveKey(actor), target.name);
  const deadline = performance.now() + REJOIN_LIMIT_MS;
  while ((await scene.exchange.leaders()).get(actor)!.node !== target.name) {
    if (performance.now() > deadline)
      throw new Error(`DRILL_NOT_MOVED: ${actor} stays where it is`);
    await sleep(POLL_MS);
  }
  await scene.wish(moveKey(actor), null);
  await settledLeaders(scene.exchange);
}

/** Gives who is missing when the limit has passed. */
async function untilAllAreIn(scene: Scene): Promise<string[]> {
  const deadline = performance.now() + REJOIN_LIMIT_MS;
  for (;;) {
    const missing = await missingIn(scene).catch(() => ["etcd"]);
    if (missing.length === 0) return [];
    if (performance.now() > deadline) return [`etcd does not know again: ${missing.join(", ")}`];
    await sleep(POLL_MS);
  }
}

async function missingIn(scene: Scene): Promise<string[]> {
  const { exchange } = scene;
  const nodes = await scene.nodesInEtcd();
  const leaders = await scene.leadersInEtcd();
  const led = await exchange.leaders();
  return [
    ...exchange.nodes.map(({ name }) => name).filter((name) => !nodes.has(name)),
    ...[...led]
      .filter(([actor, { node }]) => leaders.get(actor)?.node !== node)
      .map(([actor]) => actor),
  ];
}
