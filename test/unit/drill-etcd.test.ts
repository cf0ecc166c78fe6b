import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Stage } from "../../chaos/drills/drill.js";
import { type Marks, restored } from "../../chaos/drills/servers/etcd-disk.js";

const ACTOR = "market.A";
const WISH = `move/${ACTOR}`;
const OF_THE_PAST = "node-1";

/** It answers as a node that stands by for the actor. */
const node = createServer((_, response) => {
  response.end(JSON.stringify({ [ACTOR]: { isWarm: true } }));
});

let folder = "";
let leader = OF_THE_PAST;
let wishes: Map<string, string>;
/** What goes wrong when it is asked who leads. */
let failure: Error | null = null;
/** Done when etcd is killed. */
let atTheBlow = (): void => undefined;

/** Its disk holds who leads. */
const etcd = {
  kind: "etcd",
  pid: 1,
  get dataFolder() {
    return join(folder, "etcd");
  },
  signal: async () => undefined,
  kill: async () => atTheBlow(),
  restart: async () => undefined,
};
const disk = () => join(etcd.dataFolder, "leader");
const writeDown = () => writeFileSync(disk(), leader);
const marks: Marks = {
  put: async () => writeFileSync(join(etcd.dataFolder, "mark"), ""),
  isThere: async () => existsSync(join(etcd.dataFolder, "mark")),
};

function stageOf(): Stage {
  const { port } = node.address() as AddressInfo;
  const scene = {
    exchange: {
      servers: { etcd },
      nodes: [OF_THE_PAST, "node-2"].map((name) => ({ name, ports: { http: port } })),
      leaders: async () => {
        if (failure && wishes.size > 0) throw failure;
        return new Map([[ACTOR, { node: leader, token: 4 }]]);
      },
    },
    leadersInEtcd: async () => new Map([[ACTOR, { node: leader }]]),
    wish: async (key: string, value: string | null) => {
      if (value === null) {
        wishes.delete(key);
        return;
      }
      wishes.set(key, value);
      leader = value;
      writeDown();
    },
  };
  return { scene } as unknown as Stage;
}

describe("an etcd that comes back with its past", () => {
  beforeAll(async () => {
    await once(node.listen(0, "127.0.0.1"), "listening");
  });
  afterAll(() => void node.close());
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "palisade-test-"));
    mkdirSync(etcd.dataFolder);
    leader = OF_THE_PAST;
    wishes = new Map();
    failure = null;
    atTheBlow = () => undefined;
    writeDown();
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("names one who leads no more: what was moved is wished there until all is healed", async () => {
    const stage = stageOf();
    const fault = restored(marks);
    const target = await fault.aim(stage, 1);
    expect(wishes).toEqual(new Map([[WISH, "node-2"]]));
    await fault.strike(target, stage);
    expect(await fault.bitten(target, stage)).toEqual([]);
    expect(readFileSync(disk(), "utf8")).toBe(OF_THE_PAST);
    expect(fault.name(target)).toContain("market.A was led by node-1, is led by node-2");
    await fault.heal(target, stage);
    expect(wishes.size).toBe(0);
  }, 15_000);

  it("has not bitten where all led again at the blow whom it names", async () => {
    const stage = stageOf();
    const fault = restored(marks);
    const target = await fault.aim(stage, 1);
    atTheBlow = () => void (leader = OF_THE_PAST);
    await fault.strike(target, stage);
    expect(await fault.bitten(target, stage)).toEqual([
      "whoever leads in etcd's copy led at the blow, too: there was no leader of the past to bring back",
    ]);
    await fault.heal(target, stage);
    expect(wishes.size).toBe(0);
  }, 15_000);

  it("leaves no wish and no copy where it cannot be struck, or does not come back", async () => {
    const stage = stageOf();
    const fault = restored(marks);
    failure = new Error("oh");
    await expect(fault.aim(stage, 1)).rejects.toThrow("oh");
    expect(wishes.size).toBe(0);
    expect(existsSync(`${etcd.dataFolder}.before`)).toBe(false);

    failure = null;
    leader = OF_THE_PAST;
    const target = await fault.aim(stage, 1);
    atTheBlow = () => {
      throw new Error("it does not die");
    };
    await fault.strike(target, stage);
    await expect(fault.heal(target, stage)).rejects.toThrow("it does not die");
    expect(wishes.size).toBe(0);
    expect(existsSync(`${etcd.dataFolder}.before`)).toBe(false);
  }, 15_000);
});
