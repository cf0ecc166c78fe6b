/** The bus of one process on the NATS of a run. */
import type { Bus } from "../../../services/ports/log.js";
import type { NatsConnection } from "./nats-connection.js";

const ROUND_TRIP_MS_MAX = 500;

export class SimBus implements Bus {
  private readonly connection: NatsConnection;

  constructor(connection: NatsConnection) {
    this.connection = connection;
  }

  publish(subject: string, data: Uint8Array): void {
    const { connection } = this;
    const { process, nats } = connection;
    // Whoever says something may change its bytes afterwards.
    const said = Buffer.from(data);
    connection.send(() => nats.say(process, subject, said));
  }

  subscribe(subject: string, handler: (data: Uint8Array, subject: string) => void): () => void {
    return this.connection.subscribe(subject, handler);
  }

  onReconnect(handler: () => void): () => void {
    return this.connection.onBack(handler);
  }

  async roundTrip(): Promise<void> {
    if (this.connection.isAway) throw new Error("there is no connection to NATS");
    await this.connection.roundTrip(ROUND_TRIP_MS_MAX);
  }
}
