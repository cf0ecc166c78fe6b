import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Stage } from "../../chaos/drills/drill.js";
import { frozen } from "../../chaos/drills/servers/outage.js";
import { ChildServer, type ServerHandle } from "../../services/servers/child-server.js";
import { childrenOf, isAlive, isStopped } from "../../services/servers/process-identity.js";

/** Starts another process as soon as it has started one, for a while. */
const RESTLESS = "i=0; while [ $i -lt 2000 ]; do sleep 1 & i=$((i + 1)); done; wait";
const CALM = "sleep 60 & wait";

let folder = "";
let server: ChildServer;

async function start(script: string): Promise<void> {
  server = await ChildServer.start({
    kind: "postgres",
    url: "",
    port: 0,
    folder,
    command: "sh",
    args: ["-c", script, folder],
    stopSignal: "SIGTERM",
    answers: async () => undefined,
  });
  while (childrenOf(server.pid).length === 0) await sleep(1);
}

const running = (pid: number) => [pid, ...childrenOf(pid)].filter(isAlive);

/** All that it has started, also what has lost its parent since. */
function groupOf(pid: number): number[] {
  const { stdout } = spawnSync("pgrep", ["-g", String(pid)], { encoding: "utf8" });
  return stdout.split("\n").filter(Boolean).map(Number);
}

function stageOf(postgres: ServerHandle): Stage {
  const exchange = { servers: { postgres }, nodes: [], leaders: async () => new Map() };
  return { scene: { exchange } } as unknown as Stage;
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "palisade-test-"));
});
afterEach(async () => {
  await server.kill();
  rmSync(folder, { recursive: true, force: true });
});

describe("a server that is frozen", () => {
  it("has no process that runs on, also when it was just starting one", async () => {
    await start(RESTLESS);
    await server.signal("SIGSTOP");
    const all = running(server.pid);
    expect(all.length).toBeGreaterThan(1);
    expect(all.filter((pid) => !isStopped(pid))).toEqual([]);
    await server.signal("SIGCONT");
  });

  it("and killed has no process that lives on", async () => {
    await start(RESTLESS);
    const { pid } = server;
    await server.kill();
    expect(groupOf(pid).filter(isAlive)).toEqual([]);
  });

  it("is proved to have stood still by all of its processes", async () => {
    await start(CALM);
    const fault = frozen("postgres", 1);
    const stage = stageOf(server);
    const target = await fault.aim(stage, 1);
    await fault.strike(target, stage);
    expect(await fault.bitten(target, stage)).toEqual([]);
    const [child] = childrenOf(server.pid);
    process.kill(child!, "SIGCONT");
    while (isStopped(child!)) await sleep(1);
    expect(await fault.bitten(target, stage)).toEqual([
      `postgres was not stopped all the time: process ${child} of 2`,
    ]);
    await fault.heal(target, stage);
  });
});
