/**
 * Account events from a position on, for as long as wanted (R9): after any disconnect it asks again from the last
 * sequence it has delivered of each account. Every account's events are asserted to be 1 apart.
 */
import type { ClientReadableStream, ServiceError } from "@grpc/grpc-js";
import { assert } from "../../actors/kernel/assert.js";
import type {
  AccountEvent,
  AccountPosition,
  SubscribeAccountEventsResponse,
} from "../../proto/gen/exchange/v1/exchange.js";
import { ExchangeError } from "./exchange-error.js";
import { GATEWAY_ENDED, resumeAfterMs } from "./resume.js";

type Call = ClientReadableStream<SubscribeAccountEventsResponse>;

export interface EventListener {
  /** Events in the order of each account's sequence, each once. */
  readonly onEvents: (events: AccountEvent[]) => void;
  /** Called once when the gateway refuses for good (`kind` is "final"); nothing more comes. */
  readonly onFailed?: (error: ExchangeError) => void;
  /** Called each time the stream broke; it resumes by itself. */
  readonly onInterrupted?: (error: ExchangeError) => void;
}

export interface EventSource {
  open(positions: AccountPosition[]): Call;
  /** The account's last sequence. */
  sequenceOf(account: number): Promise<number>;
}

export class EventStream {
  private readonly source: EventSource;
  private readonly listener: EventListener;
  /** Of each account, the last sequence delivered. */
  private readonly delivered = new Map<number, number>();
  /** Accounts of which only new events are wanted, until it is known where they begin. */
  private readonly fromNow: Set<number>;
  private call: Call | undefined;
  private timer: NodeJS.Timeout | undefined;
  private failures = 0;
  private closed = false;

  constructor(source: EventSource, positions: readonly AccountPosition[], listener: EventListener) {
    this.source = source;
    this.listener = listener;
    this.fromNow = new Set(
      positions.filter((each) => each.fromSequence < 0).map((each) => each.account),
    );
    for (const { account, fromSequence } of positions) {
      this.delivered.set(account, Math.max(fromSequence, 1) - 1);
    }
    void this.open();
  }

  /** The last sequence delivered of each account (or, before the first, the one before it). */
  positions(): Map<number, number> {
    return new Map(this.delivered);
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    this.call?.cancel();
  }

  private async open(): Promise<void> {
    try {
      await this.findBeginnings();
    } catch (error) {
      return this.interrupted(error as ExchangeError);
    }
    if (this.closed) return;
    const positions = [...this.delivered].map(([account, sequence]) => ({
      account,
      fromSequence: sequence + 1,
    }));
    const call = this.source.open(positions);
    this.call = call;
    call.on("data", ({ events }: SubscribeAccountEventsResponse) => this.deliver(events));
    call.on("error", (error: ServiceError) => this.ended(call, ExchangeError.from(error)));
    call.on("end", () => this.ended(call, GATEWAY_ENDED));
  }

  private async findBeginnings(): Promise<void> {
    for (const account of this.fromNow) {
      this.delivered.set(account, await this.source.sequenceOf(account));
      this.fromNow.delete(account);
    }
  }

  private deliver(events: AccountEvent[]): void {
    if (this.closed) return;
    this.failures = 0;
    for (const { account, sequence } of events) {
      const last = this.delivered.get(account);
      assert(last !== undefined, "events of account %s were not asked for", account);
      assert(sequence === last + 1, "account %s: %s came after %s", account, sequence, last);
      this.delivered.set(account, sequence);
    }
    this.listener.onEvents(events);
  }

  /** An error is followed by an end: only the first of the two counts. */
  private ended(call: Call, error: ExchangeError): void {
    if (this.call !== call) return;
    this.call = undefined;
    this.interrupted(error);
  }

  private interrupted(error: ExchangeError): void {
    if (this.closed) return;
    if (error.kind === "final") {
      this.closed = true;
      this.listener.onFailed?.(error);
      return;
    }
    this.listener.onInterrupted?.(error);
    const delayMs = resumeAfterMs(this.failures);
    this.failures += 1;
    this.timer = setTimeout(() => void this.open(), delayMs);
  }
}
