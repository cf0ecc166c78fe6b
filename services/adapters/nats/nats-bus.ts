/** The bus on plain NATS: messages that may be lost. */
import type { NatsConnection } from "nats";
import type { Bus } from "../../ports/log.js";
import { Presence, watchConnection } from "./connection.js";
import { Outgoing } from "./outgoing.js";

const ROUND_TRIP_MS_MAX = 500;

export class NatsBus implements Bus {
  private readonly connection: NatsConnection;
  private readonly outgoing: Outgoing;
  private readonly presence: Presence;
  /** The question that is not answered yet: everybody who asks meanwhile waits for the same answer. */
  private ping: Promise<void> | null = null;

  constructor(connection: NatsConnection) {
    this.connection = connection;
    this.outgoing = Outgoing.of(connection);
    this.presence = new Presence(connection);
  }

  publish(subject: string, data: Uint8Array): void {
    this.outgoing.publish(subject, data);
  }

  subscribe(subject: string, handler: (data: Uint8Array, subject: string) => void): () => void {
    const subscription = this.connection.subscribe(subject, {
      callback: (error, message) => {
        if (!error) handler(message.data, message.subject);
      },
    });
    return () => subscription.unsubscribe();
  }

  onReconnect(handler: () => void): () => void {
    return watchConnection(this.connection, { lost: () => undefined, back: handler });
  }

  /** Rejects at once when the connection is away or breaks, and after half a second without an answer. */
  async roundTrip(): Promise<void> {
    if (this.presence.isAway) throw new Error("there is no connection to NATS");
    this.ping ??= this.presence.during(this.connection.flush()).finally(() => {
      this.ping = null;
    });
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      const message = `NATS has not answered for ${ROUND_TRIP_MS_MAX} ms`;
      timer = setTimeout(() => reject(new Error(message)), ROUND_TRIP_MS_MAX);
    });
    try {
      await Promise.race([this.ping, tooLate]);
    } finally {
      clearTimeout(timer);
    }
  }
}
