/** Real servers for tests: each in a temporary folder, on free loopback ports, stopped by pid. */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ServerHandle, ServerKind } from "../../services/servers/child-server.js";
import { startServer, startServers } from "../../services/servers/cluster.js";
import { ensureServers } from "../../services/servers/install.js";
import { postgresFolders } from "../../services/servers/postgres.js";

export type { ServerHandle } from "../../services/servers/child-server.js";

export interface TestServersOptions {
  /** False lets PostgreSQL skip fsync, which no test of durability may do. */
  durable?: boolean;
}

export interface TestServers {
  nats: ServerHandle;
  etcd: ServerHandle;
  postgres: ServerHandle;
  urls: Record<ServerKind, string>;
  /** Stops the servers and removes their data. */
  stop(): Promise<void>;
}

/** One server of a test: its handle, and the end of it with its data. */
export interface TestServer {
  server: ServerHandle;
  url: string;
  stop(): Promise<void>;
}

function silent(): void {}

/** A new empty folder; the second function removes it with all that servers put there. */
export function temporaryFolder(): { folder: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), "palisade-test-"));
  chmodSync(folder, 0o711); // PostgreSQL's user has to walk through when the tests run as root.
  const places = [folder, ...postgresFolders(join(folder, "postgres"))];
  const remove = () => {
    for (const place of places) rmSync(place, { recursive: true, force: true });
  };
  return { folder, remove };
}

/** Starts all three servers on free ports with empty data. */
export async function startTestServers(options: TestServersOptions = {}): Promise<TestServers> {
  const { folder, remove } = temporaryFolder();
  const servers = await startServers({ dataDir: folder, log: silent, ...options });
  const { nats, etcd, postgres, urls } = servers;
  const stop = async () => {
    await servers.stopAll();
    remove();
  };
  return { nats, etcd, postgres, urls, stop };
}

const IMMEDIATE_SHUTDOWN = "SIGQUIT";

async function startOne(kind: ServerKind, options: TestServersOptions): Promise<TestServer> {
  const { folder, remove } = temporaryFolder();
  const provision = await ensureServers({ log: silent });
  const place = join(folder, kind);
  const server = await startServer(provision, kind, { folder: place, log: silent, ...options });
  const stop = async () => {
    // A checkpoint of many databases that nobody wants takes from five seconds to more than a minute.
    await server.stop(kind === "postgres" ? IMMEDIATE_SHUTDOWN : undefined);
    remove();
  };
  return { server, url: server.url, stop };
}

export function startTestNats(): Promise<TestServer> {
  return startOne("nats", {});
}

export function startTestEtcd(): Promise<TestServer> {
  return startOne("etcd", {});
}

export function startTestPostgres(options: TestServersOptions = {}): Promise<TestServer> {
  return startOne("postgres", options);
}
