/** What plans of their own show: an upgrade in peace, and clocks, etcd and the log that all lie at once. */
import { expect, it } from "vitest";
import type { FaultKind } from "../../chaos/simulator/faults/kinds.js";
import { drawPlan, type PlannedFault } from "../../chaos/simulator/faults/plan.js";
import { run } from "../../chaos/simulator/run.js";

/** A run on a machine that does much else. */
const RUN_TIMEOUT_MS = 300_000;
const WHERE = {
  node: "node-1",
  other: "node-2",
  gateway: "gateway-1",
  server: "nats",
  actor: "market.ALFA",
  size: 0.7,
};

function fault(
  kind: FaultKind,
  atMs: number,
  forMs: number,
  more: Partial<PlannedFault> = {},
): PlannedFault {
  return { ...WHERE, kind, atMs, forMs, ...more };
}

it(
  "nodes of two versions trade beside each other, and who can read a market ends up leading it",
  async () => {
    // Two are upgraded and lead what they have written; they die, and the third, which cannot read it, is alone for a while.
    const faults = [
      fault("rolling-upgrade", 3_000, 18_000),
      fault("crash-node", 14_500, 1_500),
      fault("crash-node", 14_500, 1_500, { node: "node-2" }),
    ];
    const { violation, bitten, lines } = await run({ ...drawPlan(1), faults }, { withText: true });
    expect(violation).toBeNull();
    expect(new Set(bitten)).toEqual(new Set(["rolling-upgrade", "crash-node"]));
    const at = (...words: readonly string[]) =>
      lines!.findIndex((line) => words.every((word) => line.includes(word)));
    const cannotRead = "MalformedError: market state version 2";
    const thirdEnds = at("crashed node-3 life 1");
    // Standbys of either version, for leaders of the other.
    expect(at("node-1#2: ", "the state is not the leader's")).toBeGreaterThan(0);
    expect(at("node-3#1: the standby begins anew", cannotRead)).toBeGreaterThan(0);
    for (const symbol of ["ALFA", "BRAVO%2EX", "CHARLIE", "DELTA"]) {
      const name = `"actor":"market.${symbol}"`;
      const stopped = at("node-3#1: host", name, '"to":"stopped"', cannotRead);
      const led = lines!.findIndex(
        (line, number) =>
          number > stopped &&
          [": host", name, '"to":"leading"'].every((word) => line.includes(word)) &&
          !line.includes("node-3#"),
      );
      expect(stopped).toBeGreaterThan(0);
      expect(led).toBeGreaterThan(stopped);
      expect(led).toBeLessThan(thirdEnds);
    }
  },
  RUN_TIMEOUT_MS,
);

it(
  "no rule rests on clocks, etcd or the log, though all of them lie at once",
  async () => {
    const faults = [
      fault("clock-drift", 1_000, 9_000),
      fault("clock-drift", 1_000, 9_000, { node: "node-2", size: 0.1 }),
      fault("postgres-clock", 2_000, 6_000),
      fault("nats-rolled-back", 2_500, 3_000),
      fault("false-announcements", 3_000, 3_000),
      fault("clock-jump", 4_000, 100),
      fault("clock-jump", 4_500, 100, { node: "node-3" }),
      fault("etcd-restored", 5_500, 3_000),
      fault("etcd-leases-forgotten", 6_000, 100),
      fault("nats-wiped", 6_100, 500),
      fault("nats-lost-tail", 7_500, 300),
      fault("etcd-wiped", 9_000, 100),
    ];
    const { violation, bitten } = await run({ ...drawPlan(1), faults });
    expect(violation).toBeNull();
    expect(new Set(bitten)).toEqual(new Set(faults.map(({ kind }) => kind)));
  },
  RUN_TIMEOUT_MS,
);
