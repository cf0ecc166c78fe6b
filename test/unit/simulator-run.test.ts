import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { drawPlan } from "../../chaos/simulator/faults/plan.js";
import { KINDS } from "../../chaos/simulator/faults/kinds.js";
import { parsePlan } from "../../chaos/simulator/faults/plan-file.js";
import { MUTATION_NAMES, type MutationName } from "../../chaos/simulator/mutations/names.js";
import { run } from "../../chaos/simulator/run.js";
import { shrink, tryPlan, trySeed } from "../../chaos/simulator/seeds.js";

const PLANS = join(import.meta.dirname, "..", "simulated");
/** Of each missing safety the checks know within so many seeds: of the fence, the rarest, by 34 of the first 120. */
const SEEDS_TO_NOTICE_MAX = 10;

async function firstToNotice(without: MutationName): Promise<number | undefined> {
  for (let seed = 1; seed <= SEEDS_TO_NOTICE_MAX; seed++) {
    const { violation } = await trySeed(seed, { without, isOnce: true });
    if (violation) return seed;
  }
  return undefined;
}

/** The first seed's plan in whose midst a missing safety shows, where nothing of what comes later is there from the boot on; and what is seen. */
async function firstViolation(without: MutationName) {
  for (let seed = 1; ; seed++) {
    const plan = drawPlan(seed);
    const { violation } = await run(plan, { without });
    const later = plan.faults.filter(({ atMs }) => atMs > (violation?.atMs ?? Infinity));
    const isAlone = later.every(({ kind }) => !("prepare" in KINDS[kind]));
    if (violation && later.length > 0 && isAlone) return { plan, violation };
    expect(seed).toBeLessThan(2 * SEEDS_TO_NOTICE_MAX);
  }
}

/** All seeds, on a machine that does much else. */
const MUTATION_TIMEOUT_MS = 300_000;

describe("the simulator", () => {
  it("trades without faults, comes to rest, and breaks no rule", async () => {
    const { violation, commands, healedMs } = await run({ ...drawPlan(1), faults: [] });
    expect(violation).toBeNull();
    expect(commands).toBeGreaterThanOrEqual(1_000);
    expect(healedMs).toBeLessThan(5_000);
  });

  it("does the same again for the same seed, and something else for another", async () => {
    const [one, again, other] = [
      await run(drawPlan(1)),
      await run(drawPlan(1)),
      await run(drawPlan(2)),
    ];
    expect(again).toEqual(one);
    expect(other.hash).not.toBe(one.hash);
  });

  it.each(MUTATION_NAMES)(
    `notices within ${SEEDS_TO_NOTICE_MAX} seeds that %s is missing`,
    async (without) => {
      expect(await firstToNotice(without)).toBeDefined();
    },
    MUTATION_TIMEOUT_MS,
  );

  it("tells a violation and its log by the time of the plan's faults", async () => {
    // Without a fence a deposed leader commits while faults come and go.
    const { plan, violation } = await firstViolation("fence");
    const { lines, endedMs, simulatedMs } = await run(plan, { without: "fence", withText: true });
    const [fault] = plan.faults;
    const begun = lines!.find((line) => line.includes(`FAULT ${JSON.stringify(fault)}`))!;
    expect(Number.parseFloat(begun)).toBe(fault!.atMs);
    expect(Number.parseFloat(lines![0]!)).toBeLessThan(0);
    expect(Number.parseFloat(lines!.at(-1)!)).toBeCloseTo(violation.atMs, 3);
    expect(endedMs).toBeLessThan(simulatedMs);
    // Whoever struck had begun: without what began later it breaks just the same.
    const faults = plan.faults.filter(({ atMs }) => atMs <= violation.atMs);
    expect(faults.length).toBeLessThan(plan.faults.length);
    const again = await run({ ...plan, faults }, { without: "fence" });
    expect(again.violation).toEqual(violation);
  });

  it("leaves out of a failed plan what is not needed", async () => {
    const without = "outbox";
    const plan = drawPlan(1);
    const { violation } = await run(plan, { without });
    const small = await shrink(plan, violation!, { without });
    expect(small.plan.faults).toEqual([]);
    expect(small.plan.commands).toBeLessThan(plan.commands);
    expect(small.violation.rule).toBe(violation!.rule);
    expect((await run(small.plan, { without })).violation).toEqual(small.violation);
  });

  it("leaves nothing in it that could be left out by itself", async () => {
    const without = "fence";
    const plan = drawPlan(3);
    const { violation } = await run(plan, { without });
    const small = await shrink(plan, violation!, { without });
    const { faults } = small.plan;
    expect(faults.length).toBeGreaterThan(0);
    for (const left of faults) {
      const others = faults.filter((fault) => fault !== left);
      const again = await run({ ...small.plan, faults: others }, { without });
      expect(again.violation?.rule).not.toBe(violation!.rule);
    }
  });
});

describe("a plan that has failed once", () => {
  const files = readdirSync(PLANS).filter((name) => name.endsWith(".json"));
  it.each(files)("%s passes", async (name) => {
    const { plan } = parsePlan(readFileSync(join(PLANS, name), "utf8"), name);
    expect((await tryPlan(plan)).violation).toBeNull();
  });
});
