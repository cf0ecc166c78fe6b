/**
 * The way out of one subscription: events gather for one turn of the event loop, go out in messages of many, and wait
 * while the client does not read, up to a limit. Beyond it the stream is closed: the client can resume (R9, R11).
 */
import type { ServiceError } from "@grpc/grpc-js";
import type { AccountEvent as LedgerEvent } from "../../actors/ledger/account-events.js";
import type {
  AccountEvent,
  SubscribeAccountEventsResponse,
} from "../../proto/gen/exchange/v1/exchange.js";
import type { Clock } from "../ports/clock.js";
import type { Catalog } from "./catalog.js";
import { NotInCatalogError } from "./convert.js";
import { publicEvent } from "./convert-events.js";
import {
  EVENTS_PER_MESSAGE_MAX,
  QUEUED_EVENTS_LOW,
  QUEUED_EVENTS_MAX,
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

export interface EventWriterDependencies {
  readonly catalog: Catalog;
  readonly clock: Clock;
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
    if (this.queue.length > QUEUED_EVENTS_MAX) {
      const message = `${QUEUED_EVENTS_MAX} events were not read; resume from the last sequence`;
      this.onFailed(exhausted("SUBSCRIBER_TOO_SLOW", message, RETRY_WHEN_FULL_MS));
      return;
    }
    if (this.isScheduled || this.isBlocked) return;
    this.isScheduled = true;
    this.deps.clock.soon(() => {
      this.isScheduled = false;
      this.flush();
    });
  }

  /** Resolves when the client has read enough that a journal may be read on; also when this is closed. */
  room(): Promise<void> {
    if (this.closed || this.queue.length < QUEUED_EVENTS_LOW) return Promise.resolve();
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** Resolves when the client has been sent all that is queued; also when this is closed. */
  sent(): Promise<void> {
    if (this.closed || this.queue.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.emptied.push(resolve));
  }

  close(): void {
    this.closed = true;
    this.queue = [];
    this.wake();
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
    this.queue.splice(0, taken);
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
