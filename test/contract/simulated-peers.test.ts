/** The simulator's peers are held to the contract of the real ones. */
import { SimPeers } from "../../chaos/simulator/adapters/sim-peers.js";
import { LiveScheduler } from "../../chaos/simulator/world/live-scheduler.js";
import type { SimProcess } from "../../chaos/simulator/world/process.js";
import { World } from "../../chaos/simulator/world/world.js";
import type { PeersBench } from "./peers-bench.js";
import { describePeers } from "./peers-contract.js";

let seeds = 0;

async function openBench(): Promise<PeersBench> {
  seeds += 1;
  const scheduler = new LiveScheduler();
  const world = new World(seeds, { scheduler });
  const processes: SimProcess[] = [];
  /** Every way between a process and all others. */
  const ways = (name: string, change: (one: string, other: string) => void) => {
    for (const other of processes) if (other.name !== name) change(name, other.name);
  };
  return {
    open: async () => {
      const process = world.start(`process-${processes.length + 1}`);
      processes.push(process);
      return { peers: new SimPeers(process), end: async () => process.crash() };
    },
    wire: async (address) => {
      const [name] = address.split(":") as [string];
      return {
        address,
        freeze: () => ways(name, (one, other) => world.network.cutBothWays(one, other, "held")),
        thaw: () => ways(name, (one, other) => world.network.healBothWays(one, other)),
        cut: () => {
          const { connections } = world.listeners.get(address)!;
          for (const connection of connections) connection.close();
          connections.clear();
        },
      };
    },
    close: async () => scheduler.stop(),
  };
}

describePeers("the simulator's network", openBench);
