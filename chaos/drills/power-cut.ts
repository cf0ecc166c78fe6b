/** Everything ends at once, all processes and all servers, and is started again. */
import { settledLeaders } from "../stage/victims.js";
import type { ServerHandle } from "../../services/servers/child-server.js";
import type { ExchangeProcess } from "../../services/supervisor/child.js";
import type { Drill } from "./drill.js";
import { onceItIsHealed } from "./fault.js";

interface All {
  readonly servers: readonly ServerHandle[];
  readonly processes: readonly ExchangeProcess[];
  readonly pids: ReadonlySet<number>;
}

const pidsOf = ({ servers, processes }: Pick<All, "servers" | "processes">): number[] =>
  [...servers, ...processes].map(({ pid }) => pid);

export const POWER_CUT: Drill = {
  name: "power-cut",
  hypothesis: "everything that was accepted is there when the power comes back",
  about:
    "SIGKILL to all nodes, the gateway, the feed, NATS, etcd and Postgres at once; then all are started again",
  // From when all say that they are ready: nodes that wait for others of their kind claim after a second.
  bound: { of: "back", ms: 3_000 },
  round: onceItIsHealed<All>({
    async aim({ scene }) {
      const { exchange } = scene;
      await settledLeaders(exchange);
      const { nats, etcd, postgres } = exchange.servers;
      const servers = [postgres, nats, etcd];
      const processes = [...exchange.processes.values()];
      return { servers, processes, pids: new Set(pidsOf({ servers, processes })) };
    },
    async strike({ servers, processes }) {
      for (const process of processes) process.kill("SIGKILL");
      await Promise.all(servers.map((server) => server.kill()));
    },
    async bitten({ processes }) {
      const ends = await Promise.all(processes.map((process) => process.exited));
      const others = processes.filter((_, at) => ends[at]!.signal !== "SIGKILL");
      return others.map(({ name }) => `${name} did not die of SIGKILL`);
    },
    async heal({ servers, processes }) {
      await Promise.all(servers.map((server) => server.restart()));
      await Promise.all(processes.map((process) => process.restart()));
    },
    async healed(all) {
      const same = pidsOf(all).filter((pid) => all.pids.has(pid));
      return { unhealed: same.map((pid) => `process ${pid} has lived through it`) };
    },
    name: ({ pids }) => `${pids.size} processes were killed at once`,
  }),
};
