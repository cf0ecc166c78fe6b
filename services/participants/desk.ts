/**
 * The participants' order-entry stream, kept open through failures of the gateway and of leaders. What a lost stream
 * leaves without an answer is asked for by ResolveOrder, so that every order ends with a definite answer.
 */
import type { OrderTracker, TrackedOrder } from "./tracker.js";
import {
  type CommandResult,
  type Order,
  type OrderCommand,
  OrderRequest,
  OrderStatus,
  type PlaceOrderRequest,
} from "../../proto/gen/exchange/v1/exchange.js";
import { PLAIN_TERMS } from "../client/new-order.js";
import type { Wish } from "./strategy.js";

const REOPEN_DELAY_MS = 200;
/** The gateway refuses a command that is older than ten seconds; after these the answer will not come. */
const ANSWER_LIMIT_MS = 12_000;
const WATCH_PERIOD_MS = 1_000;
const RESOLVES_AT_ONCE = 20;

export interface EntryStream {
  send(commands: OrderCommand[]): void;
  close(): void;
}

/** What a desk needs of the exchange. */
export interface Venue {
  /** Opens an order-entry stream; `lost` is called once when it has ended, whatever ended it. */
  orderEntry(listener: {
    readonly results: (results: readonly CommandResult[]) => void;
    readonly lost: () => void;
  }): EntryStream;
  /** A definite answer about an id. Rejects while there is none to be had. */
  resolveOrder(account: number, clientOrderId: string): Promise<Order>;
}

export class Desk {
  readonly #venue: Venue;
  readonly #tracker: OrderTracker;
  readonly #watch: NodeJS.Timeout;
  #stream: EntryStream | undefined;
  #reopening: NodeJS.Timeout | undefined;
  #gathered: OrderCommand[] = [];
  #lastRequest = 0;
  /** Orders whose answer was lost, and those that are being asked about. */
  readonly #unknown: TrackedOrder[] = [];
  readonly #asked = new Set<TrackedOrder>();
  #asking = 0;

  constructor(venue: Venue, tracker: OrderTracker) {
    this.#venue = venue;
    this.#tracker = tracker;
    this.#watch = setInterval(() => this.#lookForLate(), WATCH_PERIOD_MS);
    this.#open();
  }

  /** Can anything be sent now? */
  get isOpen(): boolean {
    return this.#stream !== undefined;
  }

  /** Is everything answered? */
  get isAnswered(): boolean {
    return this.#tracker.outstanding === 0 && this.#asked.size === 0;
  }

  /** Orders and requests wait until `flush`. */
  place(
    account: number,
    clientOrderId: string,
    wish: Wish,
    isCrossing: boolean,
    dueMs = performance.now(),
  ): void {
    const requestId = this.#nextRequest();
    const { symbol, side, type, timeInForce, price, quantity } = wish;
    this.#tracker.submit({ requestId, account, clientOrderId, symbol, isCrossing, dueMs });
    // Written out, as in the tracker: spread, such objects took half of a client's time.
    const value: PlaceOrderRequest = {
      account,
      clientOrderId,
      symbol,
      side,
      type,
      timeInForce,
      price,
      quantity,
      stopPrice: PLAIN_TERMS.stopPrice,
      displayQuantity: PLAIN_TERMS.displayQuantity,
      expiresAt: PLAIN_TERMS.expiresAt,
      selfTradePrevention: PLAIN_TERMS.selfTradePrevention,
      postOnly: PLAIN_TERMS.postOnly,
      reprices: PLAIN_TERMS.reprices,
      trail: PLAIN_TERMS.trail,
      minQuantity: PLAIN_TERMS.minQuantity,
    };
    this.#gathered.push({ requestId, command: { $case: "place", value } });
  }

  cancel({ account, orderId }: TrackedOrder): void {
    const value = { account, orderId, clientOrderId: "" };
    const requestId = this.#nextRequest();
    this.#gathered.push({ requestId, command: { $case: "cancel", value } });
    this.#tracker.ask(requestId, { account, orderId, request: OrderRequest.ORDER_REQUEST_CANCEL });
    this.#tracker.counts.cancels += 1;
  }

  reduce({ account, orderId }: TrackedOrder, leaves: number): void {
    const value = { account, orderId, clientOrderId: "", leaves };
    const requestId = this.#nextRequest();
    this.#gathered.push({ requestId, command: { $case: "reduce", value } });
    this.#tracker.ask(requestId, { account, orderId, request: OrderRequest.ORDER_REQUEST_REDUCE });
  }

  /** Sends what was gathered as one message. */
  flush(): void {
    if (this.#gathered.length === 0 || !this.#stream) return;
    this.#stream.send(this.#gathered);
    this.#gathered = [];
  }

  close(): void {
    clearInterval(this.#watch);
    clearTimeout(this.#reopening);
    const stream = this.#stream;
    this.#stream = undefined;
    stream?.close();
  }

  #nextRequest(): number {
    this.#lastRequest += 1;
    return this.#lastRequest;
  }

  #open(): void {
    const stream = this.#venue.orderEntry({
      results: (results) => {
        const now = performance.now();
        for (const result of results) this.#tracker.takeResult(result, now);
      },
      lost: () => this.#lost(stream),
    });
    this.#stream = stream;
  }

  #lost(stream: EntryStream): void {
    if (this.#stream !== stream) return; // It was closed here.
    this.#stream = undefined;
    this.#gathered = [];
    this.#tracker.forgetRequests();
    for (const order of this.#tracker.unanswered) this.#doubt(order);
    this.#reopening = setTimeout(() => this.#open(), REOPEN_DELAY_MS);
  }

  #lookForLate(): void {
    const limit = performance.now() - ANSWER_LIMIT_MS;
    for (const order of this.#tracker.unanswered) if (order.dueMs < limit) this.#doubt(order);
  }

  #doubt(order: TrackedOrder): void {
    if (this.#asked.has(order)) return;
    this.#asked.add(order);
    this.#unknown.push(order);
    this.#askNext();
  }

  #askNext(): void {
    while (this.#asking < RESOLVES_AT_ONCE) {
      const order = this.#unknown.shift();
      if (!order) return;
      this.#asking += 1;
      void this.#ask(order).then(() => {
        this.#asking -= 1;
        this.#askNext();
      });
    }
  }

  async #ask(order: TrackedOrder): Promise<void> {
    try {
      const found = await this.#venue.resolveOrder(order.account, order.clientOrderId);
      this.#asked.delete(order);
      this.#take(order, found);
    } catch {
      // Nobody could say yet: ask again.
      await new Promise((wake) => setTimeout(wake, REOPEN_DELAY_MS));
      this.#unknown.push(order);
    }
  }

  #take(order: TrackedOrder, { orderId, status, code }: Order): void {
    if (status === OrderStatus.ORDER_STATUS_REJECTED) {
      const { requestId } = order;
      const result = {
        requestId,
        code,
        message: "",
        orderId,
        sequence: 0,
        token: 0,
        pairOrderId: 0,
        leg: 0,
      };
      this.#tracker.takeResult({ ...result, repeated: true, retryMs: 0 }, performance.now());
      return;
    }
    const isVoided = status === OrderStatus.ORDER_STATUS_VOIDED;
    this.#tracker.resolve(order, { orderId, isVoided });
  }
}
