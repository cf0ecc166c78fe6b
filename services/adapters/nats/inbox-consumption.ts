/**
 * Reading an inbox in order. Each life of the consumer is ours to begin: after every reconnect, every missed heartbeat
 * and every doubt, the old one is dropped, the stream's identity is verified, and a new one is made behind the last
 * message that was delivered. A library that restarts consumers by itself would deliver before we have looked.
 */
import {
  AckPolicy,
  ConsumerEvents,
  type ConsumerMessages,
  DeliverPolicy,
  type JetStreamClient,
  type JetStreamManager,
  type JsMsg,
  type NatsConnection,
} from "nats";
import type { Consumption, LogMessage } from "../../ports/log.js";
import { watchConnection } from "./connection.js";
import { storedFromReply } from "./names.js";

/** The floors that the client allows: a consumer that has died is noticed after two missed heartbeats. */
const PULL_EXPIRES_MS = 1_000;
const HEARTBEAT_MS = 500;
const MESSAGES_AHEAD_MAX = 500;
/** The server forgets a consumer that nobody has asked for so long. */
const CONSUMER_IDLE_MS_MAX = 10_000;
const RETRY_AFTER_MS = 100;

const NANOSECONDS_PER_MS = 1_000_000;

interface ConsumptionOptions {
  readonly connection: NatsConnection;
  readonly client: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly stream: string;
  readonly fromSequence: number;
  readonly deliver: (message: LogMessage) => void;
  readonly verify: () => Promise<void>;
  readonly onLost: (error: Error) => void;
}

export class InboxConsumption implements Consumption {
  private readonly options: ConsumptionOptions;
  private readonly unwatch: () => void;
  private nextSequence: number;
  private messages: ConsumerMessages | null = null;
  private consumerName: string | null = null;
  /** Counts the consumer's lives; what an earlier one still delivers is ignored. */
  private life = 0;
  private restarting: Promise<void> | null = null;
  private stopped = false;

  private constructor(options: ConsumptionOptions) {
    this.options = options;
    this.nextSequence = options.fromSequence;
    this.unwatch = watchConnection(options.connection, {
      lost: () => this.drop(),
      back: () => this.restart(),
    });
  }

  /** Resolves when the first consumer delivers, or rejects as `verify` does. */
  static async start(options: ConsumptionOptions): Promise<InboxConsumption> {
    const consumption = new InboxConsumption(options);
    try {
      await options.verify();
      await consumption.begin();
    } catch (error) {
      consumption.stop();
      throw error;
    }
    return consumption;
  }

  stop(): void {
    if (this.stopped) return;
    this.stopped = true;
    this.unwatch();
    const { manager, stream } = this.options;
    const name = this.consumerName;
    this.drop();
    // Only politeness, and nothing waits for it: the server forgets the consumer anyway.
    if (name) manager.consumers.delete(stream, name).catch(() => undefined);
  }

  /** One life: an ephemeral consumer behind the last delivered message. */
  private async begin(): Promise<void> {
    const life = ++this.life;
    const { client, manager, stream } = this.options;
    const info = await manager.consumers.add(stream, {
      ack_policy: AckPolicy.None,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: this.nextSequence,
      inactive_threshold: CONSUMER_IDLE_MS_MAX * NANOSECONDS_PER_MS,
      mem_storage: true,
      num_replicas: 1,
    });
    const consumer = await client.consumers.get(stream, info.name);
    if (this.stopped || life !== this.life) return;
    this.consumerName = info.name;
    const messages = await consumer.consume({
      expires: PULL_EXPIRES_MS,
      idle_heartbeat: HEARTBEAT_MS,
      max_messages: MESSAGES_AHEAD_MAX,
      callback: (message) => this.take(life, message),
    });
    if (life !== this.life) {
      messages.stop();
      return;
    }
    this.messages = messages;
    void this.watchLife(life, messages);
  }

  private take(life: number, message: JsMsg): void {
    if (this.stopped || life !== this.life) return;
    if (message.seq !== this.nextSequence) {
      this.lose(
        new Error(`sequence ${message.seq} was delivered where ${this.nextSequence} follows`),
      );
      return;
    }
    this.nextSequence += 1;
    const stored = storedFromReply((message as JsMsg & { readonly reply: string }).reply);
    this.options.deliver({ sequence: message.seq, stored, data: message.data });
  }

  /** Begins anew at the first sign that this consumer may be gone. */
  private async watchLife(life: number, messages: ConsumerMessages): Promise<void> {
    const signs = [
      ConsumerEvents.HeartbeatsMissed,
      ConsumerEvents.ConsumerNotFound,
      ConsumerEvents.ConsumerDeleted,
      ConsumerEvents.StreamNotFound,
      ConsumerEvents.NoResponders,
    ] as string[];
    for await (const { type } of await messages.status()) {
      if (life !== this.life || this.stopped) return;
      if (signs.includes(type)) {
        this.restart();
        return;
      }
    }
  }

  private drop(): void {
    this.life += 1;
    this.messages?.stop();
    this.messages = null;
    this.consumerName = null;
  }

  /** Verifies and begins again, until it works, the stream turns out to be another, or it is stopped. */
  private restart(): void {
    this.drop();
    this.restarting ??= this.tryRestart().finally(() => {
      this.restarting = null;
    });
  }

  private async tryRestart(): Promise<void> {
    while (!this.stopped) {
      try {
        await this.options.verify();
        if (!this.stopped) await this.begin();
        // Another sign of trouble may have dropped this life before it began.
        if (this.messages) return;
      } catch (error) {
        if (error instanceof Error && error.name === "StreamIdentityError") {
          this.lose(error);
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, RETRY_AFTER_MS));
      }
    }
  }

  private lose(error: Error): void {
    if (this.stopped) return;
    this.stop();
    this.options.onLost(error);
  }
}
