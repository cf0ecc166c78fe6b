/**
 * One stream of JetStream, and ephemeral consumers on it.
 *
 * The server pushes, and flow control bounds what is under way: a pull that runs out just when messages come stands
 * still, now and then, until its missing heartbeats are noticed.
 */
import {
  AckPolicy,
  createInbox,
  DeliverPolicy,
  ErrorCode,
  type Msg,
  type NatsConnection,
  NatsError,
} from "nats";
import type { LogMessage } from "../../ports/log.js";
import { watchConnection } from "./connection.js";
import {
  type Consumer,
  type ConsumerTransport,
  type ControlMessage,
  HEARTBEAT_MS,
} from "./consumption.js";
import { placeFromReply } from "./names.js";
import type { Ask } from "./nats-log.js";

/** The server forgets a consumer that nobody has listened to for so long. */
const CONSUMER_IDLE_MS_MAX = 10_000;

const NOBODY: readonly string[] = [ErrorCode.Timeout, ErrorCode.NoResponders];
const CLUSTER_NOT_AVAILABLE = 10_008;

const NANOSECONDS_PER_MS = 1_000_000;

/** The status of messages by which the server only says that it is there. */
const CONTROL_CODE = 100;
const STALLED_HEADER = "Nats-Consumer-Stalled";

export class NatsConsumerTransport implements ConsumerTransport {
  readonly stream: string;
  private readonly connection: NatsConnection;
  private readonly ask: Ask;

  constructor(connection: NatsConnection, ask: Ask, stream: string) {
    this.connection = connection;
    this.ask = ask;
    this.stream = stream;
  }

  async consume(
    fromSequence: number,
    take: (pushed: LogMessage | ControlMessage) => void,
  ): Promise<Consumer> {
    const { ask, stream } = this;
    const inbox = createInbox();
    const subscription = this.connection.subscribe(inbox, {
      callback: (error, message) => {
        if (!error) take(this.read(message));
      },
    });
    try {
      const name = await this.make(inbox, fromSequence);
      return {
        leave: () => subscription.unsubscribe(),
        forget: () => {
          ask(({ consumers }) => consumers.delete(stream, name)).catch(() => undefined);
        },
      };
    } catch (error) {
      subscription.unsubscribe();
      throw error;
    }
  }

  watch(handlers: Parameters<ConsumerTransport["watch"]>[0]): () => void {
    return watchConnection(this.connection, handlers);
  }

  saysNothing(error: unknown): boolean {
    if (!(error instanceof NatsError)) return false;
    return NOBODY.includes(error.code) || error.api_error?.err_code === CLUSTER_NOT_AVAILABLE;
  }

  answers(): Promise<boolean> {
    return isAnswered(this.ask);
  }

  private async make(inbox: string, fromSequence: number): Promise<string> {
    const info = await this.ask(({ consumers }) =>
      consumers.add(this.stream, {
        deliver_subject: inbox,
        ack_policy: AckPolicy.None,
        deliver_policy: DeliverPolicy.StartSequence,
        opt_start_seq: fromSequence,
        flow_control: true,
        idle_heartbeat: HEARTBEAT_MS * NANOSECONDS_PER_MS,
        inactive_threshold: CONSUMER_IDLE_MS_MAX * NANOSECONDS_PER_MS,
        mem_storage: true,
        num_replicas: 1,
      }),
    );
    return info.name;
  }

  private read(message: Msg): LogMessage | ControlMessage {
    if (message.headers?.code === CONTROL_CODE) return { answer: () => this.answer(message) };
    const { sequence, stored } = placeFromReply(message.reply ?? "");
    return { sequence, stored, data: message.data };
  }

  private answer(message: Msg): void {
    if (message.reply) message.respond();
    const stalled = message.headers?.get(STALLED_HEADER);
    if (stalled) this.connection.publish(stalled);
  }
}

/** Does anybody answer questions about streams? */
export function isAnswered(ask: Ask): Promise<boolean> {
  return ask((manager) => manager.getAccountInfo()).then(
    () => true,
    () => false,
  );
}
