/** A second PostgreSQL beside the first one: its synchronous standby, made by `pg_basebackup`. */
import { spawnSync } from "node:child_process";
import { chownSync, mkdirSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import pg from "pg";
import type { ServerHandle } from "../../services/servers/child-server.js";
import { ensureServers } from "../../services/servers/install.js";
import { startPostgres } from "../../services/servers/postgres.js";
import { serverUser } from "../../services/servers/postgres-user.js";
import { openDataFolder } from "../../services/supervisor/data-folder.js";
import { CannotStrikeError } from "../drills/drill.js";

const STANDBY = "standby_1";
const OWNER_ONLY = 0o700;
const WAIT_MS = 20;
/** What a standby may take to be in step, or to be promoted. */
const READY_MS_MAX = 60_000;

const silent = () => undefined;

export class PostgresStandby {
  readonly server: ServerHandle;
  private readonly remove: () => void;

  private constructor(server: ServerHandle, remove: () => void) {
    this.server = server;
    this.remove = remove;
  }

  /** Resolves when no commit of the primary is answered before the standby has it on its disk. */
  static async of(primaryUrl: string): Promise<PostgresStandby> {
    const provision = await ensureServers({ log: silent });
    if (provision.way !== "local") {
      throw new CannotStrikeError("a standby of PostgreSQL needs its own programs on this machine");
    }
    const program = provision.binaries.postgres;
    const folder = openDataFolder(undefined);
    const place = join(folder.path, "postgres");
    // What lies beside it may be a link to where all programs are.
    copyPrimary(
      join(dirname(realpathSync(program)), "pg_basebackup"),
      primaryUrl,
      join(place, "data"),
    );
    const server = await startPostgres({ folder: place, program, log: silent });
    const standby = new PostgresStandby(server, () => folder.release());
    try {
      await inStep(primaryUrl);
      return standby;
    } catch (error) {
      // Or every commit would wait for it.
      await run(primaryUrl, "ALTER SYSTEM RESET synchronous_standby_names");
      await run(primaryUrl, "SELECT pg_reload_conf()");
      await standby.stop();
      throw error;
    }
  }

  async isPrimary(): Promise<boolean> {
    const [row] = await run(this.server.url, "SELECT pg_is_in_recovery() AS is_standby");
    return row?.["is_standby"] === false;
  }

  /** Makes it a primary; resolves when it writes. */
  async promote(): Promise<void> {
    await run(this.server.url, "SELECT pg_promote()");
    await until("the standby is promoted", () => this.isPrimary());
  }

  async stop(): Promise<void> {
    await this.server.stop();
    this.remove();
  }
}

/** No commit of the primary is answered any more before the standby has it. */
async function inStep(primaryUrl: string): Promise<void> {
  await run(primaryUrl, `ALTER SYSTEM SET synchronous_standby_names = '${STANDBY}'`);
  await run(primaryUrl, "SELECT pg_reload_conf()");
  await until("the standby is in step", async () => {
    const text = "SELECT sync_state FROM pg_stat_replication WHERE application_name = $1";
    const [row] = await run(primaryUrl, text, [STANDBY]);
    return row?.["sync_state"] === "sync";
  });
}

/** Copies a running server into a new data folder that follows it. */
function copyPrimary(program: string, primaryUrl: string, data: string): void {
  const user = serverUser(silent);
  mkdirSync(data, { recursive: true, mode: OWNER_ONLY });
  if (user !== undefined) {
    for (const place of [dirname(data), data]) chownSync(place, user.uid, user.gid);
  }
  const { hostname, port, username } = new URL(primaryUrl);
  const primary = `host=${hostname} port=${port} user=${username} application_name=${STANDBY}`;
  const args = ["-d", primary, "-D", data, "-R", "-X", "stream", "-c", "fast"];
  const ids = user === undefined ? {} : { uid: user.uid, gid: user.gid };
  const { status, stderr, error } = spawnSync(program, args, {
    cwd: "/",
    encoding: "utf8",
    ...ids,
  });
  if (status !== 0) throw new Error(`pg_basebackup: ${error?.message ?? stderr}`);
}

async function run(
  url: string,
  text: string,
  values: readonly unknown[] = [],
): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text, [...values])).rows;
  } finally {
    await client.end();
  }
}

/** Throws when it is not so in time. */
async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + READY_MS_MAX;
  while (!(await isSo())) {
    if (performance.now() > deadline) {
      throw new Error(`DRILL_NO_STANDBY: ${what} is not so after ${READY_MS_MAX} ms`);
    }
    await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
  }
}
