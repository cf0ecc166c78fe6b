/**
 * What is said over a connection in one turn of the event loop goes out in one write, in the order of the calls. A write
 * costs this process, the server and whoever it wakes more than one message more in it does.
 */
import type { NatsConnection } from "nats";

interface Message {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly reply: string;
}

/** One for each connection: what its log and its bus say keeps its order. */
const ofConnections = new WeakMap<NatsConnection, Outgoing>();

export class Outgoing {
  private readonly connection: NatsConnection;
  private messages: Message[] = [];

  private constructor(connection: NatsConnection) {
    this.connection = connection;
  }

  static of(connection: NatsConnection): Outgoing {
    let outgoing = ofConnections.get(connection);
    if (!outgoing) {
      outgoing = new Outgoing(connection);
      ofConnections.set(connection, outgoing);
    }
    return outgoing;
  }

  /** `data` must not change any more. */
  publish(subject: string, data: Uint8Array, reply = ""): void {
    if (this.messages.length === 0) setImmediate(this.flush);
    this.messages.push({ subject, data, reply });
  }

  private readonly flush = (): void => {
    const { connection, messages } = this;
    this.messages = [];
    for (const { subject, data, reply } of messages) {
      try {
        connection.publish(subject, data, { reply });
      } catch {
        // A connection that is ending takes nothing, a server nothing that is too long for it. It is lost, as any message may
        // be; the others are not.
      }
    }
  };
}
