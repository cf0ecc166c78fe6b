/**
 * The way out of one subscription: events gather for one turn of the event loop, go out in messages of many, and wait
 * while the client does not read, up to a limit, of this stream and of all together. Beyond it the stream is closed: the client
 * can resume (R9, R11).
 */
import type { ServiceError } from "@grpc/grpc-js";
import type { AccountEvent as LedgerEvent } from "../../actors/ledger/account-events.js";
import type {
  AccountEvent,
  SubscribeAccountEventsResponse,
} from "../../proto/gen/exchange/v1/exchange.js";
import { type Clock, sleep } from "../ports/clock.js";
import type { Catalog } from "./catalog.js";
import { NotInCatalogError } from "./convert.js";
import { publicEvent } from "./convert-events.js";
import {
  EVENTS_PER_MESSAGE_MAX,
  QUEUED_EVENTS_ALL_MAX,
  QUEUED_EVENTS_LOW,
  QUEUED_EVENTS_MAX,
  RETRY_READ_AFTER_MS,
  RETRY_WHEN_FULL_MS,
} from "./limits.js";
import { exhausted, type Refusal, unavailable } from "./refusal.js";

/** The way to one subscriber: a gRPC stream is one. */
export interface EventCall {
  /** False: nothing more before `drain`. */
  write(message: SubscribeAccountEventsResponse): boolean;
  on(event: "drain" | "cancelled" | "error" | "close", handler: () => void): unknown;
  /** Ends the stream with an error that says why. */
  emit(event: "error", error: ServiceError): unknown;
}

/** Events that all subscribers have not read. */
export class UnreadEvents {
  count = 0;

  get isFull(): boolean {
    return this.count >= QUEUED_EVENTS_ALL_MAX;
  }
}

export interface EventWriterDependencies {
  readonly catalog: Catalog;
  readonly clock: Clock;
  /** Of whom this is one. */
  readonly unread: UnreadEvents;
}

export interface QueuedEvent {
  readonly account: number;
  readonly sequence: number;
  readonly token: number;
  readonly time: number;
  readonly event: LedgerEvent;
}

export class EventWriter {
  private readonly call: EventCall;
  private readonly deps: EventWriterDependencies;
  private readonly onFailed: (refusal: Refusal) => void;
  private queue: QueuedEvent[] = [];
  private waiting: (() => void)[] = [];
  private emptied: (() => void)[] = [];
  private isScheduled = false;
  private isBlocked = false;
  private closed = false;

  constructor(
    call: EventCall,
    deps: EventWriterDependencies,
    onFailed: (refusal: Refusal) => void,
  ) {
    this.call = call;
    this.deps = deps;
    this.onFailed = onFailed;
    call.on("drain", () => {
      this.isBlocked = false;
      this.flush();
    });
  }

  get queuedEvents(): number {
    return this.queue.length;
  }

  push(event: QueuedEvent): void {
    if (this.closed) return;
    this.queue.push(event);
    this.deps.unread.count += 1;
    // Where all have too much, those go on who read as fast as it comes.
    const most = this.deps.unread.isFull ? EVENTS_PER_MESSAGE_MAX : QUEUED_EVENTS_MAX;
    if (this.queue.length > most) return this.failAt(most);
    if (this.isScheduled || this.isBlocked) return;
    this.isScheduled = true;
    this.deps.clock.soon(() => {
      this.isScheduled = false;
      this.flush();
    });
  }

  /** Resolves when the client, and all together, have read enough that a journal may be read on; also when this is closed. */
  async room(): Promise<void> {
    while (!this.closed) {
      if (this.queue.length >= QUEUED_EVENTS_LOW) {
        await new Promise<void>((resolve) => this.waiting.push(resolve));
      } else if (this.queue.length > 0 && this.deps.unread.isFull) {
        await sleep(this.deps.clock, RETRY_READ_AFTER_MS);
      } else return;
    }
  }

  /** Resolves when the client has been sent all that is queued; also when this is closed. */
  sent(): Promise<void> {
    if (this.closed || this.queue.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.emptied.push(resolve));
  }

  close(): void {
    this.closed = true;
    this.deps.unread.count -= this.queue.length;
    this.queue = [];
    this.wake();
  }

  private failAt(most: number): void {
    const message = `${most} events were not read; resume from the last sequence`;
    this.onFailed(exhausted("SUBSCRIBER_TOO_SLOW", message, RETRY_WHEN_FULL_MS));
  }

  private flush(): void {
    let taken = 0;
    try {
      while (taken < this.queue.length && !this.isBlocked && !this.closed) {
        const part = this.queue.slice(taken, taken + EVENTS_PER_MESSAGE_MAX);
        const events: AccountEvent[] = part.map((head) =>
          publicEvent(this.deps.catalog, head, head.event),
        );
        taken += part.length;
        this.isBlocked = !this.call.write({ events });
      }
    } catch (error) {
      if (!(error instanceof NotInCatalogError)) throw error;
      this.readCatalog();
    }
    this.deps.unread.count -= this.queue.splice(0, taken).length;
    if (this.queue.length < QUEUED_EVENTS_LOW) this.wake();
  }

  /** An instrument that another gateway has made; it was committed before any event could name it. */
  private readCatalog(): void {
    this.isBlocked = true;
    this.deps.catalog.refresh().then(
      () => {
        this.isBlocked = false;
        this.flush();
      },
      () => this.onFailed(unavailable("DATABASE_UNAVAILABLE", "instruments cannot be read", 500)),
    );
  }

  private wake(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
    if (this.queue.length === 0) for (const resolve of this.emptied.splice(0)) resolve();
  }
}
