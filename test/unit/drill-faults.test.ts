import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { makeFault } from "../../chaos/drills/chaos-faults.js";
import { deposesNobody } from "../../chaos/drills/deposes-nobody.js";
import type { Stage } from "../../chaos/drills/drill.js";
import { type Fault, whileItLasts } from "../../chaos/drills/fault.js";
import { CUTS } from "../../chaos/drills/nodes/cut-leader.js";
import { Timeline } from "../../chaos/stage/timeline.js";
import type { Ways } from "../../chaos/stage/wires.js";
import { PROJECT_ROOT } from "../../services/servers/project-root.js";

const LED = new Map([["market.A", { node: "node-1", token: 4 }]]);

function stageOf(changes: {
  readonly untilResumed?: () => Promise<object>;
  readonly query?: () => Promise<object[]>;
}): Stage {
  const { untilResumed = async () => ({ firstMs: 1, allMs: 2 }), query = async () => [] } = changes;
  const scene = { symbols: ["A"], exchange: { leaders: async () => LED }, query };
  const stage = { scene, probe: { untilResumed }, timeline: new Timeline(), seed: 1 };
  return { ...stage, log: () => undefined } as unknown as Stage;
}

const faultOf = (changes: Partial<Fault<string>>): Fault<string> => ({
  aim: async () => "it",
  strike: () => undefined,
  bitten: async () => [],
  heal: async () => undefined,
  name: (target) => target,
  ...changes,
});

describe("a fault that lasts", () => {
  it("has clients asked again and again to its end, and not after it", async () => {
    const askedMs: number[] = [];
    let healedMs = 0;
    const stage = stageOf({
      untilResumed: async () => (askedMs.push(performance.now()), { firstMs: 1, allMs: 2 }),
    });
    const heal = async () => void (healedMs = performance.now());
    const beganMs = performance.now();
    const { samples } = await whileItLasts(faultOf({ lastsMs: 700, heal }))(stage, 1);
    expect(samples).toEqual({ resume: [1], allResumed: [2], throughout: askedMs.map(() => 2) });
    // How often is the timers' affair: one may end a moment early, or a slow machine sleep through a turn.
    expect(askedMs.length).toBeGreaterThan(1);
    expect(askedMs.at(-1)! - beganMs).toBeGreaterThan(600);
    expect(askedMs.every((at) => at <= healedMs)).toBe(true);
  });

  it("is red when clients trade at first and no more when something has run out", async () => {
    let asked = 0;
    const untilResumed = async () => {
      if (++asked > 1) throw new Error("DRILL_NOT_RESUMED");
      return { firstMs: 1, allMs: 2 };
    };
    const round = whileItLasts(faultOf({ lastsMs: 100 }))(stageOf({ untilResumed }), 1);
    await expect(round).rejects.toThrow("DRILL_NOT_RESUMED");
  });

  it("lasts until it is over by itself", async () => {
    let end = () => {};
    const over = () => new Promise<void>((resolve) => void (end = resolve));
    let asked = 0;
    const untilResumed = async () => {
      if (++asked === 3) end();
      return { firstMs: 1, allMs: 2 };
    };
    const { samples } = await whileItLasts(faultOf({ over }))(stageOf({ untilResumed }), 1);
    expect(samples["throughout"]).toHaveLength(3);
  });
});

describe("a fault that is to depose nobody", () => {
  it("is not healed where somebody was deposed, with who, and why", async () => {
    const row = { name: "market.A", node: "node-2", token: 5, reason: "its leader is silent" };
    const asked: unknown[][] = [];
    const query = async (...values: unknown[]) => (asked.push(values), [row]);
    const round = whileItLasts(deposesNobody(faultOf({})));
    expect(await round(stageOf({ query }), 1)).toMatchObject({
      failures: [],
      unhealed: [
        "market.A, which node-1 led, was taken by node-2 under token 5: its leader is silent",
      ],
    });
    expect(asked[0]![1]).toEqual([["market.A"], [4], "handed over"]);
  });

  it("is well where nobody was, and says what else is not healed", async () => {
    const fault = faultOf({ healed: async () => ({ unhealed: ["node-1 has not joined again"] }) });
    const round = whileItLasts(deposesNobody(fault));
    expect(await round(stageOf({}), 1)).toMatchObject({
      unhealed: ["node-1 has not joined again"],
    });
  });
});

describe("the ways of cut-leader", () => {
  it("cut each server both ways, and in each of the two", () => {
    const cut = new Set<string>();
    const wayTo = (server: string) => ({
      freeze: (way = "both") => void cut.add(`${server} ${way}`),
      halfOpen: () => undefined,
      slow: () => undefined,
    });
    for (const { spoil } of CUTS) {
      const ways = { postgres: wayTo("postgres"), nats: wayTo("nats"), etcd: wayTo("etcd") };
      spoil(ways as unknown as Ways);
    }
    const servers = ["postgres", "nats", "etcd"];
    const all = servers.flatMap((server) =>
      ["both", "requests", "answers"].map((way) => `${server} ${way}`),
    );
    expect(cut).toEqual(new Set(all));
  });

  it("are as many as the README counts", () => {
    const readme = readFileSync(join(PROJECT_ROOT, "chaos", "README.md"), "utf8");
    const [, table] = /^- The sixteen ways of `cut-leader`[^]*?\n\n((?: {2}\|.*\n)+)/m.exec(
      readme,
    )!;
    expect(CUTS).toHaveLength(16);
    const cells = table!.split("|").map((cell) => cell.trim());
    expect(cells.filter((cell) => /^(x|the same)\b/.test(cell))).toHaveLength(CUTS.length);
  });
});

describe("faults of chaos at nodes", () => {
  /** What each node says that it leads; null: it does not answer. */
  const leads = new Map<string, Record<string, number> | null>();
  const servers = ["node-1", "node-2", "node-3"].map((name, at) => {
    const server = createServer((_, response) => {
      const said = leads.get(name);
      response.writeHead(said ? 200 : 500).end(JSON.stringify(said));
    });
    return { name, pid: 700 + at, kill: () => undefined, server };
  });
  const nodes = servers.map(({ server, ...node }) => ({
    ...node,
    get ports() {
      return { http: (server.address() as AddressInfo).port };
    },
  }));
  const stage = { scene: { exchange: { nodes } } } as unknown as Stage;
  const strike = async (struck: Set<string>) => {
    const fault = makeFault({ kind: "kill-node", atMs: 0, lastsMs: 1, way: 0 }, struck);
    const target = await fault.aim(stage, 1);
    await fault.strike(target, stage);
    return fault.name(target);
  };

  beforeAll(async () => {
    for (const { server } of servers) await once(server.listen(0, "127.0.0.1"), "listening");
  });
  afterAll(() => {
    for (const { server } of servers) server.close();
  });
  beforeEach(() => {
    leads.set("node-1", { "market.A": 1, "market.B": 1 });
    leads.set("node-2", { "market.C": 1 });
    leads.set("node-3", {});
  });

  it("choose another one each, also when they choose at the same moment", async () => {
    const struck = new Set<string>();
    const names = await Promise.all([strike(struck), strike(struck)]);
    expect(names.toSorted((a, b) => a.localeCompare(b))).toEqual([
      "node-1 (process 700) led market.A (token 1), market.B (token 1)",
      "node-2 (process 701) led market.C (token 1)",
    ]);
  });

  it("wait for a node that leads something, and pass over one that does not answer", async () => {
    leads.set("node-2", null);
    const striking = strike(new Set(["node-1"]));
    setTimeout(() => leads.set("node-3", { "market.A": 2 }), 100);
    expect(await striking).toBe("node-3 (process 702) led market.A (token 2)");
  });
});
