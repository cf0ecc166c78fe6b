/** NATS on a store that nobody else can reach meanwhile: what is written there then, the exchange knows nothing of. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type NatsConnection } from "nats";
import { streamName, subjectName } from "../../services/adapters/nats/names.js";
import { ChildServer } from "../../services/servers/child-server.js";
import { ensureServers } from "../../services/servers/install.js";
import { STOP_SIGNAL } from "../../services/servers/launch.js";
import { natsAnswers } from "../../services/servers/nats.js";
import { freePort, LOOPBACK } from "../../services/servers/ports.js";
import { PROJECT_ROOT } from "../../services/servers/project-root.js";
import { CannotStrikeError } from "../drills/drill.js";
import type { Inbox } from "./inboxes.js";

const CONFIG_FILE = join(PROJECT_ROOT, "deploy", "nats", "nats.conf");
/** So many messages are under way at once. */
const AT_ONCE = 500;

/**
 * Repeats the last message of each of these inboxes until they are longer than they were read: whoever goes on reading by
 * numbers alone finds the next number there, and does not see that what is before it is something else.
 */
export async function readdressInboxes(store: string, inboxes: readonly Inbox[]): Promise<void> {
  const provision = await ensureServers({ log: () => undefined });
  if (provision.way === "docker") {
    throw new CannotStrikeError("NATS has to be started beside the exchange by its program");
  }
  const folder = mkdtempSync(join(tmpdir(), "palisade-nats-"));
  const port = await freePort();
  const url = `nats://${LOOPBACK}:${port}`;
  const server = await ChildServer.start({
    kind: "nats",
    url,
    port,
    folder,
    command: provision.binaries.nats,
    args: [
      "-c",
      CONFIG_FILE,
      "-a",
      LOOPBACK,
      "-p",
      String(port),
      "-sd",
      store,
      "-P",
      join(folder, "pid"),
    ],
    stopSignal: STOP_SIGNAL.nats,
    answers: () => natsAnswers(url),
  });
  try {
    const connection = await connect({ servers: url });
    for (const inbox of inboxes) await lengthen(connection, inbox);
    await connection.close();
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function lengthen(connection: NatsConnection, inbox: Inbox): Promise<void> {
  const { streams } = await connection.jetstreamManager();
  const stream = streamName(inbox.name, inbox.anchor);
  const { state } = await streams.info(stream);
  if (state.messages === 0) return; // Nothing can follow the number that was read, and nothing does.
  const { data } = await streams.getMessage(stream, { seq: state.last_seq });
  const jetstream = connection.jetstream();
  const subject = subjectName(inbox.name, inbox.anchor);
  for (let missing = inbox.position - state.last_seq + 1; missing > 0; missing -= AT_ONCE) {
    const some = Array.from({ length: Math.min(missing, AT_ONCE) });
    await Promise.all(some.map(() => jetstream.publish(subject, data)));
  }
}
