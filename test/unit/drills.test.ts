import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { assert, describe, expect, it } from "vitest";
import { readClientLogs } from "../../chaos/checker/client-logs.js";
import { DRILLS, drillOf } from "../../chaos/drills/catalog.js";
import { chaosOf } from "../../chaos/drills/chaos.js";
import { drawWave, EXCLUDES, KINDS } from "../../chaos/drills/chaos-plan.js";
import { type Drill, NO_FAILURE, type Round, type Stage } from "../../chaos/drills/drill.js";
import { type Fault, onceItIsHealed, whileItLasts } from "../../chaos/drills/fault.js";
import { unlessInterrupted } from "../../chaos/interrupt.js";
import { Timeline } from "../../chaos/stage/timeline.js";
import { PROJECT_ROOT } from "../../services/servers/project-root.js";

const RESUMED = { firstMs: 7, allMs: 9 };

/** As much of a stage as a fault needs: an exchange of one symbol whose clients always trade. */
function stageOf(seed = 1): Stage {
  const probe = { untilResumed: async () => RESUMED };
  const scene = { symbols: ["A"] };
  return { scene, probe, timeline: new Timeline(), seed, log: () => undefined } as unknown as Stage;
}

describe("the catalog", () => {
  it("has each drill once, with what is believed and what users may see", () => {
    const names = DRILLS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { hypothesis, about, bound } of DRILLS) {
      expect(hypothesis).not.toBe("");
      expect(about).not.toBe("");
      expect(bound.ms).toBeGreaterThan(0);
    }
  });

  it("is in the README, line by line, and the README has no other", () => {
    const readme = readFileSync(join(PROJECT_ROOT, "chaos", "README.md"), "utf8");
    const [table] = /^\| drill \| hypothesis .*\n(\|.*\n)+/m.exec(readme) ?? [];
    const listed = [...table!.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, name]) => name!);
    expect(new Set(listed)).toEqual(new Set(DRILLS.map(({ name }) => name)));
    expect(listed).toHaveLength(DRILLS.length);
  });

  it("says which there are", () => {
    expect(drillOf("chaos").name).toBe("chaos");
    expect(() => drillOf("none")).toThrow(/UNKNOWN_DRILL.*"none".*kill-leader: SIGKILL/s);
    expect(() => drillOf("kil-leader")).toThrow(
      /"kil-leader"\. Did you mean kill-leader or cut-leader\?/,
    );
  });
});

describe("a fault", () => {
  function faultOf(calls: string[], changes: Partial<Fault<string>> = {}): Fault<string> {
    return {
      aim: async () => "it",
      strike: () => void calls.push("strike"),
      bitten: async () => (calls.push("bitten"), []),
      heal: async () => void calls.push("heal"),
      healed: async () => (calls.push("healed"), { fencedCommits: 2 }),
      name: (target) => target,
      ...changes,
    };
  }

  it("is struck, proved and healed, and clients are asked while it lasts", async () => {
    const calls: string[] = [];
    const stage = stageOf();
    stage.timeline.begin();
    const round = await whileItLasts(faultOf(calls))(stage, 1);
    expect(calls).toEqual(["strike", "bitten", "heal", "healed"]);
    expect(round).toMatchObject({ failures: [], unhealed: [], fencedCommits: 2, staleCommits: 0 });
    expect(round.samples).toEqual({ resume: [7], allResumed: [9] });
    const { events } = stage.timeline;
    const kinds = ["healed", "struck", "resumed", "allResumed", "bitten"];
    expect(events.map(({ kind }) => kind)).toEqual(kinds);
    const [struck, first] = events.slice(1).map(({ atMs }) => atMs);
    expect(first! - struck!).toBeCloseTo(7, 0);
  });

  it("counts from the moment that it gives, where to strike takes some time", async () => {
    const stage = stageOf();
    stage.timeline.begin();
    let begunMs = 0;
    const strike = async () => {
      await new Promise((wake) => setTimeout(wake, 60));
      return (begunMs = performance.now());
    };
    await whileItLasts(faultOf([], { strike }))(stage, 1);
    const struck = stage.timeline.events.find(({ kind }) => kind === "struck")!;
    const struckMs = struck.atMs + stage.timeline.startedAt - performance.timeOrigin;
    expect(struckMs).toBeCloseTo(begunMs, 0);
  });

  it("that did not bite fails its round, and one that is not as it was, too", async () => {
    const fault = faultOf([], {
      bitten: async () => ["toothless"],
      healed: async () => ({
        failures: ["toothless after all"],
        unhealed: ["still broken"],
        samples: { more: [1] },
      }),
    });
    const round = await onceItIsHealed(fault)(stageOf(), 1);
    expect(round.failures).toEqual(["toothless", "toothless after all"]);
    expect(round.unhealed).toEqual(["still broken"]);
    expect(round.samples).toMatchObject({ back: [7], allBack: [9], more: [1] });
  });

  it("is healed whatever happens", async () => {
    const calls: string[] = [];
    const fault = faultOf(calls, { bitten: () => Promise.reject(new Error("oh")) });
    await expect(whileItLasts(fault)(stageOf(), 1)).rejects.toThrow("oh");
    expect(calls).toEqual(["strike", "heal"]);
  });
});

describe("the plan of chaos", () => {
  const draw = { alone: ["a", "b"], nodes: 3 };
  const seeds = fc.integer({ min: 0, max: 2 ** 31 });
  const numbers = fc.integer({ min: 1, max: 999 });

  it("is the same for the same seed, and another for another", () => {
    fc.assert(
      fc.property(seeds, numbers, (seed, number) => {
        expect(drawWave(seed, number, draw)).toEqual(drawWave(seed, number, draw));
      }),
    );
    const planOf = (seed: number) => JSON.stringify(drillOf("chaos").plan!(seed, 20, { nodes: 3 }));
    expect(planOf(1)).toBe(planOf(1));
    expect(planOf(2)).not.toBe(planOf(1));
  });

  it("has each fault strike while the one before lasts, with what may be there at once", () => {
    fc.assert(
      fc.property(seeds, numbers, fc.integer({ min: 2, max: 5 }), (seed, number, nodes) => {
        const wave = drawWave(seed, number, { alone: [], nodes });
        assert("faults" in wave);
        expect(wave.faults.length).toBeGreaterThanOrEqual(2);
        wave.faults.forEach(({ kind, atMs, lastsMs }, at) => {
          const [least, most] = KINDS[kind].lastsMs;
          expect(lastsMs).toBeGreaterThanOrEqual(least);
          expect(lastsMs).toBeLessThanOrEqual(most);
          const before = wave.faults[at - 1];
          if (!before) return expect(atMs).toBe(0);
          expect(atMs).toBeGreaterThanOrEqual(before.atMs);
          expect(atMs).toBeLessThanOrEqual(before.atMs + before.lastsMs);
        });
        const struck = wave.faults.map(({ kind }) => KINDS[kind].strikes);
        expect(struck.filter((what) => what === "node").length).toBeLessThan(nodes);
        const servers = struck.filter((what) => what !== "node");
        expect(new Set(servers).size).toBe(servers.length);
        for (const pair of EXCLUDES) {
          expect(pair.every((kind) => wave.faults.some((each) => each.kind === kind))).toBe(false);
        }
      }),
    );
  });

  it("has every fault, and every drill that strikes alone, sooner or later", () => {
    const kinds = new Set<string>();
    for (let number = 1; number < 300; number++) {
      const wave = drawWave(7, number, draw);
      if ("alone" in wave) kinds.add(wave.alone);
      else for (const { kind } of wave.faults) kinds.add(kind);
    }
    expect([...kinds].sort()).toEqual([...Object.keys(KINDS), "a", "b"].sort());
  });
});

describe("chaos", () => {
  const round: Round = {
    ...NO_FAILURE,
    failures: ["did not bite"],
    unhealed: ["is not back"],
    samples: { resume: [3], allResumed: [5], books: [6] },
    summary: "",
  };
  const alone: Drill = {
    name: "a",
    hypothesis: "",
    about: "",
    bound: { of: "resume", ms: 1 },
    round: async () => round,
  };
  /** The number of the first wave of a kind. */
  const first = (seed: number, wanted: "alone" | "faults", names: string[]) => {
    for (let number = 1; ; number++) {
      const wave = drawWave(seed, number, { alone: names, nodes: 3 });
      const faults = "faults" in wave ? wave.faults : [];
      const isShort = faults.every(({ atMs, lastsMs }) => atMs + lastsMs < 1_500);
      if (wanted in wave && wave.quietMs < 500 && isShort) return number;
    }
  };
  const stage = stageOf(1);
  Object.assign(stage.scene, { exchange: { nodes: [1, 2, 3] } });

  it("says which drill did not bite, and measures what that one does", async () => {
    const chaos = chaosOf([alone], () => assert.fail("no fault is wanted"));
    expect(await chaos.round(stage, first(1, "alone", ["a"]))).toMatchObject({
      failures: ["a: did not bite"],
      unhealed: ["a: is not back"],
    });
    const measured = async (of: string, samples: Round["samples"]) => {
      const drill = { ...alone, bound: { of, ms: 1 }, round: async () => ({ ...round, samples }) };
      const one = chaosOf([drill], () => assert.fail("no fault is wanted"));
      return (await one.round(stage, first(1, "alone", ["a"]))).samples;
    };
    expect(await measured("resume", round.samples)).toEqual({ recovery: [3], allRecovered: [5] });
    const back = { back: [4], allBack: [8], down: [2] };
    expect(await measured("resume", back)).toEqual({
      recovery: [4],
      allRecovered: [8],
      down: [2],
    });
    const throughout = { resume: [1], allResumed: [2], throughout: [2, 7] };
    expect(await measured("throughout", throughout)).toEqual({
      recovery: [2, 7],
      allRecovered: [2, 7],
    });
    expect(await measured("gap", { gap: [9] })).toEqual({ recovery: [9], allRecovered: [9] });
    const longer = { ...alone, bound: { of: "back", ms: 3_000 } };
    const cut = chaosOf([{ ...longer, round: async () => ({ ...round, samples: back }) }], () =>
      assert.fail("no fault is wanted"),
    );
    const { samples } = await cut.round(stage, first(1, "alone", ["a"]));
    expect(samples).toEqual(back);
  });

  it("has faults last at the same time, each proved and healed, and says which was not", async () => {
    const calls: string[] = [];
    let lasting = 0;
    let lastingMost = 0;
    const chaos = chaosOf([], ({ kind }) => ({
      aim: async () => kind,
      strike: () => void (lastingMost = Math.max(lastingMost, ++lasting)),
      bitten: async () => (kind.includes("node") ? [] : ["toothless"]),
      heal: async () => void (lasting -= 1),
      healed: async () => (calls.push(kind), { unhealed: ["wrong"] }),
      name: () => kind,
    }));
    const number = first(1, "faults", []);
    const wave = drawWave(1, number, { alone: [], nodes: 3 });
    assert("faults" in wave);
    stage.timeline.begin();
    const found = await chaos.round(stage, number);
    const { events } = stage.timeline;
    const kinds = wave.faults.map(({ kind }) => kind);
    expect([lasting, lastingMost > 1, calls]).toEqual([0, true, kinds]);
    const toothless = kinds.filter((kind) => !kind.includes("node"));
    expect(found.failures).toEqual(toothless.map((kind) => `${kind}: toothless`));
    expect(found.unhealed).toEqual(kinds.map((kind) => `${kind}: wrong`));
    expect(found.samples).toMatchObject({ recovery: [7], allRecovered: [9] });
    const ofKind = (kind: string) =>
      events.filter((event) => event.kind === kind).map(({ of }) => of);
    for (const kind of ["struck", "healed", "bitten"]) {
      expect(new Set(ofKind(kind))).toEqual(new Set(kinds));
    }
    const unproved = events.filter(({ kind, what }) => kind === "bitten" && what !== "");
    expect(new Set(unproved.map(({ of }) => of))).toEqual(new Set(toothless));
    expect(ofKind("resumed")).toHaveLength(1);
  });
});

describe("an interruption", () => {
  it("ends what still works, and says what it did", async () => {
    const controller = new AbortController();
    const work = unlessInterrupted(controller.signal, new Promise(() => undefined));
    controller.abort("it got SIGINT");
    await expect(work).rejects.toThrow("DRILL_INTERRUPTED: it got SIGINT");
    const late = unlessInterrupted(controller.signal, Promise.reject(new Error("never heard")));
    await expect(late).rejects.toThrow("DRILL_INTERRUPTED");
  });

  it("is not noticed by work that is done", async () => {
    expect(await unlessInterrupted(new AbortController().signal, Promise.resolve(1))).toBe(1);
    expect(await unlessInterrupted(undefined, Promise.resolve(2))).toBe(2);
  });
});

describe("a client's log", () => {
  const event = (sequence: number) =>
    JSON.stringify({ kind: "event", account: 1, sequence, token: 1, content: ["rested", 1] });
  const END = JSON.stringify({ kind: "end" });

  const SUBSCRIBED = JSON.stringify({ kind: "subscribed", account: 1, fromSequence: 4 });

  it("misses what was not told from where it subscribed on, at the beginning and at all", async () => {
    const folder = mkdtempSync(join(tmpdir(), "palisade-logs-"));
    const read = async (...lines: readonly string[]) => {
      writeFileSync(join(folder, "a.jsonl"), `${lines.join("\n")}\n`);
      const { gaps, lastSequences } = await readClientLogs(folder);
      return { gaps, last: lastSequences.get(1) };
    };
    try {
      expect(await read(SUBSCRIBED, event(4), END)).toEqual({ gaps: 0, last: 4 });
      expect(await read(SUBSCRIBED, event(6), END)).toEqual({ gaps: 2, last: 6 });
      expect(await read(SUBSCRIBED, END)).toEqual({ gaps: 0, last: 3 });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  async function lastTold(lines: readonly string[]): Promise<number | undefined> {
    const folder = mkdtempSync(join(tmpdir(), "palisade-logs-"));
    try {
      writeFileSync(join(folder, "a.jsonl"), `${lines.join("\n")}\n`);
      return (await readClientLogs(folder)).lastSequences.get(1);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  it("ends in order with its last line, and not where the client only rested", async () => {
    expect(await lastTold([event(1), END])).toBe(1);
    expect(await lastTold([event(1), END, event(2), END])).toBe(2);
    expect(await lastTold([event(1), END, event(2)])).toBeUndefined();
  });

  const TORN = '{"kind":"eve';
  const UNREADABLE = (line: number, file: string) =>
    `line ${line} of ${file} is no line of a client's log`;

  it.each([
    ["whose last line a kill has cut off", `${event(1)}\n${TORN}`, []],
    ["whose last line is odd and yet has its end", `${event(1)}\n${TORN}\n`, [2]],
    ["with odd lines in its midst", `${TORN}\n${event(1)}\n\n7\n${event(2)}\n${TORN}`, [1, 3, 4]],
  ])(
    "%s is judged by what can be read, and said to be unreadable elsewhere",
    async (_, text, odd) => {
      const folder = mkdtempSync(join(tmpdir(), "palisade-logs-"));
      try {
        writeFileSync(join(folder, "a.jsonl"), text);
        writeFileSync(join(folder, "b.jsonl.gz"), gzipSync(text));
        const { unreadable, examples, events } = await readClientLogs(folder);
        expect(events).toBe(2 * text.split('"event"').slice(1).length);
        expect(unreadable).toBe(2 * odd.length);
        expect(examples).toEqual(
          ["a.jsonl", "b.jsonl"].flatMap((file) => odd.map((line) => UNREADABLE(line, file))),
        );
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );
});
