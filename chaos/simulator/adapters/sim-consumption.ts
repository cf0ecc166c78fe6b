/**
 * Reading an inbox in order, as the real adapter does: each life of the consumer begins behind the last message that was
 * delivered, after the stream's identity was verified; whatever is doubtful ends that life.
 */
import { type Consumption, type Log, StreamIdentityError } from "../../../services/ports/log.js";
import { sleep } from "../../../services/ports/clock.js";
import type { Consumer, StoredMessage } from "../servers/streams.js";
import type { NatsConnection } from "./nats-connection.js";

/** The server speaks at least this often; a consumer that has died is noticed after two missed heartbeats. */
const HEARTBEAT_MS = 500;
const SILENCE_MS_MAX = 2 * HEARTBEAT_MS;
const RETRY_AFTER_MS = 100;
/** A stream whose server stays away for so long, while the log answers, is given up. */
const OUT_OF_REACH_MS_MAX = 2_000;

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
  private outOfReachSinceMs: number | null = null;
  private cancelWatch: () => void = () => undefined;
  private isRestarting = false;
  private stopped = false;

  private constructor(
    connection: NatsConnection,
    inbox: Inbox,
    options: Parameters<Log["consume"]>[3],
  ) {
    this.connection = connection;
    this.inbox = inbox;
    this.options = options;
    this.nextSequence = inbox.fromSequence;
    this.cleanups = [
      connection.onLost(() => this.drop()),
      connection.onBack(() => this.restart()),
      connection.process.onEnd(() => this.leave()),
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
    for (const cleanup of this.cleanups) cleanup();
    this.drop();
  }

  private async begin(): Promise<void> {
    const life = ++this.life;
    const { connection, inbox } = this;
    const { nats, currentLife } = connection;
    const next = this.nextSequence;
    const push = (message: StoredMessage) =>
      connection.answer(currentLife, () => this.take(life, message));
    const consumer: Consumer = { next, push };
    await connection.request("consume", () => {
      const stream = nats.reach(inbox.actorName, inbox.anchor);
      if (!stream) throw new Error("10059: stream not found");
      if (life !== this.life || this.stopped) return;
      this.consumer = consumer;
      stream.consumers.add(consumer);
      stream.feed(consumer);
    });
    if (this.stopped || life !== this.life) return;
    this.heardAtMs = connection.process.clock.now();
    this.outOfReachSinceMs = null;
    this.watch(life);
  }

  private take(life: number, { sequence, stored, data }: StoredMessage): void {
    if (this.stopped || life !== this.life) return;
    this.heardAtMs = this.connection.process.clock.now();
    if (sequence !== this.nextSequence) {
      this.lose(new Error(`sequence ${sequence} was delivered where ${this.nextSequence} follows`));
      return;
    }
    this.nextSequence += 1;
    this.options.deliver({ sequence, stored, data });
  }

  /** Heartbeats are not sent: whether they would be heard is known. */
  private watch(life: number): void {
    const { process } = this.connection;
    this.cancelWatch = process.clock.after(HEARTBEAT_MS, () => {
      if (this.stopped || life !== this.life) return;
      if (this.connection.hears && this.isThere()) this.heardAtMs = process.clock.now();
      if (process.clock.now() - this.heardAtMs > SILENCE_MS_MAX) this.restart();
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

  /** The server forgets the consumer. */
  private leave(): void {
    const { consumer, inbox } = this;
    if (consumer) this.consumersOf(inbox.actorName, inbox.anchor)?.delete(consumer);
    this.consumer = null;
  }

  /** Verifies and begins again, until it works, the stream turns out to be another, or it is stopped. */
  private restart(): void {
    this.drop();
    if (this.isRestarting) return;
    this.isRestarting = true;
    void this.tryRestart().finally(() => {
      this.isRestarting = false;
    });
  }

  private async tryRestart(): Promise<void> {
    while (!this.stopped) {
      try {
        await this.options.verify();
        if (!this.stopped) await this.begin();
        // Another sign of trouble may have dropped this life before it began.
        if (this.consumer) return;
      } catch (error) {
        const end = error instanceof StreamIdentityError ? error : this.outOfReach(error as Error);
        if (end) {
          this.lose(end);
          return;
        }
        await sleep(this.connection.process.clock, RETRY_AFTER_MS);
      }
    }
  }

  /** The log answers, but the stream has been out of reach for too long. */
  private outOfReach(error: Error): StreamIdentityError | null {
    const { process } = this.connection;
    if (!error.message.startsWith("10118") || this.connection.isAway) {
      this.outOfReachSinceMs = null;
      return null;
    }
    this.outOfReachSinceMs ??= process.clock.now();
    if (process.clock.now() - this.outOfReachSinceMs < OUT_OF_REACH_MS_MAX) return null;
    return new StreamIdentityError(`the inbox of ${this.inbox.actorName} stays out of reach`);
  }

  private lose(error: Error): void {
    if (this.stopped) return;
    this.stop();
    this.options.onLost(error);
  }
}
