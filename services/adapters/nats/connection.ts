/** The connection to NATS that a process has: it reconnects for ever and notices a dead server soon. */
import { connect, Events, type NatsConnection } from "nats";

const RECONNECT_WAIT_MS = 50;
const RECONNECT_JITTER_MS = 50;
/** A connection whose other end has gone without a word is given up after two to three times as long; a server that stands still for less is waited for. */
export const PING_EVERY_MS = 1_000;
const PINGS_LOST_MAX = 2;
const CONNECT_MS_MAX = 5_000;

/** `urls`: one server, or some of a cluster's, with commas between them; the others are learnt from these. */
export function connectNats(urls: string, name: string): Promise<NatsConnection> {
  return connect({
    servers: urls.split(","),
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

/**
 * Whether the connection is there. The client lets what was asked before a break wait for an answer that cannot come,
 * and drops what is asked during it; here the one is given up at once, and the other waits for the return.
 */
export class Presence {
  private away = false;
  private readonly underWay = new Set<(error: Error) => void>();
  private readonly waiting = new Set<() => void>();

  constructor(connection: NatsConnection) {
    watchConnection(connection, { lost: () => this.lost(), back: () => this.back() });
    void connection.closed().then(() => this.lost());
  }

  get isAway(): boolean {
    return this.away;
  }

  /** What the work gives; rejects as soon as the connection breaks. */
  async during<T>(work: Promise<T>): Promise<T> {
    let giveUp!: (error: Error) => void;
    const broken = new Promise<never>((_, reject) => {
      giveUp = reject;
    });
    this.underWay.add(giveUp);
    try {
      return await Promise.race([work, broken]);
    } finally {
      this.underWay.delete(giveUp);
    }
  }

  /** Resolves when the connection is there, at the latest after so many milliseconds, there or not. */
  async untilBack(limitMs: number): Promise<void> {
    if (!this.away) return;
    let timer: NodeJS.Timeout | undefined;
    let resume!: () => void;
    const over = new Promise<void>((resolve) => {
      resume = resolve;
      timer = setTimeout(resolve, limitMs);
    });
    this.waiting.add(resume);
    await over;
    clearTimeout(timer);
    this.waiting.delete(resume);
  }

  private lost(): void {
    this.away = true;
    const error = new Error("the connection to NATS broke before there was an answer");
    for (const giveUp of this.underWay) giveUp(error);
  }

  private back(): void {
    this.away = false;
    for (const resume of this.waiting) resume();
  }
}
