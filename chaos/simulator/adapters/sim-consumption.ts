/**
 * Reading an inbox in order, as the real adapter does: each life of the consumer begins behind the last message that was
 * delivered, and delivers nothing until the stream's identity is verified; whatever is doubtful ends that life.
 */
import { type Consumption, type Log, StreamIdentityError } from "../../../services/ports/log.js";
import { sleep } from "../../../services/ports/clock.js";
import { OutOfReachError } from "../servers/nats.js";
import type { Consumer, StoredMessage } from "../servers/streams.js";
import { type NatsConnection, NoAnswerError } from "./nats-connection.js";

/** The server speaks at least this often; a consumer that has died is noticed after two missed heartbeats. */
const HEARTBEAT_MS = 500;
const SILENCE_MS_MAX = 2 * HEARTBEAT_MS;
const RETRY_AFTER_MS = 100;
/** A stream that is silent for so long while the log answers was on a server that is gone. */
const STREAM_UNREACHABLE_MS_MAX = 3_000;

export interface Inbox {
  readonly actorName: string;
  readonly anchor: number;
  readonly fromSequence: number;
}

export class SimConsumption implements Consumption {
  private readonly connection: NatsConnection;
  private readonly inbox: Inbox;
  private readonly options: Parameters<Log["consume"]>[3];
  private readonly cleanups: (() => void)[];
  private nextSequence: number;
  /** Counts the consumer's lives; what an earlier one still delivers is ignored. */
  private life = 0;
  private consumer: Consumer | null = null;
  private heardAtMs = 0;
  /** Until when the stream was in reach, or nothing was and so nobody could tell. */
  private inReachAtMs: number;
  private cancelWatch: () => void = () => undefined;
  /** One attempt at a time: what goes wrong with it is told once. */
  private isBeginning = false;
  private stopped = false;

  private constructor(
    connection: NatsConnection,
    inbox: Inbox,
    options: Parameters<Log["consume"]>[3],
  ) {
    const { process } = connection;
    this.connection = connection;
    this.inbox = inbox;
    this.options = options;
    this.nextSequence = inbox.fromSequence;
    this.inReachAtMs = process.clock.now();
    this.cleanups = [
      connection.onLost(() => this.drop()),
      connection.onBack(() => this.restart(process.clock.now())),
      process.onEnd(() => this.leave()),
    ];
  }

  /** Resolves when the first consumer delivers, or rejects as `verify` does. */
  static async start(
    connection: NatsConnection,
    inbox: Inbox,
    options: Parameters<Log["consume"]>[3],
  ): Promise<SimConsumption> {
    const consumption = new SimConsumption(connection, inbox, options);
    try {
      consumption.isBeginning = true;
      await consumption.untilBegun(true);
    } catch (error) {
      consumption.stop();
      throw error;
    } finally {
      consumption.isBeginning = false;
    }
    return consumption;
  }

  stop(): void {
    if (this.stopped) return;
    this.stopped = true;
    for (const cleanup of this.cleanups) cleanup();
    this.drop();
  }

  /** One life: a consumer behind the last delivered message. */
  private async begin(): Promise<void> {
    const life = ++this.life;
    const held: { messages: StoredMessage[] | null } = { messages: [] };
    const push = (message: StoredMessage): void => {
      if (held.messages) held.messages.push(message);
      else this.take(life, message);
    };
    // Asked for in this order, and not in turn: a stream that took the place of another is seen by who looks later.
    const [consumer, verified] = await Promise.allSettled([
      this.makeConsumer(push),
      this.options.verify(),
    ]);
    const failure = [verified, consumer].find(({ status }) => status === "rejected");
    if (failure || this.stopped || life !== this.life) {
      if (consumer.status === "fulfilled") this.forget(consumer.value);
      if (failure) throw (failure as PromiseRejectedResult).reason;
      return;
    }
    this.consumer = (consumer as PromiseFulfilledResult<Consumer>).value;
    this.hear();
    this.watch(life);
    const { messages } = held;
    held.messages = null;
    for (const message of messages ?? []) this.take(life, message);
  }

  private makeConsumer(push: (message: StoredMessage) => void): Promise<Consumer> {
    const { connection, inbox, nextSequence } = this;
    const { nats, currentLife } = connection;
    return connection.request("consume", () => {
      const stream = nats.reach(inbox.actorName, inbox.anchor);
      if (!stream) throw new Error("10059: stream not found");
      const carry = (message: StoredMessage) => connection.answer(currentLife, () => push(message));
      const consumer: Consumer = { next: nextSequence, push: carry };
      stream.add(consumer);
      return consumer;
    });
  }

  private take(life: number, { sequence, stored, data }: StoredMessage): void {
    if (this.stopped || life !== this.life) return;
    this.hear();
    if (sequence !== this.nextSequence) {
      const reason = `sequence ${sequence} was delivered where ${this.nextSequence} follows`;
      this.lose(new StreamIdentityError(reason));
      return;
    }
    this.nextSequence += 1;
    this.options.deliver({ sequence, stored, data });
  }

  private hear(): void {
    this.heardAtMs = this.connection.process.clock.now();
    this.inReachAtMs = this.heardAtMs;
  }

  /** Heartbeats are not sent: whether they would be heard is known. */
  private watch(life: number): void {
    const { process } = this.connection;
    this.cancelWatch = process.clock.after(HEARTBEAT_MS, () => {
      if (this.stopped || life !== this.life) return;
      if (this.connection.hears && this.isThere()) this.hear();
      if (process.clock.now() - this.heardAtMs > SILENCE_MS_MAX) this.restart(this.heardAtMs);
      else this.watch(life);
    });
  }

  /** Does the server still have the consumer? */
  private isThere(): boolean {
    const { actorName, anchor } = this.inbox;
    const { consumer } = this;
    return consumer !== null && this.consumersOf(actorName, anchor)?.has(consumer) === true;
  }

  private consumersOf(actorName: string, anchor: number): Set<Consumer> | undefined {
    return this.connection.nats.stream(actorName, anchor)?.consumers;
  }

  private drop(): void {
    this.life += 1;
    this.cancelWatch();
    this.leave();
  }

  private leave(): void {
    const { consumer } = this;
    this.consumer = null;
    if (consumer) this.forget(consumer);
  }

  /** For the server: nobody listens to the consumer any more. */
  private forget(consumer: Consumer): void {
    const { actorName, anchor } = this.inbox;
    this.consumersOf(actorName, anchor)?.delete(consumer);
  }

  /** Begins anew. `inReachAtMs`: since when the stream may be out of reach. */
  private restart(inReachAtMs: number): void {
    this.drop();
    this.inReachAtMs = inReachAtMs;
    if (this.isBeginning) return;
    this.isBeginning = true;
    this.untilBegun(false)
      .catch((error: Error) => this.lose(error))
      .finally(() => {
        this.isBeginning = false;
      });
  }

  /** Begins until it works, or until there is no use in it: the rejection says why. */
  private async untilBegun(isFirst: boolean): Promise<void> {
    while (!this.stopped) {
      try {
        await this.begin();
        // Another sign of trouble may have dropped this life before it began.
        if (this.consumer) return;
      } catch (error) {
        await this.judge(error as Error, isFirst);
        await sleep(this.connection.process.clock, RETRY_AFTER_MS);
      }
    }
  }

  /** Throws when it is of no use to try again. At first that is the caller's to decide, but for a stream out of reach. */
  private async judge(error: Error, isFirst: boolean): Promise<void> {
    const { clock } = this.connection.process;
    if (error instanceof StreamIdentityError) throw error;
    if (isFirst && !saysNothing(error)) throw error;
    if (!(await this.logAnswers())) {
      if (isFirst) throw error;
      this.inReachAtMs = clock.now();
      return;
    }
    const elapsedMs = Math.round(clock.now() - this.inReachAtMs);
    if (!saysNothing(error) || elapsedMs < STREAM_UNREACHABLE_MS_MAX) return;
    const { actorName } = this.inbox;
    throw new StreamIdentityError(
      `the inbox of ${actorName} has been out of reach: ${elapsedMs} ms`,
    );
  }

  private logAnswers(): Promise<boolean> {
    return this.connection
      .request("account", () => undefined)
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
function saysNothing(error: Error): boolean {
  return error instanceof NoAnswerError || error instanceof OutOfReachError;
}
