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
import {
  type Consumption,
  type Log,
  type LogMessage,
  type StreamIdentity,
} from "../../ports/log.js";
import { InboxConsumption } from "./inbox-consumption.js";
import { storedFromTime, streamName, subjectName } from "./names.js";
import { Publisher } from "./publisher.js";

/**
 * What one inbox may hold before publishers are refused: 64 MiB, some 500,000 commands. The server sets the whole of it
 * aside for each stream, out of three quarters of the free disk, so more would leave room for few symbols.
 */
const STREAM_BYTES_MAX = 67_108_864;
const CALL_MS_MAX = 2_000;

const STREAM_NOT_FOUND = 10_059;
const MESSAGE_NOT_FOUND = 10_037;

export class NatsLog implements Log {
  private readonly connection: NatsConnection;
  private readonly manager: JetStreamManager;
  private readonly publisher: Publisher;

  private constructor(connection: NatsConnection, manager: JetStreamManager) {
    this.connection = connection;
    this.manager = manager;
    this.publisher = new Publisher(connection);
  }

  static async open(connection: NatsConnection): Promise<NatsLog> {
    return new NatsLog(connection, await connection.jetstreamManager({ timeout: CALL_MS_MAX }));
  }

  async create(actorName: string, anchor: number): Promise<StreamIdentity> {
    const name = streamName(actorName, anchor);
    await this.remove(actorName, anchor);
    const info = await this.manager.streams.add({
      name,
      subjects: [subjectName(actorName, anchor)],
      storage: StorageType.File,
      retention: RetentionPolicy.Limits,
      discard: DiscardPolicy.New,
      max_bytes: STREAM_BYTES_MAX,
      num_replicas: 1,
    });
    return { created: info.created, firstSequence: 1, lastSequence: 0 };
  }

  async identify(actorName: string, anchor: number): Promise<StreamIdentity | null> {
    const info = await ignoring(
      STREAM_NOT_FOUND,
      this.manager.streams.info(streamName(actorName, anchor)),
    );
    if (!info) return null;
    const { first_seq, last_seq } = info.state;
    // A stream that never held anything says 0.
    return { created: info.created, firstSequence: Math.max(first_seq, 1), lastSequence: last_seq };
  }

  async read(actorName: string, anchor: number, sequence: number): Promise<LogMessage | null> {
    const name = streamName(actorName, anchor);
    const reading = this.manager.streams.getMessage(name, { seq: sequence });
    const message = await ignoring(MESSAGE_NOT_FOUND, ignoring(STREAM_NOT_FOUND, reading));
    if (!message) return null;
    return { sequence, stored: storedFromTime(message.timestamp), data: message.data };
  }

  /**
   * Publishes in the order of the calls. A refusal as `unavailable` means that no answer came: the frame may have been
   * taken all the same.
   */
  publish(actorName: string, anchor: number, frame: Uint8Array): Promise<void> {
    return this.publisher.publish(subjectName(actorName, anchor), frame);
  }

  async consume(
    actorName: string,
    anchor: number,
    fromSequence: number,
    options: Parameters<Log["consume"]>[3],
  ): Promise<Consumption> {
    const stream = streamName(actorName, anchor);
    const { connection, manager } = this;
    return InboxConsumption.start({
      connection,
      manager,
      stream,
      fromSequence,
      ...options,
    });
  }

  async trim(actorName: string, anchor: number, belowSequence: number): Promise<void> {
    // Nothing is below the first message; and asked to purge below 1, the server purges everything.
    if (belowSequence <= 1) return;
    await this.manager.streams.purge(streamName(actorName, anchor), { seq: belowSequence });
  }

  async remove(actorName: string, anchor: number): Promise<void> {
    await ignoring(STREAM_NOT_FOUND, this.manager.streams.delete(streamName(actorName, anchor)));
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
