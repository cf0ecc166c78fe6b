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
import { type FolderOptions, type StartOptions, STOP_SIGNAL } from "./launch.js";
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

/** Loaded only where Docker is used: its client is big, and most machines have the programs. */
function containers() {
  return import("./containers.js");
}

/** Starts one server the way this machine can. */
export async function startServer(
  provision: Provision,
  kind: ServerKind,
  options: FolderOptions,
): Promise<ServerHandle> {
  if (provision.way === "docker") {
    return (await containers()).startContainer(kind, provision.images[kind], options);
  }
  return START[kind]({ ...options, program: provision.binaries[kind] });
}

/** Every folder that holds data of one server; PostgreSQL's may lie outside. */
function foldersOf(dataDir: string, kind: ServerKind): string[] {
  const folder = join(dataDir, kind);
  return kind === "postgres" ? postgresFolders(folder) : [folder];
}

async function removeData(dataDir: string, provision: Provision, log: Log): Promise<void> {
  for (const kind of SERVER_KINDS) {
    for (const folder of foldersOf(dataDir, kind)) {
      await stopLeftover(folder, STOP_SIGNAL[kind], log);
      rmSync(folder, { recursive: true, force: true });
    }
    if (provision.way === "docker") {
      await (await containers()).removeContainerData(kind, join(dataDir, kind));
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
      startServer(provision, kind, {
        folder: join(dataDir, kind),
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
    checkDiskSpace(dataDir, options.minFreeDiskBytes ?? MIN_FREE_DISK_BYTES);
    const provision = await ensureServers({ log });
    if (options.fresh) await removeData(dataDir, provision, log);
    writePorts(dataDir, ports); // From here on the folders are known to be ours.
    const handles = await startAll(provision, ports, { ...options, dataDir });
    const { nats, etcd, postgres } = handles;
    writePorts(dataDir, { nats: nats.port, etcd: etcd.port, postgres: postgres.port });
    const stopAll = async () => {
      await Promise.all([nats.stop(), etcd.stop(), postgres.stop()]);
      if (provision.way === "docker") {
        const { removeContainer } = await containers();
        await Promise.all(SERVER_KINDS.map((kind) => removeContainer(kind, join(dataDir, kind))));
      }
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
