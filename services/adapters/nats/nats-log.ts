/**
 * The log on JetStream: one stream for each inbox and anchor, one replica (by R5 nothing rests on it), `discard: new`
 * and one limit only, so that what is refused is refused with an answer.
 */
import {
  DiscardPolicy,
  type JetStreamManager,
  type NatsConnection,
  NatsError,
  RetentionPolicy,
  StorageType,
} from "nats";
import type { Clock } from "../../ports/clock.js";
import {
  type Consumption,
  type Log,
  type LogMessage,
  type StreamIdentity,
} from "../../ports/log.js";
import { Presence } from "./connection.js";
import { InboxConsumption } from "./consumption.js";
import { storedFromTime, streamName, subjectName } from "./names.js";
import { isAnswered, NatsConsumerTransport } from "./nats-consumer-transport.js";
import { NatsPublishTransport } from "./nats-publish-transport.js";
import { Publisher } from "./publisher.js";

/**
 * What one inbox may hold before publishers are refused, where nothing else is said: 64 MiB, some 500,000 commands. The
 * server sets the whole of it aside for each stream, out of three quarters of the free disk, so more would leave room for
 * few symbols.
 */
const INBOX_MIB = 64;
const BYTES_PER_MIB = 1_048_576;
const CALL_MS_MAX = 2_000;

const STREAM_NOT_FOUND = 10_059;
const MESSAGE_NOT_FOUND = 10_037;
/** Of memory, of disk, of what the account may have. */
const NO_ROOM: ReadonlySet<number | undefined> = new Set([10_023, 10_028, 10_047, 10_002]);

/** The server sets no more disk aside. */
export class InboxRoomError extends Error {
  override readonly name = "InboxRoomError";
  readonly code = "INBOX_NO_ROOM";
}

/** Asks JetStream's API; rejects as soon as there is no connection, or has been none for too long. */
export type Ask = <T>(question: (manager: JetStreamManager) => Promise<T>) => Promise<T>;

export class NatsLog implements Log {
  private readonly connection: NatsConnection;
  private readonly manager: JetStreamManager;
  private readonly publisher: Publisher;
  private readonly presence: Presence;
  private readonly clock: Clock;
  private readonly inboxMib: number;

  private constructor(
    connection: NatsConnection,
    manager: JetStreamManager,
    clock: Clock,
    inboxMib: number,
  ) {
    this.connection = connection;
    this.manager = manager;
    this.clock = clock;
    this.inboxMib = inboxMib;
    this.publisher = new Publisher(new NatsPublishTransport(connection), clock);
    this.presence = new Presence(connection);
  }

  /** `inboxMib`: what each inbox that is made here may hold, in MiB. */
  static async open(
    connection: NatsConnection,
    clock: Clock,
    inboxMib: number = INBOX_MIB,
  ): Promise<NatsLog> {
    const manager = await connection.jetstreamManager({ timeout: CALL_MS_MAX });
    return new NatsLog(connection, manager, clock, inboxMib);
  }

  async create(actorName: string, anchor: number): Promise<StreamIdentity> {
    await this.remove(actorName, anchor);
    const info = await this.ask(({ streams }) =>
      streams.add({
        name: streamName(actorName, anchor),
        subjects: [subjectName(actorName, anchor)],
        storage: StorageType.File,
        retention: RetentionPolicy.Limits,
        discard: DiscardPolicy.New,
        max_bytes: this.inboxMib * BYTES_PER_MIB,
        num_replicas: 1,
        ...this.placement(),
      }),
    ).catch((error: unknown) => {
      throw NO_ROOM.has(apiCode(error)) ? this.noRoom(actorName, error) : error;
    });
    return { created: info.created, firstSequence: 1, lastSequence: 0 };
  }

  async identify(actorName: string, anchor: number): Promise<StreamIdentity | null> {
    const name = streamName(actorName, anchor);
    const info = await ignoring(
      STREAM_NOT_FOUND,
      this.ask(({ streams }) => streams.info(name)),
    );
    if (!info) return null;
    const { first_seq, last_seq } = info.state;
    // A stream that never held anything says 0.
    return { created: info.created, firstSequence: Math.max(first_seq, 1), lastSequence: last_seq };
  }

  async read(actorName: string, anchor: number, sequence: number): Promise<LogMessage | null> {
    const name = streamName(actorName, anchor);
    const reading = this.ask(({ streams }) => streams.getMessage(name, { seq: sequence }));
    const message = await ignoring(MESSAGE_NOT_FOUND, ignoring(STREAM_NOT_FOUND, reading));
    if (!message) return null;
    return { sequence, stored: storedFromTime(message.timestamp), data: message.data };
  }

  /**
   * Publishes in the order of the calls. A refusal as `unavailable` means that no answer came: the frame may have been
   * taken all the same.
   */
  publish(actorName: string, anchor: number, frame: Uint8Array): Promise<void> {
    return this.publisher.publish(actorName, anchor, frame);
  }

  post(actorName: string, anchor: number, frame: Uint8Array): void {
    this.publisher.post(actorName, anchor, frame);
  }

  async consume(
    actorName: string,
    anchor: number,
    fromSequence: number,
    options: Parameters<Log["consume"]>[3],
  ): Promise<Consumption> {
    const stream = streamName(actorName, anchor);
    const transport = new NatsConsumerTransport(this.connection, this.ask, stream);
    return InboxConsumption.start(transport, this.clock, fromSequence, options);
  }

  answers(): Promise<boolean> {
    return isAnswered(this.ask);
  }

  async trim(actorName: string, anchor: number, belowSequence: number): Promise<void> {
    // Nothing is below the first message; and asked to purge below 1, the server purges everything.
    if (belowSequence <= 1) return;
    const name = streamName(actorName, anchor);
    await this.ask(({ streams }) => streams.purge(name, { seq: belowSequence }));
  }

  async remove(actorName: string, anchor: number): Promise<void> {
    const name = streamName(actorName, anchor);
    await ignoring(
      STREAM_NOT_FOUND,
      this.ask(({ streams }) => streams.delete(name)),
    );
  }

  private readonly ask: Ask = async (question) => {
    await this.presence.untilBack(CALL_MS_MAX);
    if (this.presence.isAway) throw new Error("there is no connection to NATS");
    return this.presence.during(question(this.manager));
  };

  private noRoom(actorName: string, error: unknown): InboxRoomError {
    const message = `NATS has no room for the inbox of ${actorName}, which may hold ${this.inboxMib} MiB: ${String(error)}`;
    return new InboxRoomError(message);
  }

  /**
   * In a cluster a stream goes to the server that this process is connected to. Left to itself, the cluster puts it on the
   * emptiest one, which for minutes may be a server that has died, and nobody answers.
   */
  private placement(): { placement?: { cluster: string; tags: string[] } } {
    const { cluster, server_name } = this.connection.info ?? {};
    return cluster ? { placement: { cluster, tags: [server_name ?? ""] } } : {};
  }
}

/** Null when the server answers with this error. */
async function ignoring<T>(code: number, work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (apiCode(error) === code) return null;
    throw error;
  }
}

function apiCode(error: unknown): number | undefined {
  return error instanceof NatsError ? error.api_error?.err_code : undefined;
}
