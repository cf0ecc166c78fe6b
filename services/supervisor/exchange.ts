/** A whole exchange on this machine: servers, nodes, gateway, feed; started and stopped as one. */
import { join } from "node:path";
import { loadConfig } from "../common/config.js";
import { genesis } from "../migrate/genesis.js";
import { migrate } from "../migrate/migrate.js";
import { type Servers, startServers } from "../servers/cluster.js";
import { ExchangeProcess, type ProcessKind, type ProcessPlan } from "./child.js";
import { type DataFolder, openDataFolder } from "./data-folder.js";
import { LeaderBoard, type Leaders } from "./leaders.js";
import { keepCoresWhenWaking } from "./scheduling.js";

/** On one machine; more would only wait for each other. */
export const POSTGRES_INSTANCES_MAX = 9;
const LOOPBACK = "127.0.0.1";
const CLAIM_LIMIT_MS = 60_000;
const RESTART_DELAY_MS = 3_000;

type Environment = Readonly<Record<string, string>>;

export interface ExchangeOptions {
  /** Where it keeps its data. Absent: a temporary folder, removed when the exchange stops. */
  readonly dataDir?: string;
  /** True removes what earlier runs left in the data directory. */
  readonly fresh?: boolean;
  readonly nodes?: number;
  /** Ledger shards; fixed by the first start on a data directory. */
  readonly ledgerShards?: number;
  /** PostgreSQL instances; there are never fewer than the data directory has had. */
  readonly postgresInstances?: number | undefined;
  /** More variables for the processes, by their names where they differ. */
  readonly env?: Environment | ((process: string) => Environment);
  /** The file that nodes run; absent: the built program. */
  readonly nodeProgram?: string;
  /** By which addresses a process, or the `supervisor` itself, reaches the servers; absent: by the servers' own. */
  readonly ways?: (process: string, urls: Servers["urls"]) => Promise<Servers["urls"]>;
  /** True starts a process again that ends without having been asked to here. */
  readonly restartDead?: boolean;
  /** Takes lines of progress. */
  readonly log?: (line: string) => void;
  /** Called after a process was started again or has ended. */
  readonly onChange?: () => void;
}

/** A running exchange. */
export class Exchange {
  readonly dataDir: string;
  readonly servers: Servers;
  readonly #processes: Map<string, ExchangeProcess>;
  readonly #folder: DataFolder;
  readonly #board: LeaderBoard;
  readonly #options: ExchangeOptions;
  #stopping: Promise<void> | undefined;

  constructor(
    folder: DataFolder,
    servers: Servers,
    board: LeaderBoard,
    processes: readonly ExchangeProcess[],
    options: ExchangeOptions,
  ) {
    this.dataDir = folder.path;
    this.servers = servers;
    this.#processes = new Map(processes.map((each) => [each.name, each]));
    this.#folder = folder;
    this.#board = board;
    this.#options = options;
    for (const each of processes) this.#watch(each);
  }

  get urls(): Servers["urls"] {
    return this.servers.urls;
  }

  /** By name: `node-1`, `node-2`, …, `gateway-1`, `feed-1`. */
  get processes(): ReadonlyMap<string, ExchangeProcess> {
    return this.#processes;
  }

  /** Where clients connect to, `127.0.0.1:PORT`. */
  get grpc(): string {
    return `${LOOPBACK}:${this.process("gateway-1").ports.grpc}`;
  }

  /** Where market data is to be had. */
  get ws(): string {
    return `ws://${LOOPBACK}:${this.process("feed-1").ports.ws}`;
  }

  process(name: string): ExchangeProcess {
    const found = this.processes.get(name);
    if (found) return found;
    throw new Error(`there is no ${name}, only ${[...this.processes.keys()].join(", ")}`);
  }

  get nodes(): ExchangeProcess[] {
    return [...this.processes.values()].filter(({ kind }) => kind === "node");
  }

  /** Starts one more process, which ends with the exchange. */
  async add(plan: ProcessPlan): Promise<ExchangeProcess> {
    const added = await ExchangeProcess.start(plan);
    this.#processes.set(added.name, added);
    this.#watch(added);
    return added;
  }

  /** Stops a process in good order and forgets it. */
  async remove(process: ExchangeProcess): Promise<void> {
    await process.stop();
    this.#processes.delete(process.name);
  }

  /** Who has claimed which actor last, by actor name. */
  leaders(): Promise<Leaders> {
    return this.#board.read();
  }

  /** Drains and stops everything, in the order in which one needs the other. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  async #stopAll(): Promise<void> {
    await stopProcesses([...this.processes.values()]);
    await this.#board.close();
    await this.servers.stopAll();
    this.#folder.release();
  }

  /** Sees the end of each life of a process, and starts the next where that is wanted. */
  #watch(child: ExchangeProcess): void {
    void child.exited.then(async ({ code, signal }) => {
      const { log, onChange, restartDead } = this.#options;
      onChange?.();
      if (child.isEnding || this.#stopping) return;
      log?.(`${child.name} has ended (${signal ?? `code ${code}`})`);
      if (!restartDead) return;
      if (!(await this.#startAgain(child))) return;
      this.#watch(child);
    });
  }

  /** Tries until it runs; false when the exchange stops meanwhile, or somebody else has started it. */
  async #startAgain(child: ExchangeProcess): Promise<boolean> {
    const { log, onChange } = this.#options;
    for (;;) {
      await new Promise((wake) => setTimeout(wake, RESTART_DELAY_MS));
      if (this.#stopping || child.isRunning) return false;
      try {
        await child.restart();
        log?.(`${child.name} runs again, as process ${child.pid}`);
        onChange?.();
        return true;
      } catch (error) {
        log?.((error as Error).message);
      }
    }
  }
}

/** First what takes orders in, then what executes them. */
async function stopProcesses(processes: readonly ExchangeProcess[]): Promise<void> {
  const isNode = ({ kind }: ExchangeProcess) => kind === "node";
  await Promise.all(processes.filter((each) => !isNode(each)).map((each) => each.stop()));
  await Promise.all(processes.filter(isNode).map((each) => each.stop()));
}

interface Wanted {
  readonly nodes: number;
  readonly env: (process: string) => Environment;
  readonly ways: NonNullable<ExchangeOptions["ways"]>;
  readonly nodeProgram: string | undefined;
}

async function plans(
  folder: DataFolder,
  servers: Servers,
  { nodes, env, ways, nodeProgram }: Wanted,
): Promise<ProcessPlan[]> {
  const plan = async (kind: ProcessKind, number: number): Promise<ProcessPlan> => {
    const name = `${kind}-${number}`;
    const way = await ways(name, servers.urls);
    const urls = {
      PALISADE_NATS_URL: way.nats,
      PALISADE_ETCD_URL: way.etcd,
      PALISADE_POSTGRES_URL: way.postgres,
    };
    const logFile = join(folder.logs, `${name}.log`);
    return { name, kind, logFile, env: { ...env(name), ...urls, PALISADE_NODE: name } };
  };
  const all = Array.from({ length: nodes }, async (_, index) => {
    const node = await plan("node", index + 1);
    return nodeProgram === undefined ? node : { ...node, program: nodeProgram };
  });
  const { grpcPort, wsPort, tierLimits } = loadConfig().values;
  const gateway = await plan("gateway", 1);
  const feed = await plan("feed", 1);
  return [
    ...(await Promise.all(all)),
    {
      ...gateway,
      env: {
        PALISADE_GRPC_PORT: String(grpcPort),
        PALISADE_TIER_LIMITS: tierLimits,
        ...gateway.env,
      },
    },
    { ...feed, env: { PALISADE_WS_PORT: String(wsPort), ...feed.env } },
  ];
}

/** All at once. When one fails, those that started are stopped, and its error is thrown. */
async function startProcesses(all: readonly ProcessPlan[]): Promise<ExchangeProcess[]> {
  const attempts = await Promise.allSettled(all.map((plan) => ExchangeProcess.start(plan)));
  const started = attempts.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  const failure = attempts.find((each) => each.status === "rejected");
  if (failure === undefined) return started;
  await stopProcesses(started);
  throw failure.reason;
}

/**
 * Starts an exchange, or goes on with the one in the data directory. Resolves when all processes
 * are ready and every actor that exists has been claimed; what fails stops what had started.
 */
export async function startExchange(options: ExchangeOptions = {}): Promise<Exchange> {
  const config = loadConfig().values;
  const { log = () => {}, nodes = config.nodes, ledgerShards = config.ledgerShards } = options;
  const { ways = async (_, urls) => urls, nodeProgram } = options;
  const env = (process: string): Environment => {
    const more = typeof options.env === "function" ? options.env(process) : options.env;
    return { PALISADE_LOG_LEVEL: config.logLevel, ...more };
  };
  const folder = openDataFolder(options.dataDir);
  keepCoresWhenWaking();
  const undo: (() => Promise<void> | void)[] = [() => folder.release()];
  try {
    const { fresh, postgresInstances } = options;
    const servers = await startServers({ dataDir: folder.path, fresh, postgresInstances, log });
    undo.push(() => servers.stopAll());
    await migrate(servers.urls.postgres);
    await genesis(servers.urls.postgres, { ledgerShards });
    const urls = await ways("supervisor", servers.urls);
    const board = new LeaderBoard(urls.postgres);
    undo.push(() => board.close());
    const before = await board.read();
    log(`starting ${nodes} nodes, a gateway and a feed`);
    const wanted = { nodes, env, ways, nodeProgram };
    const processes = await startProcesses(await plans(folder, servers, wanted));
    undo.push(() => stopProcesses(processes));
    if (!(await board.untilClaimedSince(before, CLAIM_LIMIT_MS))) {
      throw new Error(
        `not every actor was claimed within ${CLAIM_LIMIT_MS} ms; see ${folder.logs}`,
      );
    }
    return new Exchange(folder, { ...servers, urls }, board, processes, options);
  } catch (error) {
    for (const step of undo.reverse()) await step();
    throw error;
  }
}
