/** A node that has to claim more than it may at once, and what it says of itself to the others. */
import { expect, it } from "vitest";
import { over } from "../../chaos/over.js";
import { loggerOf } from "../../chaos/simulator/cluster/logger.js";
import { makeServers, portsOf, type Servers } from "../../chaos/simulator/cluster/ports.js";
import { World } from "../../chaos/simulator/world/world.js";
import { CommitTurns } from "../../services/host/commit-turns.js";
import { Directory } from "../../services/host/directory.js";
import type { HostObserver } from "../../services/host/observer.js";
import { parseNodeInfo } from "../../services/node/info.js";
import { RAISES_IN_VAIN_MAX } from "../../services/host/limits.js";
import { CLAIMS_AT_ONCE_MAX, JOIN_GRACE_MS, MOVE_AFTER_MS } from "../../services/node/limits.js";
import { Node } from "../../services/node/node.js";
import type { Log } from "../../services/ports/log.js";
import { inTime, pass } from "../helpers/simulated.js";

const SECOND_MS = 1_000;
const nothing = () => undefined;

/** A node alone with so many ledger shards; shard n has had so much to do as `activity` says. */
async function alone(shards: number, activity: (shard: number) => number, weight?: number) {
  const world = new World(1);
  return started(world, "node-1", makeServers(world, shards), { activity, weight });
}

interface Ways {
  readonly activity?: (shard: number) => number;
  readonly weight?: number | undefined;
  /** In place of how it reads the log. */
  readonly log?: Partial<Log>;
}

async function started(world: World, name: string, servers: Servers, ways: Ways) {
  const { activity = () => 0, weight, log = {} } = ways;
  const process = world.start(name);
  const own = portsOf(process, servers);
  const ports = { ...own, log: over<Log>(own.log, log) };
  const { clock, incarnation } = process;
  const logger = loggerOf(process);
  const claimed: string[] = [];
  const rising = new Set<string>();
  let mostRising = 0;
  const became: HostObserver["became"] = (actor, state) => {
    if (state === "claiming") claimed.push(actor);
    if (state === "claiming" || state === "recovering") rising.add(actor);
    else rising.delete(actor);
    mostRising = Math.max(mostRising, rising.size);
  };
  const heard = { committed: nothing, took: nothing, anchored: nothing, refused: nothing };
  const observer = { ...heard, became } as unknown as HostObserver;
  const { bus, store } = ports;
  const directory = over(new Directory({ bus, store, clock, logger, observer }), { activity });
  const turns = new CommitTurns(clock, store);
  const self = { node: name, incarnation, exchange: "test" };
  const deps = { ...self, clock, logger, observer, directory, turns };
  const node = new Node({ ...ports, ...deps }, weight === undefined ? {} : { weight });
  await inTime(world, () => node.start());
  return { world, node, leases: ports.leases, claimed, mostRising: () => mostRising };
}

it("claims the busiest first, so many at once and no more, and all of them in the end", async () => {
  const shards = 3 * CLAIMS_AT_ONCE_MAX;
  // The busiest are neither the first nor the last.
  const activity = (shard: number) => (shard * 5) % (shards + 1);
  const { world, node, claimed, mostRising } = await alone(shards, activity);
  await pass(world, JOIN_GRACE_MS + SECOND_MS);
  expect(mostRising()).toBe(CLAIMS_AT_ONCE_MAX);
  const busiest = Array.from({ length: shards }, (_, at) => at + 1).toSorted(
    (a, b) => activity(b) - activity(a),
  );
  const names = busiest.map((shard) => `ledger.${shard}`);
  expect(claimed.slice(0, CLAIMS_AT_ONCE_MAX)).toEqual(names.slice(0, CLAIMS_AT_ONCE_MAX));
  expect(claimed).toEqual(names);
  expect(Object.keys(node.leading())).toHaveLength(shards);
});

it("tells the others how much it takes", async () => {
  const { leases } = await alone(1, () => 0, 3);
  expect(parseNodeInfo(leases.nodes().get("node-1")!).weight).toBe(3);
});

it("leaves to another node what it cannot lead, however well its ways to the servers are", async () => {
  const world = new World(1);
  const servers = makeServers(world, 1);
  let tries = 0;
  const consume = () => {
    tries += 1;
    return Promise.reject(new Error("no consumer could be made here"));
  };
  const ill = await started(world, "node-2", servers, { log: { consume } });
  await pass(world, JOIN_GRACE_MS + 4 * SECOND_MS);
  // It does not give up while it is alone.
  const before = tries;
  expect(before).toBeGreaterThan(RAISES_IN_VAIN_MAX);
  await pass(world, 10 * SECOND_MS);
  expect(tries).toBeGreaterThan(before);
  const well = await started(world, "node-1", servers, {});
  await pass(world, MOVE_AFTER_MS);
  // The ill one is its first choice, and tries again ever more rarely.
  let looks = 0;
  for (let second = 0; second < 300; second++) {
    await pass(world, SECOND_MS);
    if (well.node.leading()["ledger.1"]) looks += 1;
  }
  expect(looks).toBeGreaterThan(290);
  expect(["idle", "fenced"]).toContain(ill.node.states()["ledger.1"]);
});
