/**
 * What became of each order that a load process sent: when it was accepted, when it first traded, and when its final or
 * resting report came. Answers and account events may come in either order.
 */
import type {
  AccountEvent,
  CommandResult,
  OrderRequest,
} from "../../proto/gen/exchange/v1/exchange.js";
import type { ClientLog } from "./client-log.js";
import { Latencies } from "./latencies.js";
import { RecentDues } from "./recent-dues.js";
import { RestingOrders } from "./resting-orders.js";

const OUTCOME_UNKNOWN = "OUTCOME_UNKNOWN";

export interface TrackedOrder {
  readonly requestId: number;
  readonly account: number;
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly isCrossing: boolean;
  /** When it was due to be sent, in milliseconds: a late sender does not flatter the exchange. */
  readonly dueMs: number;
  orderId: number;
  isReported: boolean;
  isFinal: boolean;
  isResting: boolean;
  hasTraded: boolean;
}

type Submitted = Pick<
  TrackedOrder,
  "requestId" | "account" | "clientOrderId" | "symbol" | "isCrossing" | "dueMs"
>;

/** What was asked for an order that is there. */
export interface Asked {
  readonly account: number;
  readonly orderId: number;
  readonly request: OrderRequest;
}

export interface Counts {
  submitted: number;
  accepted: number;
  rejected: number;
  /** Not published, by the gateway's own word. */
  refused: number;
  /** Orders whose final or resting report was received. */
  reported: number;
  crossing: number;
  /** Crossing orders that were accepted, and those of them that traded. */
  crossingAccepted: number;
  crossingTraded: number;
  fills: number;
  cancels: number;
}

/** Is told of each order; moments are of `performance.now`. */
export interface OrderListener {
  /** When it was due, where it is not sent at once. */
  sent(nowMs: number): void;
  accepted(nowMs: number, waitMs: number): void;
  /** Not taken by a gateway, or not accepted by the ledger; the code says why. `retryMs`: when to try again; 0: nothing was said of that. */
  refused(nowMs: number, code: string, retryMs: number): void;
}

export class OrderTracker {
  readonly counts: Counts = {
    submitted: 0,
    accepted: 0,
    rejected: 0,
    refused: 0,
    reported: 0,
    crossing: 0,
    crossingAccepted: 0,
    crossingTraded: 0,
    fills: 0,
    cancels: 0,
  };
  readonly acceptLatency = new Latencies();
  readonly fillLatency = new Latencies();
  /** Orders that were due before have no latency; and how many were due since. */
  timedFromMs = 0;
  timed = 0;
  /** When the last event came, and of how many orders nothing was known until they were asked for. */
  lastEventMs = 0;
  resolved = 0;
  private readonly log: ClientLog;
  private readonly listener: OrderListener | undefined;
  /** Without an answer yet. */
  private readonly byRequest = new Map<number, TrackedOrder>();
  private readonly byClientId = new Map<string, TrackedOrder>();
  /** Cancels and reductions without an answer yet. */
  private readonly requests = new Map<number, Asked>();
  /** Accepted and not final. */
  private readonly byOrder = new Map<number, TrackedOrder>();
  private readonly reportedDues = new RecentDues();
  private readonly resting: RestingOrders<TrackedOrder>;

  /** `sparedPerSymbol`: so many resting orders are never given to be cancelled. */
  constructor(log: ClientLog, listener?: OrderListener, sparedPerSymbol = 0) {
    this.log = log;
    this.listener = listener;
    this.resting = new RestingOrders(sparedPerSymbol);
  }

  /** Orders without their final or resting report. */
  get outstanding(): number {
    const { submitted, reported, refused } = this.counts;
    return submitted - reported - refused;
  }

  /** Reported orders that were due by then, a moment no longer ago than `RECENT_MS`. */
  reportedOfDueBy(moment: number): number {
    return this.counts.reported - this.reportedDues.after(moment);
  }

  /** Accepted orders that are not final. */
  get live(): number {
    return this.byOrder.size;
  }

  /** Orders that nobody has said anything of. */
  get unanswered(): TrackedOrder[] {
    return [...this.byRequest.values()].filter((order) => order.orderId === 0);
  }

  submit(order: Submitted): void {
    const { requestId, account, clientOrderId, symbol, isCrossing, dueMs } = order;
    const tracked: TrackedOrder = {
      requestId,
      account,
      clientOrderId,
      symbol,
      isCrossing,
      dueMs,
      orderId: 0,
      isReported: false,
      isFinal: false,
      isResting: false,
      hasTraded: false,
    };
    this.byRequest.set(requestId, tracked);
    this.byClientId.set(clientOrderId, tracked);
    this.counts.submitted += 1;
    if (isCrossing) this.counts.crossing += 1;
    if (dueMs >= this.timedFromMs) this.timed += 1;
    this.log.submitted(order);
    this.listener?.sent(dueMs);
  }

  /** The oldest order that still rests, to be cancelled; it is given once. */
  takeResting(): TrackedOrder | undefined {
    return this.resting.take();
  }

  ask(requestId: number, asked: Asked): void {
    this.requests.set(requestId, asked);
  }

  /** The stream is lost that would have had their answers; nobody asks for those. */
  forgetRequests(): void {
    this.requests.clear();
  }

  takeResult(result: CommandResult, nowMs: number): void {
    const asked = this.requests.get(result.requestId);
    if (asked) {
      this.requests.delete(result.requestId);
      const { code, sequence, token } = result;
      const { account, orderId, request } = asked;
      return this.log.answered({ account, orderId, request, code, sequence, token });
    }
    const order = this.byRequest.get(result.requestId);
    // Without a definite answer it stays unanswered, and will be asked for.
    if (!order || result.code === OUTCOME_UNKNOWN) return;
    this.byRequest.delete(order.requestId);
    if (result.code === "OK") {
      this.accept(order, result.orderId, nowMs);
      const { account, clientOrderId } = order;
      const { orderId, sequence, token } = result;
      this.log.accepted({ account, clientOrderId, orderId, sequence, token });
    } else if (result.retryMs > 0) {
      this.forget(order);
      this.counts.refused += 1;
      this.log.refused(order.account, order.clientOrderId, result.code);
      this.listener?.refused(nowMs, result.code, result.retryMs);
    } else {
      this.reject(order, result.code, nowMs);
    }
  }

  takeEvent(told: AccountEvent, nowMs: number): void {
    this.log.event(told);
    this.lastEventMs = nowMs;
    const event = told.event;
    switch (event?.$case) {
      case "accepted": {
        const { orderId, clientOrderId } = event.value;
        const order = this.byClientId.get(clientOrderId);
        if (order) this.accept(order, orderId, nowMs);
        const { account, sequence, token } = told;
        this.log.accepted({ account, clientOrderId, orderId, sequence, token });
        break;
      }
      case "rejected": {
        const order = this.byClientId.get(event.value.clientOrderId);
        if (order) this.reject(order, event.value.code, nowMs);
        break;
      }
      case "rested": {
        const order = this.byOrder.get(event.value.orderId);
        if (order) this.rest(order);
        break;
      }
      case "filled":
        this.counts.fills += 1;
        this.fill(event.value.orderId, event.value.leaves, nowMs);
        break;
      case "ended": {
        const order = this.byOrder.get(event.value.orderId);
        if (order) this.finish(order);
        break;
      }
      default:
        break;
    }
  }

  /** What the exchange says of an order when it is asked afterwards. */
  resolve(
    order: TrackedOrder,
    found: { readonly orderId: number; readonly isVoided: boolean },
  ): void {
    // An order whose event came while it was asked for was known without.
    if (order.orderId === 0 && this.byRequest.has(order.requestId)) this.resolved += 1;
    if (found.isVoided) return this.reject(order, "VOIDED", performance.now());
    const { account, clientOrderId } = order;
    this.log.accepted({ account, clientOrderId, orderId: found.orderId, sequence: 0, token: 0 });
    this.byRequest.delete(order.requestId);
  }

  private accept(order: TrackedOrder, orderId: number, nowMs: number): void {
    if (order.orderId !== 0) return;
    order.orderId = orderId;
    this.byOrder.set(orderId, order);
    this.byClientId.delete(order.clientOrderId);
    this.counts.accepted += 1;
    if (order.isCrossing) this.counts.crossingAccepted += 1;
    this.listener?.accepted(nowMs, nowMs - order.dueMs);
    if (order.dueMs >= this.timedFromMs) this.acceptLatency.record(nowMs - order.dueMs);
  }

  private reject(order: TrackedOrder, code: string, nowMs: number): void {
    if (order.isFinal) return;
    this.report(order);
    this.forget(order);
    this.listener?.refused(nowMs, code, 0);
    this.counts.rejected += 1;
    this.log.rejected(order.account, order.clientOrderId, code);
  }

  private forget(order: TrackedOrder): void {
    order.isFinal = true;
    order.isReported = true;
    this.byRequest.delete(order.requestId);
    this.byClientId.delete(order.clientOrderId);
  }

  private rest(order: TrackedOrder): void {
    if (order.isReported) return; // A stream that was opened again may tell it twice.
    this.report(order);
    this.resting.add(order);
  }

  private fill(orderId: number, leaves: number, nowMs: number): void {
    const order = this.byOrder.get(orderId);
    if (!order) return;
    // A passive order trades when somebody comes; only what crosses measures the exchange.
    if (order.isCrossing && !order.hasTraded) {
      this.counts.crossingTraded += 1;
      if (order.dueMs >= this.timedFromMs) this.fillLatency.record(nowMs - order.dueMs);
    }
    order.hasTraded = true;
    if (leaves === 0) this.finish(order);
  }

  private finish(order: TrackedOrder): void {
    order.isFinal = true;
    this.resting.finish(order);
    this.byOrder.delete(order.orderId);
    this.report(order);
  }

  private report(order: TrackedOrder): void {
    if (order.isReported) return;
    order.isReported = true;
    this.counts.reported += 1;
    this.reportedDues.add(order.dueMs);
  }
}
