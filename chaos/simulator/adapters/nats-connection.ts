/**
 * The connection of one process to the NATS of a run: it notices that it is broken, at once or by pings, and connects
 * again for ever. What it had sent before may still arrive; what comes back for an earlier life of it is dropped.
 */
import { PING_EVERY_MS } from "../../../services/adapters/nats/connection.js";
import type { SimNats } from "../servers/nats.js";
import type { Subscription } from "../servers/subscribers.js";
import type { Channel } from "../world/network.js";
import type { SimProcess } from "../world/process.js";
import { noteKind } from "../world/trace.js";
import { Caller } from "./caller.js";

const RECONNECT_WAIT_MS = 50;
const RECONNECT_JITTER_MS = 50;
const PINGS_LOST_MAX = 2;
/** Somebody who knocks and hears nothing knocks again. */
const CONNECT_MS_MAX = 1_000;
/** What the client waits for an answer, or for the connection's return. */
const CALL_MS_MAX = 2_000;

const ofLife = (life: number): string => `life ${life}`;
const LOST = noteKind("connection lost", ofLife);
const BACK = noteKind("connection back", ofLife);

/** Nobody has answered in time. */
export class NoAnswerError extends Error {}

const silentCall = (why: string, isLate: boolean): Error =>
  isLate ? new NoAnswerError(`nats: ${why}`) : new Error(`nats: ${why}`);

type Handler = (data: Uint8Array, subject: string) => void;

interface Listener {
  readonly pattern: string;
  readonly handler: Handler;
}

export class NatsConnection {
  readonly process: SimProcess;
  readonly nats: SimNats;
  private readonly caller: Caller;
  private readonly listeners = new Map<Listener, Subscription | null>();
  private readonly lostHandlers = new Set<() => void>();
  private readonly backHandlers = new Set<() => void>();
  private outward!: Channel;
  private inward!: Channel;
  /** Counts the lives of the connection. */
  private life = 0;
  /** The life of the server that it is connected to. */
  private serverLife = 0;
  private pingsLost = 0;
  private away = false;

  constructor(process: SimProcess, nats: SimNats) {
    this.process = process;
    this.nats = nats;
    this.caller = new Caller(process, nats, true);
    this.open();
    this.serverLife = nats.life;
    process.onEnd(nats.connect({ broken: () => this.serverEnded() }));
    process.onEnd(() => this.unsubscribeAll());
    if (!nats.isUp) this.lose();
    this.ping();
  }

  get isAway(): boolean {
    return this.away;
  }

  /**
   * Sends something to the server, behind all that was sent before; nothing while the connection is away. Gives when it
   * arrives; `waits` is called when the server does not take it at once.
   */
  send(work: () => void, waits: () => void = () => undefined): number {
    if (this.away || !this.process.pass("sending")) return Infinity;
    const { serverLife, nats } = this;
    return this.outward.send(() => {
      if (serverLife === nats.life && nats.accept(work) === "waits") waits();
    });
  }

  /** For the server: lets the process do something, behind all that was sent to it before. Gives when. */
  answer(life: number, callback: () => void, delayUs = 0): number {
    const take = () => {
      if (life === this.life && !this.away) callback();
    };
    const arrive = () => this.process.deliver(take);
    if (delayUs === 0) return this.inward.send(arrive);
    const { scheduler } = this.process.world;
    scheduler.after(delayUs, arrive);
    return scheduler.nowUs + delayUs;
  }

  get currentLife(): number {
    return this.life;
  }

  /** Can anything that the server says come here now? */
  get hears(): boolean {
    const { network } = this.process.world;
    return !this.away && this.nats.isUp && network.isOpen(this.nats.name, this.process.name);
  }

  /** A question to the server, which waits for the connection's return, but not for long. */
  async request<T>(what: string, work: () => T): Promise<T> {
    if (this.away) await this.untilBack();
    if (this.away) throw new Error("there is no connection to NATS");
    return this.caller.call({ what, timeoutMs: CALL_MS_MAX, silent: silentCall }, work);
  }

  /** The shortest question. */
  roundTrip(timeoutMs: number): Promise<void> {
    const options = { what: "round trip", timeoutMs, silent: silentCall };
    return this.caller.call(options, () => undefined);
  }

  subscribe(pattern: string, handler: Handler): () => void {
    const listener = { pattern, handler };
    this.listeners.set(listener, null);
    const { life } = this;
    this.send(() => {
      if (life === this.life) this.register(listener);
    });
    return () => {
      const subscription = this.listeners.get(listener);
      this.listeners.delete(listener);
      if (subscription) this.nats.subscribers.remove(subscription);
    };
  }

  /** Calls back on each loss of the connection, at once when it is away already, and on each return of it. */
  watch({ lost, back }: { readonly lost: () => void; readonly back: () => void }): () => void {
    this.lostHandlers.add(lost);
    if (this.away) lost();
    const forget = this.onBack(back);
    return () => {
      this.lostHandlers.delete(lost);
      forget();
    };
  }

  onBack(handler: () => void): () => void {
    this.backHandlers.add(handler);
    return () => this.backHandlers.delete(handler);
  }

  private untilBack(): Promise<void> {
    return new Promise((resolve) => {
      const ended = () => {
        forget();
        cancel();
        resolve();
      };
      const forget = this.onBack(ended);
      const cancel = this.process.clock.after(CALL_MS_MAX, ended);
    });
  }

  private open(): void {
    const { network } = this.process.world;
    this.life += 1;
    this.outward = network.channel(this.process.name, this.nats.name, true);
    this.inward = network.channel(this.nats.name, this.process.name, true);
    const { life } = this;
    const broken = () => {
      if (life === this.life) this.process.deliver(() => this.lose());
    };
    this.outward.onBroken = broken;
    this.inward.onBroken = broken;
  }

  /** For the server: the listener is heard from now on. */
  private register(listener: Listener): void {
    if (!this.process.isAlive || !this.listeners.has(listener)) return;
    const { life } = this;
    const hear = (data: Uint8Array, subject: string, delayUs: number) =>
      this.answer(
        life,
        () => {
          if (this.listeners.has(listener)) listener.handler(data, subject);
        },
        delayUs,
      );
    const { name: by } = this.process;
    const subscription = { by, pattern: listener.pattern.split("."), hear };
    this.listeners.set(listener, subscription);
    this.nats.subscribers.add(subscription);
  }

  private unsubscribeAll(): void {
    for (const [listener, subscription] of this.listeners) {
      if (subscription) this.nats.subscribers.remove(subscription);
      this.listeners.set(listener, null);
    }
  }

  /** The server has closed the connection; the client hears of it, unless it is cut off. */
  private serverEnded(): void {
    const { life } = this;
    this.inward.send(() =>
      this.process.deliver(() => {
        if (life === this.life) this.lose();
      }),
    );
  }

  private lose(): void {
    if (this.away) return;
    this.away = true;
    this.life += 1;
    this.unsubscribeAll();
    this.note(LOST);
    for (const handler of this.lostHandlers) handler();
    this.tryLater();
  }

  private tryLater(): void {
    const waitMs = RECONNECT_WAIT_MS + this.process.random.whole(0, RECONNECT_JITTER_MS);
    this.process.clock.after(waitMs, () => this.tryAgain());
  }

  /** Knocks; the server takes all subscriptions at once, and answers. */
  private tryAgain(): void {
    this.open();
    const { life, inward, process } = this;
    let isOver = false;
    const once = (happen: () => void) => () => {
      if (isOver || life !== this.life) return;
      isOver = true;
      happen();
    };
    const back = once(() => this.back());
    const refused = once(() => this.tryLater());
    this.outward.send(() => {
      const outcome = this.nats.accept(() => {
        if (life !== this.life) return;
        this.serverLife = this.nats.life;
        for (const listener of this.listeners.keys()) this.register(listener);
        inward.send(() => process.deliver(back));
      });
      if (outcome === "refused") inward.send(() => process.deliver(refused));
    });
    process.clock.after(CONNECT_MS_MAX, refused);
  }

  private back(): void {
    this.away = false;
    this.pingsLost = 0;
    this.note(BACK);
    for (const handler of this.backHandlers) handler();
  }

  /** Pings are not sent: whether they would be answered is known. */
  private ping(): void {
    const { network } = this.process.world;
    this.process.clock.after(PING_EVERY_MS, () => {
      const isAnswered = this.hears && network.isOpen(this.process.name, this.nats.name);
      this.pingsLost = isAnswered ? 0 : this.pingsLost + 1;
      if (this.pingsLost > PINGS_LOST_MAX) this.lose();
      this.ping();
    });
  }

  private note(kind: ReturnType<typeof noteKind>): void {
    const { trace, scheduler } = this.process.world;
    trace.note(scheduler.nowUs, kind, this.process.name, this.life);
  }
}
