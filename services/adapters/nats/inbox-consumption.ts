/**
 * Reading an inbox in order. Each life of the consumer is ours to begin: after every reconnect, every missed heartbeat
 * and every doubt, the old one is dropped, a new one is made behind the last message that was delivered, and nothing is
 * delivered of it until the stream's identity is verified (R5). A library that restarts consumers by itself would
 * deliver before we have looked.
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
  type Subscription,
} from "nats";
import { type Consumption, type LogMessage, StreamIdentityError } from "../../ports/log.js";
import { watchConnection } from "./connection.js";
import { sequenceFromReply, storedFromReply } from "./names.js";
import type { Ask } from "./nats-log.js";

/** The server speaks at least this often; a consumer that has died is noticed after two missed heartbeats. */
const HEARTBEAT_MS = 500;
const SILENCE_MS_MAX = 2 * HEARTBEAT_MS;
/** The server forgets a consumer that nobody has listened to for so long. */
const CONSUMER_IDLE_MS_MAX = 10_000;
const RETRY_AFTER_MS = 100;
/** A stream that is silent for so long while JetStream answers was on a server that is gone. */
const STREAM_UNREACHABLE_MS_MAX = 3_000;

const NOBODY: readonly string[] = [ErrorCode.Timeout, ErrorCode.NoResponders];
const CLUSTER_NOT_AVAILABLE = 10_008;

const NANOSECONDS_PER_MS = 1_000_000;

/** The status of messages by which the server only says that it is there. */
const CONTROL_CODE = 100;
const STALLED_HEADER = "Nats-Consumer-Stalled";

interface ConsumptionOptions {
  readonly connection: NatsConnection;
  readonly ask: Ask;
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
  /** When something was last heard of this consumer. */
  private heardAtMs = 0;
  /** Until when the stream was in reach, or nothing was and so nobody could tell. */
  private inReachAtMs = performance.now();
  private consumerName: string | null = null;
  /** Counts the consumer's lives; what an earlier one still delivers is ignored. */
  private life = 0;
  /** One attempt at a time: what goes wrong with it is told once. */
  private beginning: Promise<void> | null = null;
  private stopped = false;

  private constructor(options: ConsumptionOptions) {
    this.options = options;
    this.nextSequence = options.fromSequence;
    this.unwatch = watchConnection(options.connection, {
      lost: () => this.drop(),
      back: () => this.restart(performance.now()),
    });
  }

  /** Resolves when the first consumer delivers, or rejects as `verify` does. */
  static async start(options: ConsumptionOptions): Promise<InboxConsumption> {
    const consumption = new InboxConsumption(options);
    try {
      consumption.beginning = consumption.untilBegun(true);
      await consumption.beginning;
    } catch (error) {
      consumption.stop();
      throw error;
    } finally {
      consumption.beginning = null;
    }
    return consumption;
  }

  stop(): void {
    if (this.stopped) return;
    this.stopped = true;
    this.unwatch();
    const name = this.consumerName;
    this.drop();
    if (name) this.forget(name);
  }

  /** One life: an ephemeral consumer behind the last delivered message. */
  private async begin(): Promise<void> {
    const life = ++this.life;
    const inbox = createInbox();
    let held: Msg[] | null = [];
    const subscription = this.options.connection.subscribe(inbox, {
      callback: (error, message) => {
        if (error) return;
        if (held) held.push(message);
        else this.take(life, message);
      },
    });
    // Asked for in this order, and not in turn: a stream that took the place of another is seen by who looks later.
    const [consumer, verified] = await Promise.allSettled([
      this.makeConsumer(inbox),
      this.options.verify(),
    ]);
    const failure = [verified, consumer].find(({ status }) => status === "rejected");
    if (failure || this.stopped || life !== this.life) {
      subscription.unsubscribe();
      if (consumer.status === "fulfilled") this.forget(consumer.value);
      if (failure) throw (failure as PromiseRejectedResult).reason;
      return;
    }
    this.consumerName = (consumer as PromiseFulfilledResult<string>).value;
    this.subscription = subscription;
    this.hear();
    this.watchdog = setInterval(() => this.watch(), HEARTBEAT_MS);
    for (const message of held) this.take(life, message);
    held = null;
  }

  private async makeConsumer(inbox: string): Promise<string> {
    const info = await this.options.ask(({ consumers }) =>
      consumers.add(this.options.stream, {
        deliver_subject: inbox,
        ack_policy: AckPolicy.None,
        deliver_policy: DeliverPolicy.StartSequence,
        opt_start_seq: this.nextSequence,
        flow_control: true,
        idle_heartbeat: HEARTBEAT_MS * NANOSECONDS_PER_MS,
        inactive_threshold: CONSUMER_IDLE_MS_MAX * NANOSECONDS_PER_MS,
        mem_storage: true,
        num_replicas: 1,
      }),
    );
    return info.name;
  }

  /** Only politeness, and nothing waits for it: the server forgets the consumer anyway. */
  private forget(consumer: string): void {
    const { ask, stream } = this.options;
    ask(({ consumers }) => consumers.delete(stream, consumer)).catch(() => undefined);
  }

  private take(life: number, message: Msg): void {
    if (this.stopped || life !== this.life) return;
    this.hear();
    if (message.headers?.code === CONTROL_CODE) return this.control(message);
    const reply = message.reply ?? "";
    const sequence = sequenceFromReply(reply);
    if (sequence !== this.nextSequence) {
      const reason = `sequence ${sequence} was delivered where ${this.nextSequence} follows`;
      this.lose(new StreamIdentityError(reason));
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

  private hear(): void {
    this.heardAtMs = performance.now();
    this.inReachAtMs = this.heardAtMs;
  }

  /** Begins anew when nothing was heard of this consumer for too long. */
  private watch(): void {
    if (performance.now() - this.heardAtMs > SILENCE_MS_MAX) this.restart(this.heardAtMs);
  }

  private drop(): void {
    this.life += 1;
    clearInterval(this.watchdog);
    this.subscription?.unsubscribe();
    this.subscription = null;
    this.consumerName = null;
  }

  /** Begins anew. `inReachAtMs`: since when the stream may be out of reach. */
  private restart(inReachAtMs: number): void {
    this.drop();
    this.inReachAtMs = inReachAtMs;
    this.beginning ??= this.untilBegun(false)
      .catch((error: Error) => this.lose(error))
      .finally(() => {
        this.beginning = null;
      });
  }

  /** Begins until it works, or until there is no use in it: the rejection says why. */
  private async untilBegun(isFirst: boolean): Promise<void> {
    while (!this.stopped) {
      try {
        await this.begin();
        // Another sign of trouble may have dropped this life before it began.
        if (this.subscription) return;
      } catch (error) {
        await this.judge(error, isFirst);
        await new Promise((resolve) => setTimeout(resolve, RETRY_AFTER_MS));
      }
    }
  }

  /** Throws when it is of no use to try again. At first that is the caller's to decide, but for a stream out of reach. */
  private async judge(error: unknown, isFirst: boolean): Promise<void> {
    if (error instanceof StreamIdentityError) throw error;
    if (isFirst && !saysNothing(error)) throw error;
    if (!(await this.jetStreamAnswers())) {
      if (isFirst) throw error;
      this.inReachAtMs = performance.now();
      return;
    }
    const elapsedMs = Math.round(performance.now() - this.inReachAtMs);
    if (!saysNothing(error) || elapsedMs < STREAM_UNREACHABLE_MS_MAX) return;
    const message = `${this.options.stream} has been out of reach for ${elapsedMs} ms while JetStream answers`;
    throw new StreamIdentityError(message, { cause: error });
  }

  /** In a cluster, any server that is left. */
  private jetStreamAnswers(): Promise<boolean> {
    return this.options
      .ask((manager) => manager.getAccountInfo())
      .then(
        () => true,
        () => false,
      );
  }

  private lose(error: Error): void {
    if (this.stopped) return;
    this.stop();
    this.options.onLost(error);
  }
}

/** Did nobody answer who keeps the stream? */
function saysNothing(error: unknown): boolean {
  if (!(error instanceof NatsError)) return false;
  return NOBODY.includes(error.code) || error.api_error?.err_code === CLUSTER_NOT_AVAILABLE;
}
