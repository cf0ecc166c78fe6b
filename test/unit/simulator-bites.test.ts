import { expect, it } from "vitest";
import type { FaultKind } from "../../chaos/simulator/faults/kinds.js";
import type { Plan, PlannedFault } from "../../chaos/simulator/faults/plan.js";
import { run } from "../../chaos/simulator/run.js";

const FAULT: PlannedFault = {
  kind: "cordon",
  atMs: 1_000,
  forMs: 3_000,
  node: "node-1",
  other: "node-2",
  gateway: "gateway-1",
  server: "nats",
  actor: "market.ALFA",
  size: 0.9,
};

/** Which kinds bite in a short run with these faults alone. */
async function bites(...faults: Partial<PlannedFault>[]): Promise<readonly FaultKind[]> {
  const planned = faults.map((fault) => ({ ...FAULT, ...fault }));
  const plan: Plan = { seed: 1, commands: 400, faultsMs: 6_000, faults: planned };
  const { violation, bitten } = await run(plan);
  expect(violation).toBeNull();
  return bitten;
}

it("an actor without a standby bites when it has batches meanwhile, and not later", async () => {
  expect(await bites({ kind: "no-standby" })).toEqual(["no-standby"]);
  expect(await bites({ kind: "no-standby", forMs: 0 })).toEqual([]);
});

it("Postgres's clock bites when it has stamped something meanwhile", async () => {
  expect(await bites({ kind: "postgres-clock" })).toEqual(["postgres-clock"]);
  expect(await bites({ kind: "postgres-clock", size: 0.5 })).toEqual([]);
  expect(await bites({ kind: "postgres-clock", forMs: 0 })).toEqual([]);
});

it("a cordon bites when others take what the node would have had, and not when there is nothing to be had", async () => {
  expect(await bites({})).toEqual([]);
  const crash = { kind: "crash-node", atMs: 1_500, forMs: 4_000, node: "node-2" } as const;
  const bitten = [
    await bites({ node: "node-1" }, crash),
    await bites({ node: "node-3" }, crash),
  ].flat();
  expect(bitten.filter((kind) => kind === "crash-node")).toHaveLength(2);
  expect(bitten).toContain("cordon");
});

it("another weight bites when actors have gone by it, and not before", async () => {
  for (const size of [0.1, 0.9]) {
    const heavyOrLight = { kind: "reweigh", size } as const;
    expect(await bites({ ...heavyOrLight, node: "node-2", forMs: 9_000 })).toEqual(["reweigh"]);
    expect(await bites({ ...heavyOrLight, node: "node-2", forMs: 100 })).toEqual([]);
  }
});
