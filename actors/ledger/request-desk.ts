/**
 * What clients ask of orders that they have: cancel, reduce, amend, cancel them all. Each is judged as far as the shard
 * knows, and passed on; the market, where the order may trade meanwhile, has the last word. What an amend may cost more
 * is held before it is sent (R7).
 */
import { Code } from "../kernel/codes.js";
import { isFinal, OrderRequest } from "../kernel/order.js";
import { isStop } from "../kernel/order-terms.js";
import { judgeTrading } from "./account-state.js";
import type { Account } from "./accounts.js";
import { assetHeld } from "./holds.js";
import { bandEdge, hasNoPrice, judgeAmended } from "./ladder.js";
import type { LedgerState } from "./ledger-state.js";
import type { Listing } from "./listings.js";
import { liveOrdersOf } from "./live-orders.js";
import type { AmendOrder } from "./messages.js";
import type { AmendedTerms, Order } from "./order.js";
import { heldWith } from "./order-hold.js";
import { cameInAt, orderNamed, refuse, type RequestOf } from "./request.js";
import { isAboveReviewLimit, type ReviewDesk } from "./review-desk.js";

export class RequestDesk {
  private readonly state: LedgerState;
  private readonly reviews: ReviewDesk;

  constructor(state: LedgerState, reviews: ReviewDesk) {
    this.state = state;
    this.reviews = reviews;
  }

  request(request: RequestOf<"amend">, account: Account): void {
    const { state } = this;
    const { command } = request;
    if (command.orderId === 0 && command.clientOrderId === "") {
      return refuse(state, request, Code.CLIENT_ORDER_ID_MISSING);
    }
    const order = orderNamed(state, command, account, cameInAt(request));
    if (!order) return refuse(state, request, Code.UNKNOWN_ORDER);
    if (isFinal(order.status)) {
      return refuse(state, request, Code.ORDER_ALREADY_FINAL, order.id);
    }
    const isCancel = command.request === OrderRequest.Cancel;
    if (order.reviewUntil !== 0 && !isCancel) {
      return refuse(state, request, Code.ORDER_UNDER_REVIEW, order.id);
    }
    if (isCancel) this.cancel(request, order);
    else if (command.request === OrderRequest.Reduce) this.reduce(request, order);
    else this.amend(request, order);
  }

  /**
   * Answers with how many orders it asks its markets to cancel, and ends itself where they are held for review. Those of an
   * earlier one are on their way already.
   */
  cancelAll(request: RequestOf<"cancel-all">, account: Account): void {
    const { orders, journal, outgoing } = this.state;
    const { origin, time } = request;
    const { instrument, side } = request.command;
    const chosen = liveOrdersOf(account).filter(
      (order) =>
        !order.isCancelling &&
        (instrument === 0 || order.instrument === instrument) &&
        (side === 0 || order.side === side),
    );
    const event = { kind: "cancel-all", origin, instrument, side, orders: chosen.length } as const;
    const sequence = journal.append(account, event);
    for (const order of chosen) {
      // One that is held for review, and has ended with the other of its pair, is final by now.
      if (order.reviewUntil !== 0) this.reviews.cancel(order, time);
      if (isFinal(order.status)) continue;
      orders.setCancelling(order, true, sequence, time);
      outgoing.send(order.instrument, { kind: "cancel", orderId: order.id });
    }
  }

  /**
   * However often it is asked for, one goes to the market: outboxes send it until it is taken (R4), and its end is that of
   * all of them. Else one client could fill the way to a market that nobody leads (R11).
   */
  private cancel(request: RequestOf<"amend">, order: Order): void {
    const { orders, outgoing } = this.state;
    const { time } = request;
    const sequence = this.tell(request, order);
    if (order.reviewUntil !== 0) return this.reviews.cancel(order, time);
    if (!order.isCancelling) outgoing.send(order.instrument, { kind: "cancel", orderId: order.id });
    orders.setCancelling(order, true, sequence, time);
  }

  private reduce(request: RequestOf<"amend">, order: Order): void {
    const { state } = this;
    const { leaves } = request.command;
    const { id: orderId } = order;
    if (leaves < 1 || leaves >= order.quantity) {
      return refuse(state, request, Code.REDUCE_NOT_BELOW_QUANTITY, orderId);
    }
    if (leaves % state.listings.of(order.instrument).instrument.lot !== 0) {
      return refuse(state, request, Code.QUANTITY_OFF_LOT, orderId);
    }
    state.orders.touch(order, this.tell(request, order), request.time);
    state.outgoing.send(order.instrument, { kind: "reduce", orderId, leaves });
  }

  private amend(request: RequestOf<"amend">, order: Order): void {
    const { accounts, balances, limits, listings, orders, outgoing } = this.state;
    const { command, time } = request;
    const limit = limits.take(accounts.headOf(order.account), 0, time);
    if (limit !== Code.OK) return refuse(this.state, request, limit, order.id);
    const listing = listings.of(order.instrument);
    const { instrument } = listing;
    const after = amendedTerms(order, command, listing);
    const code = judgeAmend(order, command, after, listing);
    if (code !== Code.OK) return refuse(this.state, request, code, order.id);
    // Nobody would look at it; less than it is may always be asked for.
    const isWorthMore = after.price * after.quantity > order.price * order.quantity;
    if (isWorthMore && isAboveReviewLimit(this.state, order, after)) {
      return refuse(this.state, request, Code.AMEND_NEEDS_REVIEW, order.id);
    }
    const amend = { price: after.price, change: after.leaves - order.leaves };
    const { price, leaves } = order;
    const asset = assetHeld(instrument, order.side);
    const held = heldWith(this.state, order, order);
    const more = heldWith(this.state, order, { price, leaves, amend }) - held;
    const standing = judgeTrading(accounts.stateOf(order.account), order.side);
    // Who may only part with what it has may still ask for less.
    const isLess = standing === Code.ACCOUNT_CLOSE_ONLY && amend.change <= 0 && more <= 0;
    if (standing !== Code.OK && !isLess) return refuse(this.state, request, standing, order.id);
    const available = balances.available(order.account, asset);
    if (available < more) return refuse(this.state, request, Code.INSUFFICIENT_FUNDS, order.id);

    if (more > 0) balances.move(order.account, asset, 0, more);
    orders.beginAmend(order, amend, this.tell(request, order), time);
    const { stopPrice, display } = command;
    const { id: orderId } = order;
    outgoing.send(order.instrument, { kind: "amend", orderId, ...amend, stopPrice, display });
  }

  /** Tells the account that a request is on its way; gives the number of the event. */
  private tell({ command, origin }: RequestOf<"amend">, order: Order): number {
    const { request } = command;
    const event = { kind: "requested", origin, orderId: order.id, request } as const;
    return this.state.journal.append(order.account, event);
  }
}

function judgeAmend(
  order: Order,
  command: AmendOrder,
  after: AmendedTerms,
  listing: Listing,
): Code {
  if (order.amend) return Code.AMEND_PENDING;
  if (command.price !== 0 && hasNoPrice(order.type)) return Code.AMEND_OF_OTHER_TERMS;
  if (command.stopPrice !== 0 && !isStop(order.type)) return Code.AMEND_OF_OTHER_TERMS;
  if (command.display !== 0 && order.display === 0) return Code.AMEND_OF_OTHER_TERMS;
  return judgeAmended(order, after, listing);
}

/** What the order is to be. A stop that becomes a market order is held around its new stop price. */
function amendedTerms(order: Order, command: AmendOrder, { instrument }: Listing): AmendedTerms {
  const stopPrice = command.stopPrice || order.stopPrice;
  const isMoved = stopPrice !== order.stopPrice && hasNoPrice(order.type);
  const leaves = command.quantity === 0 ? order.leaves : command.quantity - order.filled;
  return {
    price: isMoved ? bandEdge(order.side, stopPrice, instrument) : command.price || order.price,
    quantity: order.filled + leaves,
    leaves,
    stopPrice,
    display: command.display || order.display,
  };
}
