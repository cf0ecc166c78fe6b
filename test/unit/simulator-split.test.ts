/** A NATS cluster in two, in the simulator: the node on the side that has no streams is replaced, and what it led changes its leader once. */
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

const NODES = ["node-1", "node-2", "node-3"];
/** Of which the fault makes who else is apart: nobody, another node, an inbox. */
const SIZES = {
  alone: 0.505,
  "with another node": 0.205,
  "with an inbox": 0.501,
  "with the old leader of all streams": 0.575,
};
const CASES = NODES.flatMap((node) =>
  Object.keys(SIZES).map((what) => [node, what as keyof typeof SIZES] as const),
);

it.each(CASES)(
  "%s is replaced, once for each actor, or nobody where that may be wrong: apart %s",
  async (node, what) => {
    const other = NODES[(NODES.indexOf(node) + 1) % NODES.length]!;
    const apart = what === "with another node" ? [node, other] : [node];
    const fault: PlannedFault = {
      kind: "nats-split",
      atMs: BEGINS_MS,
      forMs: LASTS_MS,
      node,
      other,
      gateway: "gateway-1",
      server: "nats",
      actor: "market.ALFA",
      size: SIZES[what],
    };
    const plan = { seed: 1, commands: 400, faultsMs: 6_000, faults: [fault] };
    const { violation, bitten, lines } = await run(plan, { withText: true });
    expect([violation, bitten]).toEqual([null, ["nats-split"]]);
    const raises = raisesOf(lines!);
    const before = raises.filter(({ atMs }) => atMs < BEGINS_MS);
    const during = raises.filter(({ atMs }) => atMs >= BEGINS_MS && atMs < BEGINS_MS + LASTS_MS);
    // Of one against two it might be the one that has an old leader's answers: nobody moves for as long as that may be.
    const isSure = apart.length === 1 && what !== "with the old leader of all streams";
    const led = before
      .filter((each) => isSure && apart.includes(each.node))
      .map(({ actor }) => actor);
    expect(led.length > 0).toBe(isSure);
    expect(during.map(({ actor }) => actor).toSorted()).toEqual(led.toSorted());
    for (const raise of during) {
      expect(apart).not.toContain(raise.node);
      expect(raise.atMs - BEGINS_MS).toBeLessThan(REPLACED_MS_MAX);
    }
  },
);
