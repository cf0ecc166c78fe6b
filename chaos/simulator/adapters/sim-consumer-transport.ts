/** One stream on the NATS of a run, and consumers on it. */
import {
  type Consumer,
  type ConsumerTransport,
  HEARTBEAT_MS,
} from "../../../services/adapters/nats/consumption.js";
import { every } from "../../../services/ports/clock.js";
import { OutOfReachError } from "../servers/nats.js";
import type { Consumer as Listener, StoredMessage } from "../servers/streams.js";
import { type NatsConnection, NoAnswerError } from "./nats-connection.js";

type Take = Parameters<ConsumerTransport["consume"]>[1];

const HEARTBEAT = { answer: () => undefined };

export class SimConsumerTransport implements ConsumerTransport {
  readonly stream: string;
  private readonly connection: NatsConnection;
  private readonly actorName: string;
  private readonly anchor: number;

  constructor(connection: NatsConnection, actorName: string, anchor: number) {
    this.connection = connection;
    this.actorName = actorName;
    this.anchor = anchor;
    this.stream = `the inbox of ${actorName}`;
  }

  async consume(fromSequence: number, take: Take): Promise<Consumer> {
    const { connection, actorName, anchor } = this;
    const { nats, process, currentLife } = connection;
    let hears = true;
    const push = (message: StoredMessage) => {
      // Who has its stream cannot reach who is apart, and does not try again.
      if (!nats.isTogether(process, actorName)) return;
      connection.answer(currentLife, () => {
        if (hears) take(message);
      });
    };
    const listener: Listener = { next: fromSequence, push };
    const stopHeartbeats = this.beat(listener, take);
    // The server forgets at once what nobody listens to any more.
    const leave = () => {
      hears = false;
      stopHeartbeats();
      unlisten();
      this.listeners?.delete(listener);
    };
    const unlisten = process.onEnd(leave);
    try {
      await connection.request("consume", () => {
        const stream = nats.reach(process, actorName, anchor);
        if (!stream) throw new Error("10059: stream not found");
        if (hears) stream.add(listener);
      });
    } catch (error) {
      leave();
      throw error;
    }
    return { leave, forget: () => undefined };
  }

  watch(handlers: Parameters<ConsumerTransport["watch"]>[0]): () => void {
    return this.connection.watch(handlers);
  }

  saysNothing(error: unknown): boolean {
    return error instanceof NoAnswerError || error instanceof OutOfReachError;
  }

  answers(): Promise<boolean> {
    return isAnswered(this.connection);
  }

  /** Heartbeats are not sent: whether they would be heard is known. */
  private beat(listener: Listener, take: Take): () => void {
    const { connection } = this;
    return every(connection.process.clock, HEARTBEAT_MS, () => {
      const { hears, nats, process } = connection;
      const isTogether = nats.isTogether(process, this.actorName);
      if (hears && isTogether && this.listeners?.has(listener)) take(HEARTBEAT);
    });
  }

  private get listeners(): Set<Listener> | undefined {
    return this.connection.nats.stream(this.actorName, this.anchor)?.consumers;
  }
}

/** Does anybody answer questions about streams? */
export function isAnswered(connection: NatsConnection): Promise<boolean> {
  const { nats, process } = connection;
  return connection
    .request("account", () => nats.askStreams(process))
    .then(
      () => true,
      () => false,
    );
}
