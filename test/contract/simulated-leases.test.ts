/** Leases on the simulator's etcd are held to the contract of the real one. */
import { leasesOf } from "../../chaos/simulator/adapters/leases.js";
import { SimEtcd } from "../../chaos/simulator/servers/etcd.js";
import { LiveScheduler } from "../../chaos/simulator/world/live-scheduler.js";
import { World } from "../../chaos/simulator/world/world.js";
import { leadershipOf } from "../../services/adapters/etcd/lease-view.js";
import type { LeasesBench, LossyLeasesBench } from "./leases-bench.js";
import { describeLeases } from "./leases-contract.js";
import { describeLostLeases } from "./leases-losses-contract.js";

const TTL_SECONDS = 1;
let seeds = 0;

async function openBench(): Promise<LeasesBench & LossyLeasesBench> {
  seeds += 1;
  const scheduler = new LiveScheduler();
  const world = new World(seeds, { scheduler });
  const etcd = new SimEtcd(world);
  let opened = 0;
  const closers: (() => Promise<void>)[] = [];
  const under = (kind: string) =>
    etcd.all("").flatMap(({ key, value }) => {
      const name = key.split(`/${kind}/`)[1];
      return name === undefined ? [] : [[name, value] as const];
    });
  return {
    async open() {
      opened += 1;
      const process = world.start(`process-${opened}`);
      const leases = leasesOf(process, etcd, TTL_SECONDS);
      closers.push(() => leases.close());
      return {
        leases,
        cutOff: () => world.network.cutBothWays(process.name, etcd.name, "lost"),
        reconnect: () => world.network.healBothWays(process.name, etcd.name),
      };
    },
    async kept() {
      const leaders = under("leaders").map(([name, value]) => [
        name,
        leadershipOf(name, { value, revision: 0 }).node,
      ]);
      return {
        nodes: under("nodes").map(([name]) => name),
        leaders: Object.fromEntries(leaders) as Record<string, string>,
      };
    },
    forgetLeases: async () => etcd.forgetLeases(),
    stopServer: async () => etcd.stop(),
    startServer: async () => etcd.start(),
    wipe: async () => etcd.wipe(),
    async remember() {
      const snapshot = etcd.snapshot();
      return async () => etcd.restore(snapshot);
    },
    async close() {
      for (const close of closers) await close();
      scheduler.stop();
    },
  };
}

describeLeases("the simulator's etcd", openBench);
describeLostLeases("the simulator's etcd", openBench);
