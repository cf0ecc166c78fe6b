/**
 * The folder that one exchange's servers keep their data in: whose it is, who uses it now, whether
 * there is room, and which ports its servers had.
 */
import {
  existsSync,
  linkSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { makeFolders } from "../common/folders.js";
import type { ServerKind } from "./child-server.js";
import { identityOf } from "./process-identity.js";
import { ServerError } from "./server-error.js";

const LOCK_FILE = "supervisor.lock";
const RECORD_FILE = "servers.json";
const RECORD_FORMAT = 1;
const BYTES_PER_MIB = 1024 * 1024;

/** Below this the servers would soon stop one after the other; better not to start. */
export const MIN_FREE_DISK_BYTES = 1024 * BYTES_PER_MIB;

export const SERVER_KINDS: readonly ServerKind[] = ["nats", "etcd", "postgres"];

/** A server by the name of its folder: PostgreSQL's instances are `postgres`, `postgres-2`, and so on. */
export type ServerName = ServerKind | `postgres-${number}`;

export type Ports = Partial<Record<ServerName, number>>;

/** All servers of an exchange with so many PostgreSQL instances. */
export function serverNames(postgresInstances: number): readonly ServerName[] {
  const further = Array.from(
    { length: postgresInstances - 1 },
    (_, at): ServerName => `postgres-${at + 2}`,
  );
  return [...SERVER_KINDS, ...further];
}

export function kindOf(name: ServerName): ServerKind {
  return name.startsWith("postgres") ? "postgres" : (name as ServerKind);
}

/** How many PostgreSQL instances the servers of the last start had. */
export function instancesIn(ports: Ports): number {
  return Math.max(1, Object.keys(ports).filter((name) => name.startsWith("postgres")).length);
}

interface Owner {
  pid: number;
  identity: string;
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

/** Throws when the disk under the folder has less room than the servers need. */
export function checkDiskSpace(dataDir: string, minFreeBytes: number): void {
  const { bavail, bsize } = statfsSync(dataDir);
  const free = bavail * bsize;
  if (free >= minFreeBytes) return;
  const inMib = (bytes: number) => `${Math.floor(bytes / BYTES_PER_MIB)} MiB`;
  throw new ServerError(
    "DISK_SPACE_LOW",
    `the disk of ${dataDir} has ${inMib(free)} free; at least ${inMib(minFreeBytes)} are needed. ` +
      "Make room, or choose a data directory on another disk.",
  );
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Takes a dead supervisor's lock away, unless someone has replaced it in the meantime. */
function removeStale(lock: string, stale: Owner): void {
  const aside = `${lock}.${process.pid}.stale`;
  try {
    renameSync(lock, aside);
  } catch {
    return; // Another process has already removed it.
  }
  const taken = readJson(aside) as Owner | undefined;
  if (taken?.pid !== stale.pid || taken.identity !== stale.identity) tryLink(aside, lock);
  rmSync(aside, { force: true });
}

/** Makes the folder where it is missing. Throws where nobody can. */
export function makeDataDir(dataDir: string): void {
  try {
    makeFolders(dataDir);
  } catch (error) {
    throw new ServerError(
      "DATA_DIR_REFUSED",
      `the data directory cannot be made (${(error as Error).message}): choose a folder that this user may write`,
    );
  }
}

/** Makes this process the folder's only supervisor; returns the function that ends that. */
export function lockDataDir(dataDir: string): () => void {
  makeDataDir(dataDir);
  const lock = join(dataDir, LOCK_FILE);
  const own = `${lock}.${process.pid}`;
  const self: Owner = { pid: process.pid, identity: identityOf(process.pid) ?? "" };
  writeFileSync(own, JSON.stringify(self));
  try {
    // A link appears with its content, so no one ever reads a lock without its owner.
    while (!tryLink(own, lock)) {
      const owner = readJson(lock) as Owner | undefined;
      if (owner === undefined) continue;
      if (identityOf(owner.pid) === owner.identity) {
        throw new ServerError(
          "DATA_DIR_IN_USE",
          `${dataDir} is in use by process ${owner.pid}. Stop that one first (\`npx palisade stop\`, ` +
            "or Ctrl-C where it runs), or choose another data directory.",
        );
      }
      removeStale(lock, owner);
    }
  } finally {
    rmSync(own, { force: true });
  }
  const release = () => rmSync(lock, { force: true });
  process.once("exit", release);
  return () => {
    process.off("exit", release);
    release();
  };
}

/** The ports of the last start; throws when folders of that name were made by someone else. */
export function readPorts(dataDir: string): Ports {
  const record = readJson(join(dataDir, RECORD_FILE)) as
    | { format: number; ports: Ports }
    | undefined;
  if (record?.format === RECORD_FORMAT) return record.ports;
  const foreign = SERVER_KINDS.find((kind) => existsSync(join(dataDir, kind)));
  if (foreign === undefined) return {};
  throw new ServerError(
    "DATA_DIR_FOREIGN",
    `${join(dataDir, foreign)} exists, but ${RECORD_FILE} does not say that Palisade (format ` +
      `${RECORD_FORMAT}) made it. Choose another data directory, or move that folder away.`,
  );
}

export function writePorts(dataDir: string, ports: Ports): void {
  const path = join(dataDir, RECORD_FILE);
  writeFileSync(`${path}.new`, `${JSON.stringify({ format: RECORD_FORMAT, ports }, null, 2)}\n`);
  renameSync(`${path}.new`, path);
}
