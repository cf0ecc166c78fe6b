/** Who led what while a drill went on, from the nodes' own logs: nothing is asked for it while the clock runs. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Leaders } from "../../services/supervisor/leaders.js";
import { type StateChange, stateChanges } from "../stage/host-log.js";

export interface LeaderChange {
  readonly actor: string;
  readonly node: string;
  readonly token: number;
  /** When the node began to claim it, and since when it leads, in milliseconds since the drill began. */
  readonly claimedAtMs: number;
  readonly atMs: number;
}

/** Who led an actor when the drill began. */
export interface FirstLeader {
  readonly actor: string;
  readonly node: string;
  readonly token: number;
}

export function firstLeaders(leaders: Leaders): FirstLeader[] {
  return [...leaders].map(([actor, { node, token }]) => ({ actor, node, token }));
}

/** In order; none where the nodes' logs are not on this machine. */
export function leaderChanges(
  dataDir: string,
  actors: readonly string[],
  startedAt: number,
  lengthMs: number,
): LeaderChange[] {
  if (!existsSync(join(dataDir, "logs"))) return [];
  const changes = stateChanges(dataDir, new Set(actors), Math.floor(startedAt));
  return leaderChangesOf(changes, startedAt).filter(({ atMs }) => atMs <= lengthMs);
}

export function leaderChangesOf(
  changes: readonly StateChange[],
  startedAt: number,
): LeaderChange[] {
  const claimed = new Map<string, number>();
  const found: LeaderChange[] = [];
  for (const { actor, node, to, token, timeMs } of changes) {
    const key = `${actor}/${node}`;
    if (to === "claiming") claimed.set(key, timeMs);
    if (to !== "leading") continue;
    const claimedAt = claimed.get(key) ?? timeMs;
    found.push({
      actor,
      node,
      token,
      claimedAtMs: Math.round(claimedAt - startedAt),
      atMs: Math.round(timeMs - startedAt),
    });
  }
  return found;
}
