/** The database of an exchange, for commands that read it themselves. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { startServers } from "../servers/cluster.js";
import { CliError } from "./cli-error.js";
import { progress } from "./output.js";
import { dataDirectory, isRunning, readRunFile, startCommand } from "./run-file.js";

export interface DatabaseOptions {
  /** The database, instead of that of the exchange on the data directory. */
  readonly url?: string;
  readonly dataDir?: string;
}

/** Works on the database of a running exchange; for one that does not run, its servers are started for it. */
export async function onDatabase<T>(
  options: DatabaseOptions,
  work: (url: string) => Promise<T>,
): Promise<T> {
  if (options.url !== undefined) return reached(options.url, work);
  const dataDir = dataDirectory(options.dataDir);
  if (isRunning(dataDir)) return reached(readRunFile(dataDir).urls.postgres, work);
  if (!existsSync(join(dataDir, "servers.json"))) {
    throw new CliError(
      "NO_EXCHANGE_HERE",
      `${dataDir} holds no exchange. Make one with: ${startCommand(dataDir)}`,
    );
  }
  progress("the exchange does not run; starting its servers to read from them");
  const servers = await startServers({ dataDir, log: progress });
  try {
    return await work(servers.urls.postgres);
  } finally {
    await servers.stopAll();
  }
}

async function reached<T>(url: string, work: (url: string) => Promise<T>): Promise<T> {
  try {
    return await work(url);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ECONNREFUSED") throw error;
    throw new CliError(
      "DATABASE_UNREACHABLE",
      `no PostgreSQL answers there (${(error as Error).message}): start it, or name another by --url`,
    );
  }
}
