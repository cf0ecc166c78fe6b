/** Makes sure the three servers can be run here: found, else installed, else in containers. */
import type { ServerKind } from "./child-server.js";
import { SERVER_KINDS } from "./data-dir.js";
import { locate, type ServerBinaries, unsupported } from "./locate.js";
import { type Log, ServerError } from "./server-error.js";

/** How the servers can be run on this machine. */
export type Provision = { kind: "local"; binaries: ServerBinaries };

function locateAll(): { binaries: Partial<ServerBinaries>; missing: ServerKind[] } {
  const binaries: Partial<ServerBinaries> = {};
  const missing: ServerKind[] = [];
  for (const kind of SERVER_KINDS) {
    const found = locate(kind);
    if (found.state === "unsupported") throw unsupported(kind, found);
    if (found.state === "found") binaries[kind] = found.path;
    else missing.push(kind);
  }
  return { binaries, missing };
}

/** Finds the servers. */
export async function ensureServers({ log }: { log: Log }): Promise<Provision> {
  const { binaries, missing } = locateAll();
  if (missing.length > 0) {
    log(`missing: ${missing.join(", ")}`);
    throw new ServerError("SERVER_MISSING", `missing: ${missing.join(", ")}`);
  }
  return { kind: "local", binaries: binaries as ServerBinaries };
}
