/** Not one byte is left on the disk of all servers and logs; then there is room again. */
import type { ServerHandle } from "../../../services/servers/child-server.js";
import { isAlive } from "../../../services/servers/process-identity.js";
import { natsAnswers } from "../../../services/servers/nats.js";
import { settledLeaders } from "../../stage/victims.js";
import type { Drill } from "../drill.js";
import { onceItIsHealed } from "../fault.js";

const FULL_MS = 4_000;
/** Less than a page of a table. */
const FREE_BYTES_MAX = 8_192;

interface Servers {
  readonly servers: readonly ServerHandle[];
  /** Those that ended by it. */
  ended: readonly string[];
}

export const DISK_FULL: Drill = {
  name: "disk-full",
  hypothesis: "what cannot be kept is not accepted, and all goes on when there is room again",
  about:
    `the disk of Postgres, NATS, etcd and all logs filled to its last byte for ${FULL_MS / 1_000} s; then room ` +
    "is made, and what has ended or switched itself off is started again",
  bound: { of: "back", ms: 5_000 },
  surroundings: { smallDisk: true },
  spoils: true,
  round: onceItIsHealed<Servers>({
    lastsMs: FULL_MS,
    async aim({ scene }) {
      await settledLeaders(scene.exchange);
      const { postgres, nats, etcd } = scene.exchange.servers;
      return { servers: [postgres, nats, etcd], ended: [] };
    },
    strike: (_, { scene }) => scene.ground.get("disk").fill(),
    bitten: async (_, { scene }) => {
      // What had been set aside is used up meanwhile, and somebody may have given something back.
      const { freeBytes } = scene.ground.get("disk");
      return freeBytes < FREE_BYTES_MAX ? [] : [`${freeBytes} bytes are free on the disk`];
    },
    async heal(target, { scene }) {
      const { exchange, ground } = scene;
      ground.get("disk").makeRoom();
      const states = await Promise.all(target.servers.map(works));
      const dead = target.servers.filter((_, at) => !states[at]);
      await Promise.all(dead.map((server) => server.restart()));
      const gone = [...exchange.processes.values()].filter(({ isRunning }) => !isRunning);
      await Promise.all(gone.map((process) => process.restart()));
      target.ended = [...dead.map(({ kind }) => kind), ...gone.map(({ name }) => name)];
    },
    name: ({ ended }) =>
      `the disk was full; ${ended.length === 0 ? "nobody" : ended.join(", ")} ended by it`,
  }),
};

/** NATS lives on without room, but for JetStream, which it switches off until it is started again. */
async function works({ kind, pid, url }: ServerHandle): Promise<boolean> {
  if (!isAlive(pid)) return false;
  return kind !== "nats" || natsAnswers(url).then(yes, no);
}

const yes = (): boolean => true;
const no = (): boolean => false;
