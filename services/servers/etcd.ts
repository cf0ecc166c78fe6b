/** An etcd server of our own. It says who should lead; safety never rests on it (R12). */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { ChildServer, type ServerHandle } from "./child-server.js";
import { type StartOptions, startOnFreePort, STOP_SIGNAL } from "./launch.js";
import { LOOPBACK } from "./ports.js";
import { PROJECT_ROOT } from "./project-root.js";

const CONFIG_FILE = join(PROJECT_ROOT, "deploy", "etcd", "etcd.yaml");
const ANSWER_LIMIT_MS = 2_000;

/** A cluster of one has no peers: it listens for them where the system lets it, and this is only its name in the members' list. */
const PEER_LISTEN_URL = `http://${LOOPBACK}:0`;
const PEER_NAME_URL = `http://${LOOPBACK}:2380`;

/** Resolves when etcd has a leader and serves, which is later than the port does. */
export async function etcdAnswers(url: string): Promise<void> {
  const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(ANSWER_LIMIT_MS) });
  const { health } = (await response.json()) as { health: string };
  if (health !== "true") throw new Error(`etcd says health ${health}`);
}

/** Once etcd is given a file it ignores its command line, so the ports and folders go in there. */
function writeConfig(folder: string, clientUrl: string): string {
  const lines = [
    readFileSync(CONFIG_FILE, "utf8"),
    `data-dir: ${JSON.stringify(join(folder, "data"))}`,
    `listen-client-urls: ${clientUrl}`,
    `advertise-client-urls: ${clientUrl}`,
    `listen-peer-urls: ${PEER_LISTEN_URL}`,
    `initial-advertise-peer-urls: ${PEER_NAME_URL}`,
    `initial-cluster: palisade=${PEER_NAME_URL}`,
    "",
  ];
  const path = join(folder, "etcd.yaml");
  writeFileSync(path, lines.join("\n"));
  return path;
}

/** Starts a single etcd on loopback with its data in the folder; resolves when it is healthy. */
export function startEtcd(options: StartOptions): Promise<ServerHandle> {
  const folder = resolve(options.folder);
  mkdirSync(folder, { recursive: true });
  return startOnFreePort("etcd", { ...options, folder }, (port) => {
    const url = `http://${LOOPBACK}:${port}`;
    return ChildServer.start({
      kind: "etcd",
      url,
      port,
      folder,
      dataFolder: join(folder, "data"),
      command: options.program,
      args: ["--config-file", writeConfig(folder, url)],
      // etcd 3.4 refuses to start on ARM without being told that this is meant.
      env: process.arch === "arm64" ? { ETCD_UNSUPPORTED_ARCH: "arm64" } : {},
      stopSignal: STOP_SIGNAL.etcd,
      answers: () => etcdAnswers(url),
    });
  });
}
