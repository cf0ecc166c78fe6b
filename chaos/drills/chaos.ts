/** Waves of faults that overlap, and other drills between them, at an exchange that has all that behind it. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Draw, drawWave, KINDS, type PlannedFault } from "./chaos-plan.js";
import type { Bound, Drill, Round, Stage } from "./drill.js";
import { afterwards, type Fault, type Proof, proofOf, tellResumed, withHealing } from "./fault.js";

/** Makes the fault of one place in a wave; `struck` holds the nodes that others of the wave have struck. */
export type MakeFault = (planned: PlannedFault, struck: Set<string>) => Fault<unknown>;

/** What a leader's users are to see at most, whatever becomes of it, and what is to be seen of it when all has ended at once. */
const BOUND: Bound = { of: "recovery", ms: 2_000, also: { of: "back", ms: 3_000 } };

/** `alone`: the drills that strike with nothing beside them. */
export function chaosOf(alone: readonly Drill[], makeFault: MakeFault): Drill {
  const drawOf = ({ nodes }: { readonly nodes: number }): Draw => ({
    alone: alone.map(({ name }) => name),
    nodes,
  });
  return {
    name: "chaos",
    hypothesis: "whatever comes after whatever, and while it lasts, nothing is lost",
    about: `waves of faults that overlap, as a seed draws them (${Object.keys(KINDS).join(", ")}), and other drills between`,
    bound: BOUND,
    surroundings: { wired: true },
    rounds: 4,
    plan: (seed, rounds, surroundings) =>
      Array.from({ length: rounds }, (_, at) => drawWave(seed, at + 1, drawOf(surroundings))),
    async round(stage, number) {
      const nodes = stage.scene.exchange.nodes.length;
      const wave = drawWave(stage.seed, number, drawOf({ nodes }));
      await sleep(wave.quietMs);
      if ("faults" in wave) return strikeTogether(stage, wave.faults, makeFault);
      const drill = alone.find(({ name }) => name === wave.alone)!;
      return named(drill, await drill.round(stage, wave.round));
    },
  };
}

/** What all users waited for, beside what the first of them did. */
const OF_ALL: Readonly<Record<string, string>> = { resume: "allResumed", back: "allBack" };

/**
 * Its measure is what it is bound by; what only stood still for a moment has its users back once it is healed. Where its measure is
 * not the first user's alone, it is that of all. What may take longer than a wave is bound as it is alone.
 */
function named(drill: Drill, round: Round): Round {
  const { samples } = round;
  const of = drill.bound.of in samples ? drill.bound.of : "back";
  const { [of]: recovery = [], [OF_ALL[of] ?? of]: allRecovered = recovery, down } = samples;
  const isLonger = drill.bound.ms > BOUND.ms;
  const measured: Round["samples"] = isLonger
    ? { back: recovery, allBack: allRecovered }
    : { recovery, allRecovered };
  return {
    ...round,
    failures: round.failures.map((failure) => `${drill.name}: ${failure}`),
    unhealed: round.unhealed.map((wrong) => `${drill.name}: ${wrong}`),
    samples: { ...measured, ...(down && { down }) },
    summary: `${drill.name}: ${round.summary}`,
  };
}

/** Each fault strikes and is healed at its own time, with its own proof; then clients trade, and all is looked after. */
async function strikeTogether(
  stage: Stage,
  planned: readonly PlannedFault[],
  makeFault: MakeFault,
): Promise<Round> {
  const aimed = await aimedAt(stage, planned, makeFault);
  const startedMs = performance.now();
  const endings = await Promise.allSettled(
    aimed.map((each) => strikeInTime(stage, each, startedMs)),
  );
  const healedAtMs = performance.now();
  const proofs = endings.map((ending) => {
    if (ending.status === "rejected") throw ending.reason;
    return ending.value;
  });
  const resumed = await stage.probe.untilResumed(stage.scene.symbols, healedAtMs);
  tellResumed(stage, healedAtMs, resumed);
  const failures: string[] = [];
  const unhealed: string[] = [];
  for (const [at, { of, fault, target }] of aimed.entries()) {
    const after = await afterwards(fault, target, stage, proofs[at]!, of);
    failures.push(...after.failures.map((failure) => `${of}: ${failure}`));
    unhealed.push(...after.unhealed.map((wrong) => `${of}: ${wrong}`));
  }
  const names = aimed.map(
    ({ of, fault, target, plan: { atMs, lastsMs } }) =>
      `${of} (${fault.name(target)}) at ${atMs} ms for ${lastsMs} ms`,
  );
  const { firstMs, allMs } = resumed;
  return {
    staleCommits: 0,
    fencedCommits: 0,
    failures,
    unhealed,
    samples: { recovery: [firstMs], allRecovered: [allMs], down: [healedAtMs - startedMs] },
    summary:
      `together: ${names.join("; ")}; after ${Math.round(healedAtMs - startedMs)} ms all was healed, ` +
      `then the first fill after ${Math.round(firstMs)} ms, all after ${Math.round(allMs)} ms`,
  };
}

/** `of`: its kind, with a number where there is another one of that kind before it. */
interface Aimed {
  readonly of: string;
  readonly plan: PlannedFault;
  readonly fault: Fault<unknown>;
  readonly target: unknown;
}

async function aimedAt(
  stage: Stage,
  planned: readonly PlannedFault[],
  makeFault: MakeFault,
): Promise<Aimed[]> {
  const struck = new Set<string>();
  const aimed: Aimed[] = [];
  for (const plan of planned) {
    const fault = makeFault(plan, struck);
    const before = aimed.filter((each) => each.plan.kind === plan.kind).length;
    const of = before === 0 ? plan.kind : `${plan.kind} ${before + 1}`;
    aimed.push({ of, plan, fault, target: await fault.aim(stage, plan.way) });
  }
  return aimed;
}

async function strikeInTime(
  stage: Stage,
  { of, plan, fault, target }: Aimed,
  startedMs: number,
): Promise<Proof> {
  await sleep(startedMs + plan.atMs - performance.now());
  const strike = async () => {
    const struckAtMs = (await fault.strike(target, stage)) ?? performance.now();
    stage.timeline.add("struck", fault.name(target), struckAtMs, of);
    await sleep(plan.lastsMs);
    return proofOf(fault, target, stage);
  };
  return withHealing(fault, target, stage, strike, of);
}
