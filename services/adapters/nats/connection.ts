/** The connection to NATS that a process has: it reconnects for ever and notices a dead server soon. */
import { connect, Events, type NatsConnection } from "nats";

const RECONNECT_WAIT_MS = 50;
const RECONNECT_JITTER_MS = 50;
const PING_EVERY_MS = 2_000;
const PINGS_LOST_MAX = 2;
const CONNECT_MS_MAX = 5_000;

/** `urls`: one server, or some of a cluster's, with commas between them; the others are learnt from these. */
export function connectNats(urls: string, name: string): Promise<NatsConnection> {
  return connect({
    servers: urls.split(",").map((url) => url.trim()),
    name,
    timeout: CONNECT_MS_MAX,
    reconnect: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_WAIT_MS,
    reconnectJitter: RECONNECT_JITTER_MS,
    pingInterval: PING_EVERY_MS,
    maxPingOut: PINGS_LOST_MAX,
    noAsyncTraces: true,
  });
}

/** Calls back on each loss of the connection and on each return of it. */
export function watchConnection(
  connection: NatsConnection,
  handlers: { readonly lost: () => void; readonly back: () => void },
): () => void {
  const status = connection.status();
  void (async () => {
    for await (const { type } of status) {
      if (type === Events.Disconnect) handlers.lost();
      if (type === Events.Reconnect) handlers.back();
    }
  })();
  return () => (status as { stop?: () => void }).stop?.();
}
