/** The disk of a NATS server in tests: copied while it runs, wiped, and set back to what it was. */
import { cpSync, renameSync, rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { ServerHandle } from "./servers.js";

const COPY_TRIES_MAX = 20;
const COPY_AGAIN_AFTER_MS = 20;

/** Copies the store beside itself, for `rollBackNats`. */
export async function rememberNats(server: ServerHandle): Promise<void> {
  const { store, copy } = foldersOf(server);
  for (let tries = 1; ; tries++) {
    rmSync(copy, { recursive: true, force: true });
    try {
      cpSync(store, copy, { recursive: true });
      return;
    } catch (error) {
      // The server removes files while they are listed.
      if (tries === COPY_TRIES_MAX) throw error;
      await sleep(COPY_AGAIN_AFTER_MS);
    }
  }
}

/** Kills the server and starts it again on the copy. */
export async function rollBackNats(server: ServerHandle): Promise<void> {
  const { store, copy } = foldersOf(server);
  await server.kill();
  rmSync(store, { recursive: true, force: true });
  renameSync(copy, store);
  await server.restart();
}

/** Kills the server and starts it again with nothing. */
export async function wipeNats(server: ServerHandle): Promise<void> {
  await server.kill();
  rmSync(foldersOf(server).store, { recursive: true, force: true });
  await server.restart();
}

function foldersOf({ dataFolder }: ServerHandle): { store: string; copy: string } {
  if (dataFolder === undefined) throw new Error("the disk is out of reach");
  return { store: dataFolder, copy: `${dataFolder}.before` };
}
