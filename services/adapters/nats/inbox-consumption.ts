/**
 * Reading an inbox in order. Each life of the consumer is ours to begin: after every reconnect, every missed heartbeat
 * and every doubt, the old one is dropped, the stream's identity is verified, and a new one is made behind the last
 * message that was delivered. A library that restarts consumers by itself would deliver before we have looked.
 *
 * The server pushes, and flow control bounds what is under way: a pull that runs out just when messages come stands
 * still, now and then, until its missing heartbeats are noticed.
 */
import {
  AckPolicy,
  createInbox,
  DeliverPolicy,
  type JetStreamManager,
  type Msg,
  type NatsConnection,
  type Subscription,
} from "nats";
import { type Consumption, type LogMessage, StreamIdentityError } from "../../ports/log.js";
import { watchConnection } from "./connection.js";
import { sequenceFromReply, storedFromReply } from "./names.js";

/** The server speaks at least this often; a consumer that has died is noticed after two missed heartbeats. */
const HEARTBEAT_MS = 500;
const SILENCE_MS_MAX = 2 * HEARTBEAT_MS;
/** The server forgets a consumer that nobody has listened to for so long. */
const CONSUMER_IDLE_MS_MAX = 10_000;
const RETRY_AFTER_MS = 100;

const NANOSECONDS_PER_MS = 1_000_000;

/** The status of messages by which the server only says that it is there. */
const CONTROL_CODE = 100;
const STALLED_HEADER = "Nats-Consumer-Stalled";

interface ConsumptionOptions {
  readonly connection: NatsConnection;
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
  private subscription: Subscription | null = null;
  private watchdog: NodeJS.Timeout | undefined;
  private heardAtMs = 0;
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
    const { connection, manager, stream } = this.options;
    const inbox = createInbox();
    const subscription = connection.subscribe(inbox, {
      callback: (error, message) => {
        if (!error) this.take(life, message);
      },
    });
    try {
      const info = await manager.consumers.add(stream, {
        deliver_subject: inbox,
        ack_policy: AckPolicy.None,
        deliver_policy: DeliverPolicy.StartSequence,
        opt_start_seq: this.nextSequence,
        flow_control: true,
        idle_heartbeat: HEARTBEAT_MS * NANOSECONDS_PER_MS,
        inactive_threshold: CONSUMER_IDLE_MS_MAX * NANOSECONDS_PER_MS,
        mem_storage: true,
        num_replicas: 1,
      });
      if (this.stopped || life !== this.life) {
        subscription.unsubscribe();
        return;
      }
      this.consumerName = info.name;
    } catch (error) {
      subscription.unsubscribe();
      throw error;
    }
    this.subscription = subscription;
    this.heardAtMs = performance.now();
    this.watchdog = setInterval(() => this.watch(), HEARTBEAT_MS);
  }

  private take(life: number, message: Msg): void {
    if (this.stopped || life !== this.life) return;
    this.heardAtMs = performance.now();
    if (message.headers?.code === CONTROL_CODE) return this.control(message);
    const reply = message.reply ?? "";
    const sequence = sequenceFromReply(reply);
    if (sequence !== this.nextSequence) {
      this.lose(new Error(`sequence ${sequence} was delivered where ${this.nextSequence} follows`));
      return;
    }
    this.nextSequence += 1;
    this.options.deliver({ sequence, stored: storedFromReply(reply), data: message.data });
  }

  /** A heartbeat, or the question whether everything sent so far was taken. */
  private control(message: Msg): void {
    if (message.reply) message.respond();
    const stalled = message.headers?.get(STALLED_HEADER);
    if (stalled) this.options.connection.publish(stalled);
  }

  /** Begins anew when nothing was heard of this consumer for too long. */
  private watch(): void {
    if (performance.now() - this.heardAtMs > SILENCE_MS_MAX) this.restart();
  }

  private drop(): void {
    this.life += 1;
    clearInterval(this.watchdog);
    this.subscription?.unsubscribe();
    this.subscription = null;
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
        if (this.subscription) return;
      } catch (error) {
        if (error instanceof StreamIdentityError) {
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
