/** What all three servers have in common when they are started. */
import { type ChildServer, type ServerKind, stopLeftover } from "./child-server.js";
import { freePort, isPortFree } from "./ports.js";
import { type Log, ServerError } from "./server-error.js";

const MAX_PORT_ATTEMPTS = 3;

/** How to start one server, however it runs. */
export interface FolderOptions {
  /** The folder that belongs to this server alone; made when it is not there. */
  folder: string;
  /** Taken when it is free, else another one is. */
  preferredPort?: number | undefined;
  /** False makes PostgreSQL skip fsync, for tests alone; nothing printed may be measured so. */
  durable?: boolean | undefined;
  log: Log;
}

/** How to start one server as a process. */
export interface StartOptions extends FolderOptions {
  /** The server's program; of PostgreSQL the `postgres` that lies beside `initdb`. */
  program: string;
}

/** Each server's signal for an orderly and quick end. */
export const STOP_SIGNAL: Record<ServerKind, NodeJS.Signals> = {
  nats: "SIGTERM",
  etcd: "SIGTERM",
  // SIGTERM would wait for every client to go; SIGINT is PostgreSQL's fast shutdown.
  postgres: "SIGINT",
};

/** Stops a leftover, picks a port and starts; another port when someone was faster on that one. */
export async function startOnFreePort(
  kind: ServerKind,
  { folder, preferredPort, log }: StartOptions,
  start: (port: number) => Promise<ChildServer>,
): Promise<ChildServer> {
  await stopLeftover(folder, STOP_SIGNAL[kind], log);
  for (let attempt = 1; ; attempt++) {
    const port = await freePort(attempt === 1 ? preferredPort : undefined);
    if (attempt === 1 && preferredPort !== undefined && port !== preferredPort) {
      log(`port ${preferredPort} is taken, ${kind} gets ${port} instead`);
    }
    try {
      return await start(port);
    } catch (error) {
      const failedToStart = error instanceof ServerError && error.code === "SERVER_START_FAILED";
      const lostThePort = failedToStart && !(await isPortFree(port));
      if (!lostThePort || attempt === MAX_PORT_ATTEMPTS) throw error;
    }
  }
}
