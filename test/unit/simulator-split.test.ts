/** A NATS cluster in two, in the simulator: the node on the smaller side is replaced, and what it led changes its leader once. */
import { expect, it } from "vitest";
import type { PlannedFault } from "../../chaos/simulator/faults/plan.js";
import { run } from "../../chaos/simulator/run.js";

const BEGINS_MS = 1_000;
const LASTS_MS = 4_000;
const REPLACED_MS_MAX = 2_000;
const RAISE = /^ *(-?[\d.]+) raise (node-\d) (\S+) from token \d+ raised/;

interface Raise {
  readonly atMs: number;
  readonly node: string;
  readonly actor: string;
}

function raisesOf(lines: readonly string[]): Raise[] {
  return lines.flatMap((line) => {
    const found = RAISE.exec(line);
    return found ? [{ atMs: Number(found[1]), node: found[2]!, actor: found[3]! }] : [];
  });
}

it.each(["node-1", "node-2", "node-3"])("%s is replaced, once for each actor", async (node) => {
  const fault: PlannedFault = {
    kind: "nats-split",
    atMs: BEGINS_MS,
    forMs: LASTS_MS,
    node,
    other: node,
    gateway: "gateway-1",
    server: "nats",
    actor: "market.ALFA",
    size: 0.5,
  };
  const plan = { seed: 1, commands: 400, faultsMs: 6_000, faults: [fault] };
  const { violation, bitten, lines } = await run(plan, { withText: true });
  expect([violation, bitten]).toEqual([null, ["nats-split"]]);
  const raises = raisesOf(lines!);
  const before = raises.filter(({ atMs }) => atMs < BEGINS_MS);
  const during = raises.filter(({ atMs }) => atMs >= BEGINS_MS && atMs < BEGINS_MS + LASTS_MS);
  const led = before.filter((each) => each.node === node).map(({ actor }) => actor);
  expect(led.length).toBeGreaterThan(0);
  expect(during.map(({ actor }) => actor).toSorted()).toEqual(led.toSorted());
  for (const raise of during) {
    expect(raise.node).not.toBe(node);
    expect(raise.atMs - BEGINS_MS).toBeLessThan(REPLACED_MS_MAX);
  }
});
