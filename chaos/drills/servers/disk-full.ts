/** Not one byte is left on the disk of all servers and logs; then there is room again. */
import type { ServerHandle } from "../../../services/servers/child-server.js";
import { isAlive } from "../../../services/servers/process-identity.js";
import { natsAnswers } from "../../../services/servers/nats.js";
import type { ExchangeProcess } from "../../../services/supervisor/child.js";
import type { Exchange } from "../../../services/supervisor/exchange.js";
import type { Scene } from "../../scene.js";
import { type LogSizes, logSizes, logsOfNoRoom, refusesToWrite } from "../../stage/no-room.js";
import { settledLeaders } from "../../stage/victims.js";
import type { Drill } from "../drill.js";
import { type Fault, onceItIsHealed } from "../fault.js";

const FULL_MS = 4_000;
/** Less than a page of a table. */
const FREE_BYTES_MAX = 8_192;

interface Servers {
  readonly servers: readonly ServerHandle[];
  /** How long all logs were before. */
  readonly logs: LogSizes;
  /** Who has met it. */
  met: readonly string[];
  /** Those that ended by it. */
  ended: readonly string[];
}

export const FULL_DISK: Fault<Servers> = {
  lastsMs: FULL_MS,
  async aim({ scene: { exchange, ground } }) {
    await ground.get("disk").prepare();
    await settledLeaders(exchange);
    const { postgres, nats, etcd } = exchange.servers;
    const logs = logSizes(exchange.dataDir);
    return { servers: [postgres, nats, etcd], logs, met: [], ended: [] };
  },
  strike: (_, { scene }) => scene.ground.get("disk").fill(),
  async bitten(target, { scene }) {
    target.met = await whoHasMetIt(target, scene);
    const failures = target.met.length === 0 ? [NOBODY_MET_IT] : [];
    // What had been set aside is used up meanwhile, and somebody may have given something back.
    const { freeBytes } = scene.ground.get("disk");
    if (freeBytes >= FREE_BYTES_MAX) failures.push(`${freeBytes} bytes are free on the disk`);
    return failures;
  },
  async heal(target, { scene }) {
    const { exchange, ground } = scene;
    ground.get("disk").makeRoom();
    const states = await Promise.all(target.servers.map(works));
    const dead = target.servers.filter((_, at) => !states[at]);
    await Promise.all(dead.map((server) => server.restart()));
    const gone = goneOf(exchange);
    await Promise.all(gone.map((process) => process.restart()));
    target.ended = [...dead.map(({ kind }) => kind), ...gone.map(({ name }) => name)];
  },
  name: ({ met, ended }) =>
    `the disk was full (${met.join("; ")}); ${ended.length === 0 ? "nobody" : ended.join(", ")} ended by it`,
};

export const DISK_FULL: Drill = {
  name: "disk-full",
  hypothesis: "what cannot be kept is not accepted, and all goes on when there is room again",
  about:
    `the disk of Postgres, NATS, etcd and all logs filled to its last byte for ${FULL_MS / 1_000} s; then room ` +
    "is made, and what has ended or switched itself off is started again",
  bound: { of: "back", ms: 5_000 },
  surroundings: { smallDisk: true },
  spoils: true,
  round: onceItIsHealed(FULL_DISK),
};

const NOBODY_MET_IT =
  "nobody met the full disk: no log speaks of it, Postgres refused no write for it, and no process ended by it";

/** What shows that somebody needed room, and had none. It is full meanwhile: nothing is asked that takes its time to answer. */
async function whoHasMetIt({ servers, logs }: Servers, scene: Scene): Promise<string[]> {
  const { exchange } = scene;
  const met = logsOfNoRoom(exchange.dataDir, logs).map((log) => `${log} speaks of it`);
  if (await refusesToWrite(scene)) met.push("Postgres refused to write");
  const ended = [
    ...servers.filter(({ pid }) => !isAlive(pid)).map(({ kind }) => kind),
    ...goneOf(exchange).map(({ name }) => name),
  ];
  return [...met, ...ended.map((name) => `${name} has ended`)];
}

function goneOf({ processes }: Pick<Exchange, "processes">): ExchangeProcess[] {
  return [...processes.values()].filter(({ isRunning }) => !isRunning);
}

/** NATS lives on without room, but for JetStream, which it switches off until it is started again. */
async function works({ kind, pid, url }: ServerHandle): Promise<boolean> {
  if (!isAlive(pid)) return false;
  return kind !== "nats" || natsAnswers(url).then(yes, no);
}

const yes = (): boolean => true;
const no = (): boolean => false;
