import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FULL_DISK } from "../../chaos/drills/servers/disk-full.js";
import type { Stage } from "../../chaos/drills/drill.js";
import { logSizes } from "../../chaos/stage/no-room.js";

const NOBODY =
  "nobody met the full disk: no log speaks of it, Postgres refused no write for it, and no process ended by it";

let dataDir = "";
const logOf = (folder: string, file: string) => join(dataDir, folder, file);

function stageOf({ code = "", isRunning = true, freeBytes = 0 }): Stage {
  const query = async () => {
    if (code !== "") throw Object.assign(new Error("refused"), { code });
    return [];
  };
  const processes = new Map([["node-1", { name: "node-1", isRunning }]]);
  const ground = { get: () => ({ freeBytes }) };
  return { scene: { query, ground, exchange: { dataDir, processes } } } as unknown as Stage;
}

const targetOf = () => ({ servers: [], logs: logSizes(dataDir), met: [], ended: [] });

describe("a disk that is full", () => {
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), "palisade-test-"));
    for (const folder of ["logs", "etcd"]) mkdirSync(join(dataDir, folder));
    writeFileSync(logOf("logs", "node-1.log"), "ENOSPC: it was so before\n");
    writeFileSync(logOf("etcd", "server.log"), "");
  });
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

  it("has not bitten where nobody met it", async () => {
    expect(await FULL_DISK.bitten(targetOf(), stageOf({}))).toEqual([NOBODY]);
    // One that is not there at all, or refuses for another reason, says nothing of the disk.
    expect(await FULL_DISK.bitten(targetOf(), stageOf({ code: "57P03" }))).toEqual([NOBODY]);
  });

  it("has bitten where Postgres could not write, somebody's log says so, or somebody ended", async () => {
    expect(await FULL_DISK.bitten(targetOf(), stageOf({ code: "53100" }))).toEqual([]);
    expect(await FULL_DISK.bitten(targetOf(), stageOf({ isRunning: false }))).toEqual([]);
    const target = targetOf();
    appendFileSync(logOf("etcd", "server.log"), "write wal: no space left on device\n");
    expect(await FULL_DISK.bitten(target, stageOf({}))).toEqual([]);
    expect(FULL_DISK.name(target)).toContain("etcd/server.log speaks of it");
  });

  it("is filled but for a little before the blow, which takes a moment then", async () => {
    const done: string[] = [];
    const disk = { prepare: async () => done.push("prepare"), fill: () => done.push("fill") };
    const servers = { postgres: {}, nats: {}, etcd: {} };
    const exchange = { dataDir, servers, nodes: [], leaders: async () => new Map() };
    const stage = { scene: { exchange, ground: { get: () => disk } } } as unknown as Stage;
    const target = await FULL_DISK.aim(stage, 1);
    expect(done).toEqual(["prepare"]);
    await FULL_DISK.strike(target, stage);
    expect(done).toEqual(["prepare", "fill"]);
  });

  it("has not bitten where there was room", async () => {
    const stage = stageOf({ code: "53100", freeBytes: 10_000 });
    const said = ["10000 bytes are free on the disk"];
    expect(await FULL_DISK.bitten(targetOf(), stage)).toEqual(said);
  });
});
