/** The servers of one exchange, started and stopped together on one data directory. */
import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { type ServerHandle, type ServerKind, stopLeftover } from "./child-server.js";
import {
  checkDiskSpace,
  instancesIn,
  kindOf,
  lockDataDir,
  MIN_FREE_DISK_BYTES,
  type Ports,
  readPorts,
  type ServerName,
  serverNames,
  writePorts,
} from "./data-dir.js";
import { startEtcd } from "./etcd.js";
import { ensureServers, type Provision } from "./install.js";
import { type FolderOptions, type StartOptions, STOP_SIGNAL } from "./launch.js";
import { startNats } from "./nats.js";
import { postgresFolders, startPostgres } from "./postgres.js";
import type { Log } from "./server-error.js";

export type Servers = Record<ServerKind, ServerHandle> & {
  /** PostgreSQL's instances after the first. */
  furtherPostgres: readonly ServerHandle[];
  /** PostgreSQL's is that of each instance, with commas between them. */
  urls: Record<ServerKind, string>;
  /** Stops all of them and lets go of the data directory. */
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
  /** How many instances of PostgreSQL; never fewer than there were in the data directory before. */
  postgresInstances?: number | undefined;
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
function foldersOf(dataDir: string, name: ServerName): string[] {
  const folder = join(dataDir, name);
  return kindOf(name) === "postgres" ? postgresFolders(folder) : [folder];
}

async function removeData(
  dataDir: string,
  names: readonly ServerName[],
  provision: Provision,
  log: Log,
): Promise<void> {
  for (const name of names) {
    for (const folder of foldersOf(dataDir, name)) {
      await stopLeftover(folder, STOP_SIGNAL[kindOf(name)], log);
      rmSync(folder, { recursive: true, force: true });
    }
    if (provision.way === "docker") {
      await (await containers()).removeContainerData(kindOf(name), join(dataDir, name));
    }
  }
}

/** All at once, in the order of their names. When one fails, those that started are stopped, and its error is thrown. */
async function startAll(
  names: readonly ServerName[],
  provision: Provision,
  ports: Ports,
  { dataDir, log, durable }: ServersOptions,
): Promise<readonly ServerHandle[]> {
  const attempts = await Promise.allSettled(
    names.map((name) =>
      startServer(provision, kindOf(name), {
        folder: join(dataDir, name),
        preferredPort: ports[name],
        durable,
        log,
      }),
    ),
  );
  const started = attempts.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  const failure = attempts.find((each) => each.status === "rejected");
  if (failure === undefined) return started;
  await Promise.all(started.map((server) => server.stop()));
  throw failure.reason;
}

/** What whoever adds an instance should know before he has traded with it. */
function forGood(instances: number): string {
  return `${instances} PostgreSQL instances from now on, and no way back: what there is stays where it is, and explain, archive and --archives work with one only`;
}

/**
 * Starts NATS, etcd and PostgreSQL on loopback and resolves when all answer. A second start
 * on the same directory goes on with the same data, and with the same ports where they are free.
 */
export async function startServers(options: ServersOptions): Promise<Servers> {
  const dataDir = resolve(options.dataDir);
  const { log } = options;
  const unlock = lockDataDir(dataDir);
  try {
    const ports = readPorts(dataDir);
    checkDiskSpace(dataDir, options.minFreeDiskBytes ?? MIN_FREE_DISK_BYTES);
    const provision = await ensureServers({ log });
    log("starting NATS, etcd and PostgreSQL");
    const before = instancesIn(ports);
    if (options.fresh) await removeData(dataDir, serverNames(before), provision, log);
    writePorts(dataDir, ports); // From here on the folders are known to be ours.
    const kept = options.fresh ? 1 : before;
    const instances = Math.max(options.postgresInstances ?? 1, kept);
    if (instances > kept) log(forGood(instances));
    const names = serverNames(instances);
    const started = await startAll(names, provision, ports, { ...options, dataDir });
    writePorts(dataDir, Object.fromEntries(names.map((name, at) => [name, started[at]!.port])));
    const stopAll = async () => {
      await Promise.all(started.map((server) => server.stop()));
      if (provision.way === "docker") {
        const { removeContainer } = await containers();
        await Promise.all(names.map((name) => removeContainer(kindOf(name), join(dataDir, name))));
      }
      unlock();
    };
    const [nats, etcd, postgres, ...furtherPostgres] = started as ThreeAndMore;
    const postgresUrls = [postgres, ...furtherPostgres].map(({ url }) => url).join(",");
    const urls = { nats: nats.url, etcd: etcd.url, postgres: postgresUrls };
    return { nats, etcd, postgres, furtherPostgres, urls, stopAll };
  } catch (error) {
    unlock();
    throw error;
  }
}

type ThreeAndMore = [ServerHandle, ServerHandle, ServerHandle, ...ServerHandle[]];
