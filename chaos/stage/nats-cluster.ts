/**
 * Three NATS servers that are one cluster: real processes on free loopback ports, each with its store in a folder and
 * its own name as a tag.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "nats";
import { connectNats, NatsLog } from "../../services/adapters/nats/index.js";
import { streamName } from "../../services/adapters/nats/names.js";
import { SystemClock } from "../../services/common/clock.js";
import { ChildServer } from "../../services/servers/child-server.js";
import { ensureServers } from "../../services/servers/install.js";
import { STOP_SIGNAL } from "../../services/servers/launch.js";
import { freePort, LOOPBACK } from "../../services/servers/ports.js";
import { PROJECT_ROOT } from "../../services/servers/project-root.js";
import { openDataFolder } from "../../services/supervisor/data-folder.js";
import { CannotStrikeError } from "../drills/drill.js";

const CONFIG_FILE = join(PROJECT_ROOT, "deploy", "nats", "nats.conf");
const SERVERS = 3;
const API_MS_MAX = 1_000;

export interface NatsCluster {
  /** All servers, with commas between them. */
  readonly urls: string;
  /** By name: `nats-1`, `nats-2`, `nats-3`. */
  readonly servers: ReadonlyMap<string, ChildServer>;
  /** The name of the server that keeps the stream of an anchor. */
  keeperOf(actorName: string, anchor: number): Promise<string>;
  stop(): Promise<void>;
}

/** Starts the servers; resolves when each of them keeps streams. */
export async function startNatsCluster(): Promise<NatsCluster> {
  const provision = await ensureServers({ log: () => undefined });
  if (provision.way === "docker") {
    throw new CannotStrikeError("a cluster of NATS needs its program on this machine");
  }
  const folder = openDataFolder(undefined);
  const free = await freePorts(2 * SERVERS);
  const [ports, routePorts] = [free.slice(0, SERVERS), free.slice(SERVERS)];
  const servers = new Map<string, ChildServer>();
  const stop = async (): Promise<void> => {
    await Promise.all([...servers.values()].map((server) => server.stop()));
    folder.release();
  };
  const start = async (port: number, at: number): Promise<void> => {
    const name = `nats-${at + 1}`;
    const place = join(folder.path, name);
    mkdirSync(place);
    const url = `nats://${LOOPBACK}:${port}`;
    const routes = routePorts.map((route) => `nats://${LOOPBACK}:${route}`);
    const config = join(place, "nats.conf");
    writeFileSync(config, `${readFileSync(CONFIG_FILE, "utf8")}\nserver_tags: "${name}"\n`);
    const server = await ChildServer.start({
      kind: "nats",
      url,
      port,
      folder: place,
      command: provision.binaries.nats,
      args: [
        "-c",
        config,
        "-n",
        name,
        "-a",
        LOOPBACK,
        "-p",
        String(port),
        "-sd",
        join(place, "store"),
        "--cluster_name",
        "test",
        "--cluster",
        routes[at]!,
        "--routes",
        routes.join(","),
      ],
      stopSignal: STOP_SIGNAL.nats,
      answers: () => keepsStreams(url, name),
    });
    servers.set(name, server);
  };
  try {
    await Promise.all(ports.map(start));
  } catch (error) {
    await stop();
    throw error;
  }
  const urls = [...servers.values()].map(({ url }) => url).join(",");
  const keeperOf = async (actorName: string, anchor: number): Promise<string> => {
    const subject = `$JS.API.STREAM.INFO.${streamName(actorName, anchor)}`;
    return (await ask<{ cluster: { leader: string } }>(urls, subject)).cluster.leader;
  };
  return { urls, servers, keeperOf, stop };
}

/**
 * A server answers as soon as it knows the leader; the leader puts streams on it only when it has heard of its tags, which
 * the server tells every now and then.
 */
async function keepsStreams(url: string, name: string): Promise<void> {
  const connection = await connectNats(url, name);
  try {
    const log = await NatsLog.open(connection, new SystemClock());
    await log.create(`server.${name}`, 1);
    await log.remove(`server.${name}`, 1);
  } finally {
    await connection.close();
  }
}

async function ask<T>(urls: string, subject: string): Promise<T> {
  const connection = await connect({ servers: urls.split(","), timeout: API_MS_MAX });
  try {
    return (await connection.request(subject, "", { timeout: API_MS_MAX })).json<T>();
  } finally {
    await connection.close();
  }
}

/** Different ones. */
async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await freePort());
  return [...ports];
}
