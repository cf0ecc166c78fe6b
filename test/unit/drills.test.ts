import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readClientLogs } from "../../chaos/checker/client-logs.js";
import { DRILLS, drillOf } from "../../chaos/drills/catalog.js";
import { chaosOf } from "../../chaos/drills/chaos.js";
import { type Drill, NO_FAILURE, type Round, type Stage } from "../../chaos/drills/drill.js";
import { type Fault, onceItIsHealed, whileItLasts } from "../../chaos/drills/fault.js";
import { unlessInterrupted } from "../../chaos/interrupt.js";
import { type Found, report } from "../../chaos/report.js";
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

  it("is in the README, line by line", () => {
    const readme = readFileSync(join(PROJECT_ROOT, "chaos", "README.md"), "utf8");
    const missing = DRILLS.filter(({ name }) => !readme.includes(`| \`${name}\` |`));
    expect(missing.map(({ name }) => name)).toEqual([]);
  });

  it("says which there are", () => {
    expect(drillOf("chaos").name).toBe("chaos");
    expect(() => drillOf("none")).toThrow(/UNKNOWN_DRILL.*"none".*kill-leader: SIGKILL/s);
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
    const kinds = ["bitten", "healed", "struck", "resumed", "allResumed"];
    expect(events.map(({ kind }) => kind)).toEqual(kinds);
    const [struck, first] = events.slice(2).map(({ atMs }) => atMs);
    expect(first! - struck!).toBeCloseTo(7, 0);
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

describe("chaos", () => {
  const round = (name: string): Round => ({
    ...NO_FAILURE,
    failures: ["did not bite"],
    samples: { resume: [name.length] },
    summary: "",
  });
  const drills = ["a", "bb", "ccc"].map(
    (name): Drill => ({
      name,
      hypothesis: "",
      about: "",
      bound: { of: "resume", ms: 1 },
      round: async () => round(name),
    }),
  );

  async function drawn(seed: number): Promise<string[]> {
    const chaos = chaosOf(drills, 0);
    const rounds: Round[] = [];
    for (let number = 1; number <= 20; number++) {
      rounds.push(await chaos.round(stageOf(seed), number));
    }
    return rounds.map(({ summary }) => summary);
  }

  it("draws the same from the same seed, and other things from another", async () => {
    const first = await drawn(1);
    expect(await drawn(1)).toEqual(first);
    expect(await drawn(2)).not.toEqual(first);
    expect(new Set(first)).toEqual(new Set(["a: ", "bb: ", "ccc: "]));
  });

  it("says which drill did not bite, and measures what that one does", async () => {
    const { failures, samples } = await chaosOf(drills.slice(0, 1), 0).round(stageOf(), 1);
    expect(failures).toEqual(["a: did not bite"]);
    expect(samples).toEqual({ recovery: [1] });
  });
});

describe("a report", () => {
  const drill = drillOf("kill-leader");
  const round: Round = { ...NO_FAILURE, samples: { resume: [100] }, summary: "" };
  const checked = { ok: true, lost: 0, duplicated: 0, staleCommits: 0, gaps: 0, contradicted: 0 };
  const found = {
    drill,
    loadBefore: 0,
    ails: [],
    rounds: [round],
    load: { submitted: 5, fills: 4, resolved: 0, unreported: 0 },
    checked: { ...checked, conserved: true, examples: [] },
    audited: { ok: true, conserved: true, journalGaps: 0, snapshotMs: 1, firstViolation: null },
  } as unknown as Found;

  it("is well when all is well", () => {
    expect(report(found)).toMatchObject({
      ok: true,
      bit: true,
      withinBound: true,
      resumeMsP99: 100,
      failures: [],
    });
  });

  it("is beyond the bound and well: a machine may be busy", () => {
    const rounds = [{ ...round, samples: { resume: [100, 700] } }];
    expect(report({ ...found, rounds })).toMatchObject({ ok: true, withinBound: false });
  });

  it("is not well when one round did not bite, or something ails, or something was lost", () => {
    const rounds = [round, { ...round, failures: ["toothless"] }];
    expect(report({ ...found, rounds })).toMatchObject({ ok: false, bit: false, toothless: 1 });
    const wrong = [round, { ...round, unhealed: ["the book is wrong"] }];
    expect(report({ ...found, rounds: wrong })).toMatchObject({
      ok: false,
      bit: true,
      failures: ["the book is wrong"],
    });
    const ails = ["node-1 does not run"];
    expect(report({ ...found, ails })).toMatchObject({
      ok: false,
      withinBound: false,
      failures: ails,
    });
    const lost = { ...found.checked, ok: false, lost: 1, examples: ["order 1"] };
    expect(report({ ...found, checked: lost })).toMatchObject({ ok: false, lost: 1 });
    const stale = [{ ...round, staleCommits: 1 }];
    expect(report({ ...found, rounds: stale })).toMatchObject({ ok: false, staleCommits: 1 });
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
});
