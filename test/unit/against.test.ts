import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { LIVE_DRILLS, liveDrillOf } from "../../chaos/against/drills/catalog.js";
import { type Ground, planWithin, refusalOf } from "../../chaos/against/drills/drill.js";
import { ailsOf, changedBetween, notHealthy, whatAils } from "../../chaos/against/health.js";
import { longestPause } from "../../chaos/against/pauses.js";
import { fundsFor, probeTermsOf } from "../../chaos/against/probe-terms.js";
import { radiusOf } from "../../chaos/against/radius.js";
import { parseGameDay } from "../../chaos/against/schedule.js";
import { Undo } from "../../chaos/against/undo.js";
import { type Market, MarketPhase } from "../../proto/gen/exchange/v1/exchange.js";
import { bestKnown, type ClusterState, type NodeState } from "../../services/cli/cluster.js";
import { INSTRUMENTS } from "../../services/participants/instruments.js";
import { PROJECT_ROOT } from "../../services/servers/project-root.js";
import { clusterState } from "../helpers/cluster-state.js";

const LEADERS = {
  "ledger.1": "node-1",
  "ledger.2": "node-2",
  "market.2330%2ETW": "node-1",
  "market.AAPL": "node-2",
};

function clusterOf(changes: Partial<Record<string, Partial<NodeState>>> = {}): ClusterState {
  return clusterState(LEADERS, ["node-1", "node-2", "node-3"], changes);
}

function groundOf(symbols: string[], nodes: string[], state = clusterOf()): Ground {
  return { state, radius: radiusOf(state, { symbols, nodes }), shard: "ledger.1" };
}

const planOf = (name: string, ground: Ground, round = 1) =>
  planWithin(liveDrillOf(name), ground, round);

describe("the blast radius", () => {
  it("has what is named as people name it, or all", () => {
    const state = clusterOf();
    expect(radiusOf(state, { symbols: ["2330.TW", "ledger-1", "2330.TW"], nodes: null })).toEqual({
      actors: ["market.2330%2ETW", "ledger.1"],
      symbols: ["2330.TW"],
      nodes: [],
    });
    const all = radiusOf(state, { symbols: ["all"], nodes: ["all"] });
    expect(all.actors).toEqual(Object.keys(LEADERS));
    expect(all.nodes).toEqual(["node-1", "node-2", "node-3"]);
  });

  it("says what is not there, and what is missing", () => {
    const radius = (symbols: string[] | null, nodes: string[] | null = null) =>
      radiusOf(clusterOf(), { symbols, nodes });
    expect(() => radius(null)).toThrow(/RADIUS_MISSING.*--symbols/);
    expect(() => radius(["APL"])).toThrow(/UNKNOWN_ACTOR.*AAPL/);
    expect(() => radius(["ledger.1"])).toThrow(/RADIUS_WITHOUT_SYMBOL/);
    expect(() => radius(["AAPL"], ["node-4"])).toThrow(/UNKNOWN_NODE.*node-1, node-2, node-3/);
  });
});

describe("a plan", () => {
  it("moves each actor in turn, from its leader to the next node that is open", () => {
    const ground = groundOf(["2330.TW", "ledger.1", "ledger.2"], ["node-1", "node-3"]);
    const first = planOf("move-leader", ground);
    expect(first).toMatchObject({
      actors: ["market.2330%2ETW"],
      nodes: ["node-1", "node-3"],
      symbols: ["2330.TW"],
    });
    expect(first.does.join()).toContain("market.2330.TW from node-1 (token 7) to node-3");
    // Of ledger.2 the probe would hear nothing.
    expect(planOf("move-leader", ground, 2).actors).toEqual(["ledger.1"]);
    expect(planOf("move-leader", ground, 3).actors).toEqual(["market.2330%2ETW"]);
  });

  it("refuses to move what a node outside leads, or where nobody can take it", () => {
    expect(() => planOf("move-leader", groundOf(["AAPL"], ["node-1", "node-3"]))).toThrow(
      /OUTSIDE_RADIUS: move-leader would touch node-2, not in --nodes/,
    );
    const closed = clusterOf({ "node-3": { isDrained: true } });
    expect(() => planOf("move-leader", groundOf(["AAPL"], ["node-2", "node-3"], closed))).toThrow(
      /NO_NODE_LEFT/,
    );
  });

  it("drains a node only if all that it leads, and all who take it, are within", () => {
    expect(() => planOf("drain", groundOf(["AAPL"], ["node-2", "node-1", "node-3"]))).toThrow(
      /OUTSIDE_RADIUS: drain node-2 would touch ledger.2, not in --symbols/,
    );
    expect(() => planOf("drain", groundOf(["all"], ["node-2"]))).toThrow(
      /OUTSIDE_RADIUS: drain node-2 would touch .*not in --nodes/,
    );
    const plan = planOf("drain", groundOf(["all"], ["node-2", "node-1", "node-3"]));
    expect(plan).toMatchObject({ actors: ["ledger.2", "market.AAPL"], symbols: ["AAPL"] });
    expect(plan.undone[0]).toBe("undrain node-2");
    // One that leads nothing has no turn.
    const others = groundOf(["all"], ["node-3", "node-2", "node-1"]);
    expect(planOf("drain", others).undone[0]).toBe("undrain node-2");
    expect(planOf("drain", others, 2).undone[0]).toBe("undrain node-1");
  });

  it("is made of what would be refused, too, so that it can be shown", () => {
    const ground = groundOf(["AAPL"], ["node-1", "node-3"]);
    const plan = liveDrillOf("move-leader").plan(ground, 1);
    expect(plan.does).toEqual(["wish market.AAPL from node-2 (token 7) to node-1"]);
    const refusal = refusalOf(liveDrillOf("move-leader"), ground, plan);
    expect(refusal).toMatchObject({ code: "OUTSIDE_RADIUS" });
    expect(() => planOf("move-leader", groundOf(["AAPL"], []))).toThrow(/RADIUS_MISSING.*--nodes/);
  });

  it("takes back and restores what an operator had wished to the node", () => {
    const before = clusterOf();
    const wishes = { ...before.wishes, moves: new Map([["market.AAPL", "node-2"]]) };
    const nodes = ["node-2", "node-1", "node-3"];
    const plan = planOf("drain", groundOf(["all"], nodes, { ...before, wishes }));
    expect(plan.does[0]).toBe("take back that market.AAPL is wished to node-2");
    expect(plan.undone[1]).toBe("wish market.AAPL to node-2 again");
  });

  it("says where the probe hears nothing of the node that is cordoned", () => {
    const [heard, unheard] = ["node-2", "node-1"].map((node) =>
      planOf("cordon", groundOf(["AAPL"], [node])),
    );
    expect(heard).toMatchObject({ symbols: ["AAPL"], does: ["cordon node-2"] });
    expect(unheard!.does[0]).toMatch(/^cordon node-1; it leads no market of --symbols/);
  });

  it("changes no node that is not as usual, and leaves another one open", () => {
    const cordoned = clusterOf({ "node-1": { isCordoned: true } });
    expect(() => planOf("cordon", groundOf(["AAPL"], ["node-1"], cordoned))).toThrow(
      /NODE_NOT_OPEN: node-1 is cordoned already/,
    );
    const alone = clusterOf({ "node-1": { isAlive: false }, "node-3": { isDrained: true } });
    expect(() => planOf("cordon", groundOf(["AAPL"], ["node-2"], alone))).toThrow(/NO_NODE_LEFT/);
    expect(() => planOf("cordon", groundOf(["AAPL"], []))).toThrow(/RADIUS_MISSING.*--nodes/);
    expect(() => planOf("drain", groundOf(["all"], ["node-3"]))).toThrow(/NOTHING_LED/);
  });

  it("touches no actor and no node where only the probe's own connection is struck", () => {
    for (const name of ["reconnect", "repeat-order", "slow-subscriber", "burst"]) {
      expect(planOf(name, groundOf(["AAPL"], []))).toMatchObject({ actors: [], nodes: [] });
    }
  });

  it("is for drills that there are, and they are in the README", () => {
    expect(() => liveDrillOf("kill-leader")).toThrow(/UNKNOWN_DRILL.*move-leader/s);
    const readme = readFileSync(join(PROJECT_ROOT, "chaos", "README.md"), "utf8");
    const [, section = ""] = readme.split("## Against a running exchange");
    const missing = LIVE_DRILLS.filter(({ name }) => !section.includes(`| \`${name}\` |`));
    expect(missing.map(({ name }) => name)).toEqual([]);
  });
});

describe("the trial of a node", () => {
  it("is what says who has known it for the longest: to a node that has just begun all are new", () => {
    const ofOld = { losses: 0, remainingMs: 0, knownMs: 60_000 };
    const ofNew = { losses: 0, remainingMs: 4_000, knownMs: 1_000 };
    expect(bestKnown([ofNew, ofOld])).toBe(ofOld);
    expect(bestKnown([ofOld, ofNew])).toBe(ofOld);
    expect(bestKnown([])).toEqual({ losses: 0, remainingMs: 0, knownMs: 0 });
  });
});

describe("the health of an exchange", () => {
  it("is what operators see of it", () => {
    expect(ailsOf(clusterOf())).toEqual([]);
    const trial = { losses: 1, remainingMs: 4_200, knownMs: 60_000 };
    const ill = clusterOf({
      "node-1": { isAlive: false },
      "node-2": { away: ["NATS", "etcd"] },
      "node-3": { trial },
    });
    const [first, ...others] = ill.actors;
    const actors = [{ ...first!, node: null }, ...others];
    expect(ailsOf({ ...ill, actors })).toEqual([
      { what: "node-1 is gone", endsInMs: null },
      { what: "node-2 has no answer from NATS and etcd", endsInMs: null },
      { what: "node-3 has come of late, and gets its share in 5 s", endsInMs: 4_200 },
      { what: "nobody leads ledger.1", endsInMs: null },
    ]);
  });

  it("is waited for, and it is said once for what", async () => {
    const trial = { losses: 1, remainingMs: 4_200, knownMs: 60_000 };
    const states = [clusterOf({ "node-3": { trial } }), clusterOf({ "node-3": { trial } })];
    const look = async () => states.shift() ?? clusterOf();
    const lines: string[] = [];
    const target = { cluster: { look }, places: { processes: [] } };
    expect(await whatAils(target as never, 30_000, (line) => lines.push(line))).toEqual([]);
    expect(lines).toEqual([
      "waiting up to 30 s: node-3 has come of late, and gets its share in 5 s",
    ]);
  });

  it("is to be struck again where what was waited for has passed when the wait is over", async () => {
    const gone = clusterOf({ "node-3": { isAlive: false } });
    const refusal = async (...states: ClusterState[]) => {
      const look = async () => states.shift() ?? clusterOf();
      const target = { cluster: { look }, places: { processes: [] } };
      return notHealthy(target as never, await whatAils(target as never, -1));
    };
    await expect(refusal(gone, gone)).resolves.toMatchObject({
      code: "EXCHANGE_NOT_HEALTHY",
      message: "EXCHANGE_NOT_HEALTHY: node-3 is gone",
    });
    expect((await refusal(gone)).message).toMatch(
      /^EXCHANGE_NOT_HEALTHY: node-3 is gone: .*has passed.*; run it again$/,
    );
  });

  it("is hurt where an actor has another leader that was not to be touched", () => {
    const before = clusterOf();
    const actors = before.actors.map((each) => ({ ...each, token: 8, holder: "node-3" }));
    const mayChange = new Set(["ledger.1", "ledger.2", "market.AAPL"]);
    expect(changedBetween(before, { ...before, actors }, mayChange)).toEqual([
      "market.2330.TW has another leader: node-3, under token 8",
    ]);
  });
});

describe("the probe's orders", () => {
  const instrument = {
    ...INSTRUMENTS[0]!,
    takerFee: 400,
    feeTiers: [{ makerFee: 0, takerFee: 900 }],
  };
  const market = {
    phase: MarketPhase.MARKET_PHASE_CONTINUOUS,
    sessionReference: 58_000,
    lastPrice: 59_000,
    rules: { staticBandBps: 1_000 },
  } as Market;

  it("wait for twice the last price, with a limit at the bottom of the band", () => {
    const terms = probeTermsOf(instrument, market);
    expect(terms).toMatchObject({ quantity: 1_000, price: 52_300, stopPrice: 118_000 });
    expect(terms.value).toBe(52_300_000);
    expect(terms.cost).toBe(52_300_000 + 47_070);
    expect(terms.text).toContain("buy 1000 2330.TW, stop-limit: waits for a trade at 1180.00");
    const without = { ...market, rules: { staticBandBps: 0 }, lastPrice: 0 } as Market;
    expect(probeTermsOf(instrument, without)).toMatchObject({ price: 46_500, stopPrice: 116_000 });
  });

  it("are not sent where they could not wait", () => {
    const halted = { ...market, phase: MarketPhase.MARKET_PHASE_HALTED };
    expect(() => probeTermsOf(instrument, halted)).toThrow(/MARKET_NOT_CONTINUOUS: 2330.TW/);
    const dear = { ...market, lastPrice: 6 * 10 ** 11 };
    expect(() => probeTermsOf(instrument, dear)).toThrow(/NO_SAFE_PRICE/);
  });

  it("need funds for the dearest of each asset, so many times as may be open", () => {
    const terms = probeTermsOf(instrument, market);
    const cheap = { ...terms, cost: 1 };
    expect(fundsFor([cheap, terms], 20)).toEqual([{ asset: terms.asset, units: 20 * terms.cost }]);
  });

  it("show the longest pause, the ends of the span counted", () => {
    expect(longestPause([5, 40, 60, 200], 30, 100)).toEqual({ fromMs: 60, toMs: 100 });
    expect(longestPause([], 30, 100)).toEqual({ fromMs: 30, toMs: 100 });
  });
});

describe("undoing", () => {
  const step = (what: string, done: string[], isDone = true) => ({
    what,
    byHand: `npx palisade undrain ${what}`,
    undo: async () => void done.push(what),
    isUndone: async () => isDone,
  });

  it("goes back from the last, as far as a mark, and looks whether it is so", async () => {
    const lines: string[] = [];
    const undo = new Undo((line) => lines.push(line));
    const done: string[] = [];
    undo.note(step("a", done));
    const { mark } = undo;
    undo.note(step("b", done));
    undo.note(step("c", done));
    expect(await undo.run(mark)).toEqual([]);
    expect(done).toEqual(["c", "b"]);
    expect(lines[0]).toBe(
      "from now on: a; by hand it is taken back by: npx palisade undrain a (of several the last first)",
    );
    expect(lines.slice(3)).toEqual(["undone: c", "undone: b"]);
    expect(undo.left.map(({ what }) => what)).toEqual(["a"]);
  });

  it("tries again what could not be done at once", async () => {
    const undo = new Undo(() => undefined);
    let tries = 0;
    const undoLater = async () => {
      tries += 1;
      if (tries < 3) throw new Error("etcd is away");
    };
    undo.note({ ...step("a", []), undo: undoLater, isUndone: async () => tries === 3 });
    expect(await undo.run()).toEqual([]);
    expect(tries).toBe(3);
  });

  it("keeps what could not be taken back, and says how a person does", async () => {
    const undo = new Undo(() => undefined, 60);
    const done: string[] = [];
    undo.note(step("a", done));
    undo.note(step("b", done, false));
    const broken = { ...step("c", done), undo: () => Promise.reject(new Error("etcd is away")) };
    undo.note(broken);
    expect(await undo.run()).toEqual([
      "NOT_UNDONE: c (etcd is away); by hand: npx palisade undrain c",
      "NOT_UNDONE: b (it is still so after 60 ms); by hand: npx palisade undrain b",
    ]);
    expect(undo.left.map(({ what }) => what)).toEqual(["c", "b"]);
  });
});

describe("a game day", () => {
  const parse = (value: unknown) => parseGameDay(JSON.stringify(value), "day.json");
  const step = { drill: "drain", symbols: ["all"], nodes: ["node-1"] };

  it("has steps with times, and what is left out has a default", () => {
    const day = parse({ name: "d", steps: [{ ...step, at: "+5m", pause: "30s" }, step] });
    expect(day.onFailure).toBe("stop");
    expect(day.steps[0]).toMatchObject({ at: 300_000, pause: 30_000, rounds: 1 });
    expect(day.steps[1]!.at).toBeUndefined();
  });

  it("is refused with the field that is wrong, and what is allowed", () => {
    const wrong = {
      name: "d",
      onFailure: "shrug",
      steps: [
        { ...step, at: "5m" },
        { ...step, drill: "kill-leader", rounds: 0, node: "x" },
      ],
    };
    const said =
      /NOT_A_GAME_DAY.*onFailure: .*steps\[0\]\.at: a time is like.*steps\[1\]\.drill: there is no drill "kill-leader" .*move-leader.* need an exchange of their own: npm run drill -- list.*steps\[1\]\.rounds: .*steps\[1\]: .*node/s;
    expect(() => parse(wrong)).toThrow(said);
    expect(() => parse({ name: "d", steps: [] })).toThrow(/steps: /);
    expect(() => parseGameDay("{", "day.json")).toThrow(/NOT_A_GAME_DAY: day.json is no JSON/);
    const back = [{ ...step, at: "+2m" }, step, { ...step, at: "+1m" }];
    expect(() => parse({ name: "d", steps: back })).toThrow(/steps\[2\]\.at: it is before/);
  });

  it("is told what each field takes in words of ours", () => {
    const takes = (value: unknown, field: string, words: string) =>
      expect(() => parse(value)).toThrow(`  ${field}: ${words}\n`);
    const one = (changes: object) => ({ name: "d", steps: [{ ...step, ...changes }] });
    for (const rounds of [0, 1_001, 1.5, "2", null])
      takes(one({ rounds }), "steps[0].rounds", "a whole number from 1 to 1,000");
    for (const symbols of [[], "all", [7], undefined]) {
      const at = symbols?.[0] === 7 ? "steps[0].symbols[0]" : "steps[0].symbols";
      takes(one({ symbols }), at, 'a list of names, one at least, or of "all"');
    }
    takes(one({ pause: 30 }), "steps[0].pause", 'a duration is like "30s", "5m" or "1h"');
    takes({ name: "d" }, "steps", "a list of 1 to 100 steps");
    takes({ ...one({}), name: "" }, "name", "a text of 1 to 100 characters");
    takes({ ...one({}), onFailure: "shrug" }, "onFailure", '"stop" or "continue"');
  });

  it("is in deploy/game-days, to begin with", () => {
    const file = join(PROJECT_ROOT, "deploy", "game-days", "first.json");
    const { steps } = parseGameDay(readFileSync(file, "utf8"), file);
    expect(steps.at(-1)).toMatchObject({ drill: "drain", symbols: ["all"] });
    expect(Math.max(...steps.map(({ at = 0 }) => at))).toBeLessThan(600_000);
  });
});
