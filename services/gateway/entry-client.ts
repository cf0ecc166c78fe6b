/**
 * What one client has under way on all of its order-entry streams, and by calls that have a part of the same room: to open
 * many of them brings it no more (R11). What is counted here outlives a stream that ends before its commands are answered.
 */
import { ENTRY_COMMANDS_IN_FLIGHT_MAX } from "./limits.js";
import type { Session } from "./session.js";

/** A stream that is not read while there is no room. */
export interface HeldStream {
  /** Takes what waits, as far as there is room; where there is none it holds itself again. */
  goOn(): void;
}

export class EntryClient {
  /** Commands without an answer, and results that are not read. */
  unread = 0;
  /** Commands without an answer, by receiver. */
  readonly waiting = new Map<number, number>();
  private readonly onLeft: (client: EntryClient) => void;
  private readonly held = new Set<HeldStream>();
  private streams = 0;

  constructor(onLeft: (client: EntryClient) => void = () => undefined) {
    this.onLeft = onLeft;
  }

  get isFull(): boolean {
    return this.unread >= ENTRY_COMMANDS_IN_FLIGHT_MAX;
  }

  join(): void {
    this.streams += 1;
  }

  /** Of a stream or call that has ended, and of which nothing is under way any more. */
  leave(): void {
    this.streams -= 1;
    if (this.streams === 0) this.onLeft(this);
  }

  waitingAt(receiver: number): number {
    return this.waiting.get(receiver) ?? 0;
  }

  /** Makes a call that waits for a receiver's answer. */
  async waitFor<T>(receiver: number, call: () => Promise<T>): Promise<T> {
    this.waiting.set(receiver, this.waitingAt(receiver) + 1);
    try {
      return await call();
    } finally {
      this.waiting.set(receiver, this.waitingAt(receiver) - 1);
      this.goOn();
    }
  }

  hold(stream: HeldStream): void {
    this.held.add(stream);
  }

  release(stream: HeldStream): void {
    this.held.delete(stream);
  }

  /** There may be room: those that wait for it go on, another one first each time. */
  goOn(): void {
    if (this.held.size === 0) return;
    const streams = [...this.held];
    for (const stream of streams) stream.goOn();
    const first = streams[0]!;
    if (this.held.delete(first)) this.held.add(first);
  }
}

/** The clients that have something under way. */
export class EntryClients {
  private readonly byName = new Map<string, EntryClient>();
  /** Each stream of a session for all accounts is taken for a client: a program that has many of them stands for many. */
  private readonly ofOperators = new Set<EntryClient>();

  /** Whose a new stream is; it has to join. */
  of(session: Session): EntryClient {
    if (session.isForAll) {
      const own = new EntryClient((client) => this.ofOperators.delete(client));
      this.ofOperators.add(own);
      return own;
    }
    const name = session.client;
    let client = this.byName.get(name);
    if (!client) this.byName.set(name, (client = new EntryClient(() => this.byName.delete(name))));
    return client;
  }

  /** What each has under way. */
  unread(): number[] {
    return [...this.byName.values(), ...this.ofOperators].map((client) => client.unread);
  }
}
