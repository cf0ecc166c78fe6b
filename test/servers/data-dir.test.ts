import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { ServerHandle } from "../../services/servers/child-server.js";
import { type Servers, type ServersOptions, startServers } from "../../services/servers/cluster.js";
import { lockDataDir } from "../../services/servers/data-dir.js";
import { ensureServers } from "../../services/servers/install.js";
import { startNats } from "../../services/servers/nats.js";
import { identityOf, isAlive } from "../../services/servers/process-identity.js";
import { temporaryFolder } from "../helpers/servers.js";

const cleanups: (() => void | Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function newFolder(): string {
  const { folder, remove } = temporaryFolder();
  cleanups.push(remove);
  return folder;
}

async function start(options: Partial<ServersOptions> & { dataDir: string }): Promise<Servers> {
  const servers = await startServers({ log: () => {}, durable: false, ...options });
  cleanups.push(() => servers.stopAll());
  return servers;
}

async function startNatsIn(folder: string, log: (line: string) => void): Promise<ServerHandle> {
  const provision = await ensureServers({ log });
  if (provision.way !== "local") throw new Error("this test needs the programs themselves");
  const server = await startNats({ folder, program: provision.binaries.nats, log });
  cleanups.push(() => server.stop());
  return server;
}

/** A process that is not ours; stopped at the end of the test. */
function startForeign(): ChildProcess & { pid: number } {
  const child = spawn("sleep", ["600"], { stdio: "ignore" });
  cleanups.push(() => void child.kill("SIGKILL"));
  if (child.pid === undefined) throw new Error("sleep did not start");
  return child as ChildProcess & { pid: number };
}

function occupy(port: number): Promise<Server> {
  return new Promise((done, fail) => {
    const server = createServer();
    cleanups.push(() => new Promise<void>((closed) => server.close(() => closed())));
    server.once("error", fail);
    server.listen(port, "127.0.0.1", () => done(server));
  });
}

describe("a data directory", () => {
  it("is refused while another supervisor uses it, and free after that one has stopped", async () => {
    const dataDir = newFolder();
    const first = await start({ dataDir });
    const second = startServers({ dataDir, log: () => {} });
    await expect(second).rejects.toMatchObject({
      code: "DATA_DIR_IN_USE",
      message: expect.stringContaining(`process ${process.pid}`),
    });
    await first.stopAll();
    await start({ dataDir });
  });

  it("is taken over from a supervisor that is dead", () => {
    const dataDir = newFolder();
    const lock = join(dataDir, "supervisor.lock");
    writeFileSync(lock, JSON.stringify({ pid: process.pid, identity: "an earlier life" }));
    const release = lockDataDir(dataDir);
    expect(() => lockDataDir(dataDir)).toThrow("DATA_DIR_IN_USE");
    release();
  });

  it("keeps its ports, and gives another one where a port was taken meanwhile", async () => {
    const dataDir = newFolder();
    const first = await start({ dataDir });
    await first.stopAll();
    await occupy(first.nats.port);
    const log: string[] = [];
    const second = await start({ dataDir, log: (line) => log.push(line) });
    expect(second.etcd.port).toBe(first.etcd.port);
    expect(second.postgres.port).toBe(first.postgres.port);
    expect(second.nats.port).not.toBe(first.nats.port);
    expect(log.join("\n")).toContain(`port ${first.nats.port} is taken`);
  });

  it("is refused, untouched, when its folders are somebody else's", async () => {
    const dataDir = newFolder();
    mkdirSync(join(dataDir, "postgres"));
    const attempt = startServers({ dataDir, fresh: true, log: () => {} });
    await expect(attempt).rejects.toMatchObject({ code: "DATA_DIR_FOREIGN" });
    expect(readdirSync(dataDir)).toEqual(["postgres"]);
  });

  it("is refused when the disk is nearly full", async () => {
    const dataDir = newFolder();
    const minFreeDiskBytes = Number.MAX_SAFE_INTEGER;
    const attempt = startServers({ dataDir, log: () => {}, minFreeDiskBytes });
    await expect(attempt).rejects.toMatchObject({
      code: "DISK_SPACE_LOW",
      message: expect.stringMatching(/has \d+ MiB free; at least \d+ MiB are needed/),
    });
  });

  it("starts anew when asked to", async () => {
    const dataDir = newFolder();
    const first = await start({ dataDir });
    writeFileSync(join(dataDir, "nats", "old"), "");
    await first.stopAll();
    const second = await start({ dataDir, fresh: true });
    expect(existsSync(join(dataDir, "nats", "old"))).toBe(false);
    expect(second.nats.port).toBe(first.nats.port);
  });
});

describe("a leftover of an earlier run", () => {
  it("is stopped before the server starts again", async () => {
    const folder = join(newFolder(), "nats");
    const log: string[] = [];
    const leftover = await startNatsIn(folder, (line) => log.push(line));
    const server = await startNatsIn(folder, (line) => log.push(line));
    expect(isAlive(leftover.pid)).toBe(false);
    expect(isAlive(server.pid)).toBe(true);
    expect(log.join("\n")).toContain(`stopping process ${leftover.pid}`);
  });

  it("is left alone when its pid belongs to another process now", async () => {
    const folder = join(newFolder(), "nats");
    mkdirSync(folder);
    const foreign = startForeign();
    const pidFile = join(folder, "server.pid");
    writeFileSync(pidFile, JSON.stringify({ pid: foreign.pid, identity: "an earlier life" }));
    await (await startNatsIn(folder, () => {})).stop();
    expect(isAlive(foreign.pid)).toBe(true);
    // The same life of the pid, but its command line does not name the folder.
    const identity = identityOf(foreign.pid);
    writeFileSync(pidFile, JSON.stringify({ pid: foreign.pid, identity }));
    await startNatsIn(folder, () => {});
    expect(isAlive(foreign.pid)).toBe(true);
  });
});
