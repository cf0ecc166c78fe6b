/** etcd dies, stands still, comes back with nothing or with its past: whoever leads goes on (R12). */
import { setTimeout as sleep } from "node:timers/promises";
import type { Scene } from "../../scene.js";
import { deposesNobody } from "../deposes-nobody.js";
import type { Drill } from "../drill.js";
import { type Fault, whileItLasts } from "../fault.js";
import { emptied, restored } from "./etcd-disk.js";
import { frozen, killed, type Outage } from "./outage.js";

/** Longer than any lease. */
const AWAY_MS = 3_000;
const REJOIN_LIMIT_MS = 30_000;
const POLL_MS = 50;
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
  round: whileItLasts(deposesNobody(rejoined(emptied()))),
};

export const RESTORE_ETCD: Drill = {
  name: "restore-etcd",
  hypothesis: "an etcd with the leaders of the past in it does not bring them back",
  about:
    "SIGKILL to etcd, which comes back with its disk from before an actor was moved, while that is still led elsewhere",
  bound: UNNOTICED,
  round: whileItLasts(deposesNobody(rejoined(restored()))),
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
