import { expect, it } from "vitest";
import { liveDrillOf } from "../../chaos/against/drills/catalog.js";
import { planWithin, type Stage, type Struck } from "../../chaos/against/drills/drill.js";
import { radiusOf } from "../../chaos/against/radius.js";
import type { ClusterState } from "../../services/cli/cluster.js";
import { clusterState } from "../helpers/cluster-state.js";

/** What node-2 leads, what node-1 leads, and what node-1 leads and is wished to node-2. */
const [OWN, OTHERS, WISHED] = ["market.AAPL", "market.2330%2ETW", "ledger.1"];

const LEADERS = { [WISHED]: "node-1", [OTHERS]: "node-1", [OWN]: "node-2" };

function clusterOf(isCordoned: boolean): ClusterState {
  const changes = { "node-2": { isCordoned } };
  return clusterState(LEADERS, ["node-1", "node-2"], changes, [[WISHED, "node-2"]]);
}

/** `said`: what node-2 says that it stands by for, before it is cordoned and each time that it is asked after that. */
function strike(...said: readonly (readonly string[] | null)[]): Promise<Struck> {
  const left = [...said];
  const now = clusterOf(true);
  const operator = {
    cordon: async () => undefined,
    look: async () => now,
    standbysOf: async () => left.shift()!,
    isSo: async (_: number, accepts: (state: ClusterState) => Promise<boolean>) => {
      while (left.length > 0) if (await accepts(now)) return true;
      return false;
    },
  };
  const state = clusterOf(false);
  const radius = radiusOf(state, { symbols: ["AAPL"], nodes: ["node-2"] });
  const plan = planWithin(liveDrillOf("cordon"), { state, radius, shard: "ledger.1" }, 1);
  return plan.strike({ operator, pause: async () => undefined } as unknown as Stage);
}

const BOTH = [OTHERS, WISHED];

it("a cordoned node stands by for nothing more but what is wished to it, or has not heeded it", async () => {
  const heeded = await strike(BOTH, BOTH, [WISHED]);
  expect(heeded.failures).toEqual([]);
  expect(heeded.summary).toContain("of what others lead it stood by for 1 before, for 0 then");
  expect((await strike(BOTH, BOTH, BOTH)).failures).toEqual([
    "node-2 still stands by for market.2330.TW, though it is cordoned",
  ]);
});

it("says where it could not be seen that a node heeds it", async () => {
  const nothing = await strike([], []);
  const unasked = await strike(null);
  expect([...nothing.failures, ...unasked.failures]).toEqual([]);
  expect(nothing.summary).toContain("that it heeds this was not to be seen");
  expect(unasked.summary).toContain("could not be asked from here");
});
