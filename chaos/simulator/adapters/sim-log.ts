/** The log of one process on the NATS of a run. */
import { InboxConsumption } from "../../../services/adapters/nats/consumption.js";
import { Publisher } from "../../../services/adapters/nats/publisher.js";
import type { Consumption, Log, LogMessage, StreamIdentity } from "../../../services/ports/log.js";
import type { Stream } from "../servers/streams.js";
import type { NatsConnection } from "./nats-connection.js";
import { isAnswered, SimConsumerTransport } from "./sim-consumer-transport.js";
import { SimPublishTransport } from "./sim-publish-transport.js";

export class SimLog implements Log {
  private readonly connection: NatsConnection;
  private readonly publisher: Publisher;

  constructor(connection: NatsConnection) {
    this.connection = connection;
    this.publisher = new Publisher(new SimPublishTransport(connection), connection.process.clock);
  }

  async create(actorName: string, anchor: number): Promise<StreamIdentity> {
    const { connection } = this;
    await this.remove(actorName, anchor);
    const { nats, process } = connection;
    return connection.request("create stream", () =>
      identityOf(nats.create(process, actorName, anchor)),
    );
  }

  identify(actorName: string, anchor: number): Promise<StreamIdentity | null> {
    return this.connection.request("identify stream", () => {
      const { nats, process } = this.connection;
      const stream = nats.reach(process, actorName, anchor);
      return stream ? identityOf(stream) : null;
    });
  }

  read(actorName: string, anchor: number, sequence: number): Promise<LogMessage | null> {
    return this.connection.request("read message", () => {
      const { nats, process } = this.connection;
      const stream = nats.reach(process, actorName, anchor);
      return stream?.read(sequence) ?? null;
    });
  }

  publish(actorName: string, anchor: number, frame: Uint8Array): Promise<void> {
    return this.publisher.publish(actorName, anchor, frame);
  }

  post(actorName: string, anchor: number, frame: Uint8Array): void {
    this.publisher.post(actorName, anchor, frame);
  }

  consume(
    actorName: string,
    anchor: number,
    fromSequence: number,
    options: Parameters<Log["consume"]>[3],
  ): Promise<Consumption> {
    const { connection } = this;
    const transport = new SimConsumerTransport(connection, actorName, anchor);
    return InboxConsumption.start(transport, connection.process.clock, fromSequence, options);
  }

  answers(): Promise<boolean> {
    return isAnswered(this.connection);
  }

  async trim(actorName: string, anchor: number, belowSequence: number): Promise<void> {
    if (belowSequence <= 1) return;
    const { nats, process } = this.connection;
    await this.connection.request("trim stream", () =>
      nats.trim(process, actorName, anchor, belowSequence),
    );
  }

  async remove(actorName: string, anchor: number): Promise<void> {
    const { nats, process } = this.connection;
    await this.connection.request("remove stream", () => nats.remove(process, actorName, anchor));
  }
}

function identityOf({ created, firstSequence, lastSequence }: Stream): StreamIdentity {
  return { created, firstSequence, lastSequence };
}
