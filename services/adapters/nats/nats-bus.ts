/** The bus on plain NATS: messages that may be lost. */
import type { NatsConnection } from "nats";
import type { Bus } from "../../ports/log.js";
import { watchConnection } from "./connection.js";

export class NatsBus implements Bus {
  private readonly connection: NatsConnection;

  constructor(connection: NatsConnection) {
    this.connection = connection;
  }

  publish(subject: string, data: Uint8Array): void {
    if (!this.connection.isClosed()) this.connection.publish(subject, data);
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
}
