/** Everything that is kept of a drill, as `report.json` has it: what was found, and what it was found from. */
import { spawnSync } from "node:child_process";
import { cpus } from "node:os";
import { PROJECT_ROOT } from "../../services/servers/project-root.js";
import { clientLogFiles, logLines } from "../checker/client-logs.js";
import type { Surroundings } from "../drills/drill.js";
import { type DrillReport, type Found, report } from "../report.js";
import type { Beat } from "../stage/canary.js";
import type { TimelineEvent } from "../stage/timeline.js";
import { ClientStory, type ClientView } from "./client-view.js";
import { type LatencySeries, latencySeries } from "./latency.js";
import type { ServerVersions } from "./servers.js";
import type { FirstLeader, LeaderChange } from "./leader-changes.js";

/** What was seen while the drill went on. */
export interface Observed {
  readonly timeline: readonly TimelineEvent[];
  readonly firstLeaders: readonly FirstLeader[];
  readonly leaderChanges: readonly LeaderChange[];
  readonly beats: readonly Beat[];
}

export interface Machine {
  readonly cores: number;
  readonly processor: string;
  readonly platform: string;
  readonly node: string;
}

/** What the logs of the clients say of the time of the drill. */
export interface Told {
  readonly clients: readonly ClientView[];
  readonly latency: LatencySeries;
}

export interface DrillRecord extends Observed, Told {
  /** By the clock of the clients' logs, to the millisecond. */
  readonly startedAt: string;
  readonly lengthMs: number;
  readonly seed: number;
  /** Of the code; null where that is not known. */
  readonly commit: string | null;
  readonly surroundings: Surroundings;
  readonly machine: Machine;
  readonly servers: ServerVersions;
  readonly found: Found;
  /** What `found` comes to. */
  readonly report: DrillReport;
}

export type Circumstances = Pick<DrillRecord, "seed" | "surroundings" | "servers"> & {
  /** Of the drill, in milliseconds since 1970. */
  readonly startedAt: number;
  readonly lengthMs: number;
  /** The folder of the clients' logs. */
  readonly logs: string;
};

export async function recordOf(
  found: Found,
  observed: Observed,
  circumstances: Circumstances,
): Promise<DrillRecord> {
  const { logs, seed, surroundings, servers } = circumstances;
  const startedAt = Math.floor(circumstances.startedAt);
  const lengthMs = Math.ceil(circumstances.lengthMs);
  const [processor] = cpus();
  return {
    report: report(found),
    startedAt: new Date(startedAt).toISOString(),
    lengthMs,
    seed,
    commit: commitOfCode(),
    surroundings,
    machine: {
      cores: cpus().length,
      processor: processor?.model.trim() ?? "",
      platform: `${process.platform} ${process.arch}`,
      node: process.version,
    },
    servers,
    found,
    ...observed,
    ...(await toldWithin(logs, startedAt, lengthMs)),
  };
}

/** Reads what the clients were told in the time of a drill, and afterwards of the orders that they sent then. */
export async function toldWithin(logs: string, startedAt: number, lengthMs: number): Promise<Told> {
  const stories: ClientStory[] = [];
  for (const [client, path] of clientLogFiles(logs)) {
    const story = new ClientStory(client, startedAt, startedAt + lengthMs);
    for await (const line of logLines(path)) story.take(line);
    stories.push(story);
  }
  return {
    clients: stories.map(({ view }) => view),
    latency: latencySeries(
      stories.flatMap(({ waited }) => waited),
      lengthMs,
    ),
  };
}

/** With `-dirty` where it was changed since; null where there is no git. */
export function commitOfCode(): string | null {
  const args = ["describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"];
  const { status, stdout } = spawnSync("git", args, { cwd: PROJECT_ROOT, encoding: "utf8" });
  return status === 0 ? stdout.trim() : null;
}
