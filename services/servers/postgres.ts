/**
 * A PostgreSQL server of our own: it alone holds what must not be lost (R5). Reachable by TCP on
 * loopback only; there is no socket file, and nobody else's cluster is ever touched.
 */
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  appendFileSync,
  mkdirSync,
  renameSync,
  rmSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import pg from "pg";
import { ChildServer, type ServerHandle } from "./child-server.js";
import { type StartOptions, startOnFreePort, STOP_SIGNAL } from "./launch.js";
import { LOOPBACK } from "./ports.js";
import { canReach, folderOutside, type ServerUser, serverUser } from "./postgres-user.js";
import { PROJECT_ROOT } from "./project-root.js";
import { type Log, ServerError } from "./server-error.js";

const CONFIG_FILE = join(PROJECT_ROOT, "deploy", "postgres", "palisade.conf");
const CONFIG_NAME = "palisade.conf";
const DATABASE = "palisade";
const ANSWER_LIMIT_MS = 2_000;
const OWNER_ONLY = 0o700;
const REACHABLE = 0o711;

/** Resolves when the server answers a query; makes the database on the first start. */
export async function postgresAnswers(url: string): Promise<void> {
  const adminUrl = url.replace(/\/[^/]*$/, "/postgres");
  const client = new pg.Client({
    connectionString: adminUrl,
    connectionTimeoutMillis: ANSWER_LIMIT_MS,
    query_timeout: ANSWER_LIMIT_MS,
  });
  client.on("error", () => {}); // A connection lost while it is tried is tried again.
  try {
    await client.connect();
    const found = await client.query("SELECT 1 FROM pg_database WHERE datname = $1", [DATABASE]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
  } finally {
    await client.end();
  }
}

/** As whom its programs run; nothing: as this process. */
function idsOf(user: ServerUser | undefined): { uid?: number; gid?: number } {
  return user === undefined ? {} : { uid: user.uid, gid: user.gid };
}

/** The folder PostgreSQL can really use: the one asked for, or one outside of it. */
function reachableFolder(folder: string, user: ServerUser | undefined, log: Log): string {
  mkdirSync(folder, { recursive: true });
  if (user === undefined) return folder;
  chmodSync(folder, REACHABLE);
  if (canReach(folder, user)) return folder;
  const outside = folderOutside(folder);
  mkdirSync(outside, { recursive: true });
  chmodSync(dirname(outside), REACHABLE);
  chmodSync(outside, REACHABLE);
  if (!canReach(outside, user)) {
    throw new ServerError(
      "DATA_DIR_UNREACHABLE",
      `the user ${user.name}, as whom PostgreSQL has to run, can enter neither ${folder} nor ` +
        `${outside}. Choose a data directory whose parents it can enter.`,
    );
  }
  log(`PostgreSQL's data is in ${outside}: the user ${user.name} cannot enter ${folder}`);
  return outside;
}

/** Where the data of this folder would be: both places, of which at most one is in use. */
export function postgresFolders(folder: string): string[] {
  return process.getuid?.() === 0 ? [folder, folderOutside(folder)] : [folder];
}

/** Makes an empty cluster. It gets its name only when it is whole, so a crash leaves none behind. */
function makeCluster(options: StartOptions, data: string, user: ServerUser | undefined): void {
  const unfinished = `${data}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { mode: OWNER_ONLY });
  if (user !== undefined) chownSync(unfinished, user.uid, user.gid);
  const initdb = join(dirname(options.program), "initdb");
  const args = ["-D", unfinished, "-U", "palisade", "-A", "trust", "-E", "UTF8", "--locale=C"];
  if (options.durable === false) args.push("--no-sync");
  const result = spawnSync(initdb, args, { cwd: "/", encoding: "utf8", ...idsOf(user) });
  if (result.status !== 0) {
    const reason = result.error?.message ?? result.stderr;
    throw new ServerError("SERVER_START_FAILED", `initdb could not make ${data}: ${reason}`);
  }
  appendFileSync(join(unfinished, "postgresql.conf"), `include '${CONFIG_NAME}'\n`);
  renameSync(unfinished, data);
}

/** The settings are copied on every start, for the user may not be able to read the project. */
function installConfig(data: string, user: ServerUser | undefined): void {
  const path = join(data, CONFIG_NAME);
  copyFileSync(CONFIG_FILE, path);
  if (user !== undefined) chownSync(path, user.uid, user.gid);
}

/**
 * Pages that go whole into the log are compressed by lz4 where the server was built with it, for whoever changes a page first after a
 * checkpoint waits for that: right after one 15,000 rows were changed in 77 ms in place of 399, and the log was a seventh longer.
 * The file of settings cannot say so, as another server would not start by it.
 */
function quickCompression(
  { program }: StartOptions,
  data: string,
  user: ServerUser | undefined,
): string[] {
  const setting = ["-c", "wal_compression=lz4"];
  const question = ["-D", data, ...setting, "-C", "wal_compression"];
  const asked = spawnSync(program, question, { cwd: "/", ...idsOf(user) });
  return asked.status === 0 ? setting : [];
}

/** Starts PostgreSQL with its data in the folder; resolves when the database answers. */
export async function startPostgres(options: StartOptions): Promise<ServerHandle> {
  const user = serverUser(options.log);
  const folder = reachableFolder(resolve(options.folder), user, options.log);
  const data = join(folder, "data");
  return startOnFreePort("postgres", { ...options, folder }, (port) => {
    if (!existsSync(data)) makeCluster(options, data, user);
    installConfig(data, user);
    const url = `postgres://palisade@${LOOPBACK}:${port}/${DATABASE}`;
    const args = ["-D", data, "-p", String(port), "-h", LOOPBACK, "-k", ""];
    args.push(...quickCompression(options, data, user));
    if (options.durable === false) args.push("-c", "fsync=off", "-c", "full_page_writes=off");
    return ChildServer.start({
      kind: "postgres",
      url,
      port,
      folder,
      dataFolder: data,
      command: options.program,
      args,
      ...(user === undefined ? {} : { user: { uid: user.uid, gid: user.gid } }),
      stopSignal: STOP_SIGNAL.postgres,
      answers: () => postgresAnswers(url),
    });
  });
}
