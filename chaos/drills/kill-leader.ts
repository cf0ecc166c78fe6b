/** SIGKILL to a leader: its actors go on elsewhere under higher tokens. */
import type { Drill } from "./drill.js";
import { type Blow, strikeLeader } from "./strike-leader.js";
import { untilTakenOver } from "./victims.js";

const TAKE_OVER_LIMIT_MS = 30_000;

const BLOW: Blow = {
  strike: ({ process }) => process.kill("SIGKILL"),
  async heal(scene, victim) {
    const failures: string[] = [];
    const { signal } = await victim.process.exited;
    if (signal !== "SIGKILL") failures.push(`${victim.process.name} did not die of SIGKILL`);
    const left = await untilTakenOver(scene.exchange, victim, TAKE_OVER_LIMIT_MS);
    if (left > 0) failures.push(`${left} actors of ${victim.process.name} have no higher token`);
    await victim.process.restart();
    return { failures, staleCommits: 0, fencedCommits: 0 };
  },
};

export const KILL_LEADER: Drill = {
  name: "kill-leader",
  about: "SIGKILL to a node that leads at least a market and a ledger shard, under load",
  round: (stage, number) => strikeLeader(stage, number, BLOW),
};
