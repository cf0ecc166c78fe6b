/** A drill that somebody ends while a node stands still: everything that it has started is gone, the frozen process too. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { EXIT_INTERRUPTED } from "../../services/cli/exit-codes.js";
import { PROJECT_ROOT } from "../../services/servers/project-root.js";
import { temporaryFolder } from "../helpers/servers.js";

const PROGRAM = join(PROJECT_ROOT, "dist", "services", "cli", "main.js");

interface Seen {
  readonly pid: number;
  readonly parent: number;
  readonly isStopped: boolean;
}

/** All processes that a process has started, whoever of them still lives. */
function startedBy(pid: number): Seen[] {
  const table = execFileSync("ps", ["-eo", "pid=,ppid=,state="], { encoding: "utf8" });
  const all = table
    .trim()
    .split("\n")
    .map((line) => {
      const [own, parent, state] = line.trim().split(/\s+/);
      return { pid: Number(own), parent: Number(parent), isStopped: state === "T" };
    });
  const found: Seen[] = [];
  const parents = [pid];
  for (const parent of parents) {
    const children = all.filter((each) => each.parent === parent);
    found.push(...children);
    parents.push(...children.map((each) => each.pid));
  }
  return found;
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

it.each(["SIGINT", "SIGHUP"] as const)(
  "ends what it has started when it gets %s while a node is frozen",
  async (signal) => {
    const { folder, remove } = temporaryFolder();
    const env = { ...process.env, TMPDIR: folder };
    const drill = spawn(process.execPath, [PROGRAM, "drill", "freeze-leader", "--rounds", "9"], {
      env,
    });
    try {
      let said = "";
      drill.stderr.on("data", (chunk) => (said += chunk));
      drill.stdout.resume();
      const ended = once(drill, "close");
      let started: Seen[] = [];
      const frozen = (): Seen[] => {
        started = startedBy(drill.pid!);
        return started.filter(({ isStopped }) => isStopped);
      };
      await expect.poll(frozen, { timeout: 90_000, interval: 50 }).toHaveLength(1);
      drill.kill(signal);
      expect(await ended, said).toEqual([EXIT_INTERRUPTED, null]);
      expect(said).toContain("ending the drill: what it stopped is resumed");
      expect(started.length).toBeGreaterThan(5);
      await expect.poll(() => started.filter(({ pid }) => isAlive(pid))).toEqual([]);
      expect(readdirSync(folder).filter((name) => name.startsWith("palisade"))).toEqual([]);
    } finally {
      drill.kill("SIGKILL");
      remove();
    }
  },
);
