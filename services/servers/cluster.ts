/** The three servers of one exchange, started and stopped together on one data directory. */
import { mkdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { type ServerHandle, type ServerKind, stopLeftover } from "./child-server.js";
import {
  checkDiskSpace,
  lockDataDir,
  MIN_FREE_DISK_BYTES,
  type Ports,
  readPorts,
  SERVER_KINDS,
  writePorts,
} from "./data-dir.js";
import { startEtcd } from "./etcd.js";
import { ensureServers, type Provision } from "./install.js";
import { type StartOptions, STOP_SIGNAL } from "./launch.js";
import { startNats } from "./nats.js";
import { postgresFolders, startPostgres } from "./postgres.js";
import type { Log } from "./server-error.js";

export type Servers = Record<ServerKind, ServerHandle> & {
  urls: Record<ServerKind, string>;
  /** Stops all three and lets go of the data directory. */
  stopAll(): Promise<void>;
};

export interface ServersOptions {
  /** Where the servers keep their data; made when it is not there. */
  dataDir: string;
  /** True removes the servers' data of earlier runs first. */
  fresh?: boolean;
  log: Log;
  /** False makes PostgreSQL skip fsync, for tests alone. */
  durable?: boolean;
  /** In bytes; less free disk space is refused. */
  minFreeDiskBytes?: number;
}

const START: Record<ServerKind, (options: StartOptions) => Promise<ServerHandle>> = {
  nats: startNats,
  etcd: startEtcd,
  postgres: startPostgres,
};

/** Every folder that holds data of one server; PostgreSQL's may lie outside. */
function foldersOf(dataDir: string, kind: ServerKind): string[] {
  const folder = join(dataDir, kind);
  return kind === "postgres" ? postgresFolders(folder) : [folder];
}

async function removeData(dataDir: string, log: Log): Promise<void> {
  for (const kind of SERVER_KINDS) {
    for (const folder of foldersOf(dataDir, kind)) {
      await stopLeftover(folder, STOP_SIGNAL[kind], log);
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

/** All three at once. When one fails, those that started are stopped, and its error is thrown. */
async function startAll(
  provision: Provision,
  ports: Ports,
  { dataDir, log, durable }: ServersOptions,
): Promise<Record<ServerKind, ServerHandle>> {
  const attempts = await Promise.allSettled(
    SERVER_KINDS.map((kind) =>
      START[kind]({
        folder: join(dataDir, kind),
        program: provision.binaries[kind],
        preferredPort: ports[kind],
        durable,
        log,
      }),
    ),
  );
  const started = attempts.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  const failure = attempts.find((each) => each.status === "rejected");
  if (failure !== undefined) {
    await Promise.all(started.map((server) => server.stop()));
    throw failure.reason;
  }
  const [nats, etcd, postgres] = started as [ServerHandle, ServerHandle, ServerHandle];
  return { nats, etcd, postgres };
}

/**
 * Starts NATS, etcd and PostgreSQL on loopback and resolves when all three answer. A second start
 * on the same directory goes on with the same data, and with the same ports where they are free.
 */
export async function startServers(options: ServersOptions): Promise<Servers> {
  const dataDir = resolve(options.dataDir);
  const { log } = options;
  mkdirSync(dataDir, { recursive: true });
  const unlock = lockDataDir(dataDir);
  try {
    const ports = readPorts(dataDir);
    if (options.fresh) await removeData(dataDir, log);
    checkDiskSpace(dataDir, options.minFreeDiskBytes ?? MIN_FREE_DISK_BYTES);
    const provision = await ensureServers({ log });
    writePorts(dataDir, ports); // From here on the folders are known to be ours.
    const handles = await startAll(provision, ports, { ...options, dataDir });
    const { nats, etcd, postgres } = handles;
    writePorts(dataDir, { nats: nats.port, etcd: etcd.port, postgres: postgres.port });
    const stopAll = async () => {
      await Promise.all([nats.stop(), etcd.stop(), postgres.stop()]);
      unlock();
    };
    return {
      ...handles,
      urls: { nats: nats.url, etcd: etcd.url, postgres: postgres.url },
      stopAll,
    };
  } catch (error) {
    unlock();
    throw error;
  }
}
