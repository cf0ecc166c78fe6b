/** A NATS server of our own, with JetStream. It orders and carries; Postgres keeps (R5). */
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { connect } from "nats";
import { ChildServer, type ServerHandle } from "./child-server.js";
import { type StartOptions, startOnFreePort, STOP_SIGNAL } from "./launch.js";
import { LOOPBACK } from "./ports.js";
import { PROJECT_ROOT } from "./project-root.js";

const CONFIG_FILE = join(PROJECT_ROOT, "deploy", "nats", "nats.conf");
const ANSWER_LIMIT_MS = 2_000;

/** Resolves when JetStream itself answers, which is later than the port does. */
export async function natsAnswers(url: string): Promise<void> {
  const connection = await connect({ servers: url, timeout: ANSWER_LIMIT_MS, reconnect: false });
  try {
    await connection.jetstreamManager({ timeout: ANSWER_LIMIT_MS });
  } finally {
    await connection.close();
  }
}

/** Starts nats-server on loopback with its store in the folder; resolves when JetStream answers. */
export function startNats(options: StartOptions): Promise<ServerHandle> {
  const folder = resolve(options.folder);
  mkdirSync(folder, { recursive: true });
  return startOnFreePort("nats", { ...options, folder }, (port) => {
    const url = `nats://${LOOPBACK}:${port}`;
    const store = join(folder, "store");
    return ChildServer.start({
      kind: "nats",
      url,
      port,
      folder,
      dataFolder: store,
      command: options.program,
      args: ["-c", CONFIG_FILE, "-a", LOOPBACK, "-p", String(port), "-sd", store],
      stopSignal: STOP_SIGNAL.nats,
      answers: () => natsAnswers(url),
    });
  });
}
