/**
 * Reading an inbox in order. Each life of the consumer is ours to begin: after every reconnect, every missed heartbeat
 * and every doubt, the old one is dropped, a new one is made behind the last message that was delivered, and nothing is
 * delivered of it until the stream's identity is verified (R5). A library that restarts consumers by itself would
 * deliver before we have looked.
 *
 * What carries it is behind `ConsumerTransport`: NATS, or the simulator's.
 */
import { type Clock, every, sleep } from "../../ports/clock.js";
import {
  type Consumption,
  type Log,
  type LogMessage,
  StreamIdentityError,
} from "../../ports/log.js";

/** The server speaks at least this often; a consumer that has died is noticed after two missed heartbeats. */
export const HEARTBEAT_MS = 500;
const SILENCE_MS_MAX = 2 * HEARTBEAT_MS;
/** Looked at twice a heartbeat, so that silence is noticed at most a quarter of a second after it is too long. */
const LOOK_EVERY_MS = HEARTBEAT_MS / 2;
const RETRY_AFTER_MS = 100;
/** A stream that is silent for so long while the log answers was on a server that is gone. */
const STREAM_UNREACHABLE_MS_MAX = 3_000;

/** A heartbeat, or the question whether everything sent so far was taken. */
export interface ControlMessage {
  readonly answer: () => void;
}

/** A consumer on the server, which pushes. */
export interface Consumer {
  /** Hears nothing more of it. */
  leave(): void;
  /** Only politeness, and nothing waits for it: the server forgets what nobody listens to anyway. */
  forget(): void;
}

/** What reading one stream needs of the connection and of the server. */
export interface ConsumerTransport {
  /** For messages to people. */
  readonly stream: string;
  /** Makes a consumer from a sequence on. It may push before this resolves; after a rejection nothing is heard of it. */
  consume(
    fromSequence: number,
    take: (pushed: LogMessage | ControlMessage) => void,
  ): Promise<Consumer>;
  /** Calls back on each loss of the connection and on each return of it, until the returned function is called. */
  watch(handlers: { readonly lost: () => void; readonly back: () => void }): () => void;
  /** Does the error mean that nobody answered who keeps the stream? */
  saysNothing(error: unknown): boolean;
  /** Does the log answer at all? In a cluster, any server that is left. */
  answers(): Promise<boolean>;
}

type Options = Parameters<Log["consume"]>[3];

export class InboxConsumption implements Consumption {
  private readonly transport: ConsumerTransport;
  private readonly clock: Clock;
  private readonly options: Options;
  private readonly unwatch: () => void;
  private nextSequence: number;
  private consumer: Consumer | null = null;
  private endWatchdog: () => void = () => undefined;
  /** When something was last heard of this consumer. */
  private heardAtMs = 0;
  /** Until when the stream was in reach, or nothing was and so nobody could tell. */
  private inReachAtMs: number;
  /** Counts the consumer's lives; what an earlier one still delivers is ignored. */
  private life = 0;
  /** One attempt at a time: what goes wrong with it is told once. */
  private beginning: Promise<void> | null = null;
  private stopped = false;

  private constructor(
    transport: ConsumerTransport,
    clock: Clock,
    fromSequence: number,
    options: Options,
  ) {
    this.transport = transport;
    this.clock = clock;
    this.options = options;
    this.nextSequence = fromSequence;
    this.inReachAtMs = clock.now();
    this.unwatch = transport.watch({
      lost: () => this.drop(),
      back: () => this.restart(clock.now()),
    });
  }

  /** Resolves when the first consumer delivers, or rejects as `verify` does. */
  static async start(
    transport: ConsumerTransport,
    clock: Clock,
    fromSequence: number,
    options: Options,
  ): Promise<InboxConsumption> {
    const consumption = new InboxConsumption(transport, clock, fromSequence, options);
    try {
      consumption.beginning = consumption.untilBegun(true);
      await consumption.beginning;
    } catch (error) {
      consumption.stop();
      throw error;
    } finally {
      consumption.begun();
    }
    return consumption;
  }

  stop(): void {
    if (this.stopped) return;
    this.stopped = true;
    this.unwatch();
    const { consumer } = this;
    this.drop();
    consumer?.forget();
  }

  /** One life: a consumer behind the last delivered message. */
  private async begin(): Promise<void> {
    const life = ++this.life;
    let held: (LogMessage | ControlMessage)[] | null = [];
    // Asked for in this order, and not in turn: a stream that took the place of another is seen by who looks later.
    const [made, verified] = await Promise.allSettled([
      this.transport.consume(this.nextSequence, (pushed) => {
        if (held) held.push(pushed);
        else this.take(life, pushed);
      }),
      this.options.verify(),
    ]);
    const consumer = made.status === "fulfilled" ? made.value : null;
    const failure = [verified, made].find(({ status }) => status === "rejected");
    if (failure || this.stopped || life !== this.life) {
      consumer?.leave();
      consumer?.forget();
      if (failure) throw (failure as PromiseRejectedResult).reason;
      return;
    }
    this.consumer = consumer;
    this.hear();
    this.endWatchdog = every(this.clock, LOOK_EVERY_MS, () => this.watch());
    for (const pushed of held) this.take(life, pushed);
    held = null;
  }

  private take(life: number, pushed: LogMessage | ControlMessage): void {
    if (this.stopped || life !== this.life) return;
    this.hear();
    if ("answer" in pushed) return pushed.answer();
    const { sequence } = pushed;
    if (sequence !== this.nextSequence) {
      const reason = `sequence ${sequence} was delivered where ${this.nextSequence} follows`;
      this.lose(new StreamIdentityError(reason));
      return;
    }
    this.nextSequence += 1;
    this.options.deliver(pushed);
  }

  private hear(): void {
    this.heardAtMs = this.clock.now();
    this.inReachAtMs = this.heardAtMs;
  }

  /** Begins anew when nothing was heard of this consumer for too long. */
  private watch(): void {
    if (this.clock.now() - this.heardAtMs > SILENCE_MS_MAX) this.restart(this.heardAtMs);
  }

  private drop(): void {
    this.life += 1;
    this.endWatchdog();
    this.consumer?.leave();
    this.consumer = null;
  }

  /** Begins anew. `inReachAtMs`: since when the stream may be out of reach. */
  private restart(inReachAtMs: number): void {
    this.drop();
    this.inReachAtMs = inReachAtMs;
    this.beginning ??= this.untilBegun(false)
      .catch((error: Error) => this.lose(error))
      .finally(() => this.begun());
  }

  /** A sign of trouble may have dropped the consumer since it began, and begun nothing, as one attempt was under way. */
  private begun(): void {
    this.beginning = null;
    if (!this.consumer && !this.stopped) this.restart(this.inReachAtMs);
  }

  /** Begins until it works, or until there is no use in it: the rejection says why. */
  private async untilBegun(isFirst: boolean): Promise<void> {
    while (!this.stopped) {
      try {
        await this.begin();
        // Another sign of trouble may have dropped this life before it began.
        if (this.consumer) return;
      } catch (error) {
        await this.judge(error, isFirst);
        await sleep(this.clock, RETRY_AFTER_MS);
      }
    }
  }

  /** Throws when it is of no use to try again. At first that is the caller's to decide, but for a stream out of reach. */
  private async judge(error: unknown, isFirst: boolean): Promise<void> {
    const { transport, clock } = this;
    if (error instanceof StreamIdentityError) throw error;
    const isSilence = transport.saysNothing(error);
    if (isFirst && !isSilence) throw error;
    if (!(await transport.answers())) {
      if (isFirst) throw error;
      this.inReachAtMs = clock.now();
      return;
    }
    const elapsedMs = Math.round(clock.now() - this.inReachAtMs);
    if (!isSilence || elapsedMs < STREAM_UNREACHABLE_MS_MAX) return;
    const message = `${transport.stream} has been out of reach for ${elapsedMs} ms while the log answers`;
    throw new StreamIdentityError(message, { cause: error });
  }

  private lose(error: Error): void {
    if (this.stopped) return;
    this.stop();
    this.options.onLost(error);
  }
}
