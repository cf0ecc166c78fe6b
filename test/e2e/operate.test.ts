/** An operator at work: nodes closed and emptied, actors moved, while trading goes on. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../helpers/servers.js";
import { eventually, isSame, Terminal } from "./start-cli.js";

const ACTOR = "ledger.1";
const SYMBOL = "2330.TW";
const MARKET = "market.2330%2ETW";

interface NodeSaid {
  readonly node: string;
  readonly alive: boolean;
  readonly weight: number;
  readonly cordoned: boolean;
  readonly drained: boolean;
  readonly leads: readonly string[];
}

interface ClusterSaid {
  readonly nodes: readonly NodeSaid[];
  readonly actors: readonly { readonly actor: string; readonly node: string | null }[];
  readonly moves: Readonly<Record<string, string>>;
  readonly withoutStandby: readonly string[];
}

const { folder, remove } = temporaryFolder();
const terminal = new Terminal(folder, { PALISADE_FLOW_ORDERS_PER_SECOND: "40" });
const everStarted: { pid: number; identity: string }[] = [];

beforeAll(async () => {
  await terminal.start();
  everStarted.push(...terminal.alive(), {
    pid: terminal.runFile().pid,
    identity: terminal.runFile().identity,
  });
  await eventually("every actor to have a leader", async () => {
    const { actors } = await clusterNow();
    return actors.every(({ node }) => node !== null) || undefined;
  });
});

afterAll(async () => {
  const [start] = everStarted.slice(-1);
  if (start && isSame(start)) process.kill(start.pid, "SIGINT");
  await eventually("everything to stop", async () => !everStarted.some(isSame) || undefined).catch(
    () => {
      for (const each of everStarted.filter(isSame)) process.kill(each.pid, "SIGKILL");
    },
  );
  remove();
});

const clusterNow = () => terminal.json<ClusterSaid>("cluster");

async function nodeNow(name: string): Promise<NodeSaid> {
  return (await clusterNow()).nodes.find(({ node }) => node === name)!;
}

/** A command that must fail: what it says. */
async function refused(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await terminal.run(...args);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  return stderr;
}

describe("an operator", () => {
  it("sees who is alive and who leads what", async () => {
    const { nodes, actors, moves, withoutStandby } = await clusterNow();
    expect(nodes.map(({ node }) => node)).toEqual(["node-1", "node-2", "node-3"]);
    for (const each of nodes) {
      expect(each).toMatchObject({ alive: true, weight: 1, cordoned: false, drained: false });
    }
    expect(nodes.flatMap(({ leads }) => leads).toSorted()).toEqual(
      actors.map(({ actor }) => actor).toSorted(),
    );
    expect({ moves, withoutStandby }).toEqual({ moves: {}, withoutStandby: [] });
    const { stdout } = await terminal.run("cluster");
    expect(stdout).toMatch(/^node-2 +alive +1 +its share +\d+$/m);
  });

  it("moves actors by their names and by their symbols, and takes that back", async () => {
    for (const to of ["node-1", "node-2", "node-3"]) {
      const moved = await terminal.json<{ node: string }>("move", ACTOR, to);
      expect(moved).toMatchObject({ actor: ACTOR, node: to });
      expect((await nodeNow(to)).leads).toContain(ACTOR);
    }
    for (const [word, to] of [
      [SYMBOL, "node-1"],
      [MARKET, "node-2"],
      [`market.${SYMBOL}`, "node-3"],
    ] as const) {
      expect(await terminal.json("move", word, to)).toMatchObject({ actor: MARKET, node: to });
    }
    expect((await clusterNow()).moves).toEqual({ [ACTOR]: "node-3", [MARKET]: "node-3" });
    await terminal.json("unmove", ACTOR);
    await terminal.json("unmove", SYMBOL);
    expect((await clusterNow()).moves).toEqual({});
  });

  it("empties a node, also of what was moved there, and fills it again", async () => {
    await terminal.json("move", ACTOR, "node-2");
    const { stderr } = await terminal.run("drain", "node-2");
    expect(stderr).toContain(`${ACTOR} is no longer wished to node-2`);
    expect(stderr).toMatch(/node-2 leads \d+ actor/);
    expect(await nodeNow("node-2")).toMatchObject({ drained: true, leads: [] });
    expect(await refused("move", ACTOR, "node-2")).toContain("NODE_TAKES_NOTHING");
    await terminal.json("cordon", "node-1");
    expect(await nodeNow("node-1")).toMatchObject({ cordoned: true });
    expect(await refused("drain", "node-3")).toContain("NO_NODE_LEFT");
    expect(await nodeNow("node-3")).toMatchObject({ drained: false });
    await terminal.json("uncordon", "node-1");
    await terminal.json("undrain", "node-2");
    for (const name of ["node-1", "node-2"]) {
      expect(await nodeNow(name)).toMatchObject({ cordoned: false, drained: false });
    }
    await eventually("node-2 to take its share again", async () => {
      const { leads } = await nodeNow("node-2");
      return leads.length > 0 || undefined;
    });
  });

  it("switches a standby off and on", async () => {
    await terminal.json("standby", SYMBOL, "off");
    expect((await clusterNow()).withoutStandby).toEqual([MARKET]);
    await terminal.json("standby", SYMBOL, "on");
    expect((await clusterNow()).withoutStandby).toEqual([]);
    expect(await refused("standby", SYMBOL, "maybe")).toContain("NOT_ON_OR_OFF");
  });

  it("is told what is wrong", async () => {
    for (const command of ["cordon", "uncordon", "drain", "undrain"]) {
      expect(await refused(command, "node-9")).toMatch(
        /UNKNOWN_NODE: there is no node node-9; alive are: node-1, node-2, node-3/,
      );
    }
    expect(await refused("move", ACTOR, "node-9")).toContain("UNKNOWN_NODE");
    expect(await refused("move", "2330.T", "node-1")).toMatch(/UNKNOWN_ACTOR: .*2330\.TW/);
    expect(await refused("unmove", "nobody.knows")).toContain("npx palisade leaders");
    expect(await refused("standby", "ledgr.1", "off")).toMatch(/did you mean ledger\.1/);
    const dead = terminal.runFile().processes.find(({ name }) => name === "node-3")!;
    process.kill(dead.pid, "SIGSTOP");
    try {
      await eventually("the frozen node's lease to run out", async () =>
        (await nodeNow("node-3")).alive ? undefined : true,
      );
      expect(await refused("move", ACTOR, "node-3")).toMatch(
        /NODE_NOT_ALIVE: node-3 is not alive; alive are: node-1, node-2/,
      );
    } finally {
      process.kill(dead.pid, "SIGCONT");
    }
    expect((await clusterNow()).moves).toEqual({});
    await eventually("the node to be back", async () =>
      (await nodeNow("node-3")).alive ? true : undefined,
    );
    expect(await terminal.json("audit")).toMatchObject({ ok: true });
  });

  it("is told that etcd does not answer, and that trading goes on", async () => {
    const { pid } = JSON.parse(readFileSync(join(folder, "etcd", "server.pid"), "utf8")) as {
      pid: number;
    };
    process.kill(pid, "SIGSTOP");
    try {
      for (const words of [["cluster"], ["cordon", "node-1"], ["move", ACTOR, "node-1"]]) {
        expect(await refused(...words)).toMatch(/ETCD_UNAVAILABLE: .*goes on/);
      }
    } finally {
      process.kill(pid, "SIGCONT");
    }
    await eventually("every node and leader to be back", async () => {
      const { nodes, actors } = await clusterNow();
      const areBack = nodes.every(({ alive }) => alive) && actors.every(({ node }) => node);
      return areBack || undefined;
    });
    expect(await nodeNow("node-1")).toMatchObject({ cordoned: false });
  });
});
