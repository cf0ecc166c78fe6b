/**
 * Risk before the trade: an order whose value is above what an operator has set for its account is accepted and held for, but does not go
 * to its market until an operator has approved it. Refused, cancelled, or left until its time is over it ends here, for its market has
 * never heard of it. Of a pair both orders are held, and what is said of one is said of both.
 */
import { Code } from "../kernel/codes.js";
import { notional } from "../kernel/instrument.js";
import { ASSET_ID_MAX, EXPIRIES_AT_ONCE_MAX, REVIEW_TIME_LIMIT_SECONDS } from "../kernel/limits.js";
import { isFinal } from "../kernel/order.js";
import { judgeTrading } from "./account-state.js";
import type { Account } from "./accounts.js";
import type { LedgerState } from "./ledger-state.js";
import { endedStatus, type Order } from "./order.js";
import { checkNothingHeld, release } from "./order-hold.js";
import { enter } from "./order-opening.js";
import { cameInAt, orderNamed, refuse, repeat, type RequestOf } from "./request.js";

const MICROS_PER_SECOND = 1_000_000;

export class ReviewDesk {
  private readonly state: LedgerState;

  constructor(state: LedgerState) {
    this.state = state;
  }

  /** When the time of the first order that waits is over, in microseconds since 1970; `Infinity`: none waits. */
  due(): number {
    return this.state.orders.reviews.due();
  }

  /** Ends orders whose time is over; what is more than may be ended at once stays due. */
  advance(time: number): void {
    const { reviews } = this.state.orders;
    for (let ended = 0; ended < EXPIRIES_AT_ONCE_MAX; ended++) {
      const order = reviews.firstOver(time);
      if (!order) return;
      this.endAll(this.bothOf(order), ({ expires }) => whyOver(expires, time), time);
    }
  }

  /** To its market goes an order that was accepted, or a pair, unless somebody has to look at it first. */
  passOn(opened: readonly Order[], time: number): void {
    if (!opened.some((order) => isAboveReviewLimit(this.state, order, order))) {
      for (const order of opened) enter(this.state, order);
      return;
    }
    const { journal, orders } = this.state;
    const until = untilWhen(opened, time);
    for (const order of opened) {
      const event = { kind: "review", orderId: order.id, until } as const;
      orders.beginReview(order, until, journal.append(order.account, event), time);
    }
  }

  /** The same limit again changes nothing. Orders that are held, and those that are open, stay as they are. */
  setLimit(request: RequestOf<"set-review-limit">, account: Account): void {
    const { journal, reviewLimits } = this.state;
    const { command, origin } = request;
    const { asset, value } = command;
    if (asset < 1 || asset > ASSET_ID_MAX) return refuse(this.state, request, Code.UNKNOWN_ASSET);
    if (account.parent !== 0) return refuse(this.state, request, Code.SHARED_WITH_PARENT);
    if (reviewLimits.of(account, asset) === value) return repeat(this.state, request, Code.OK, 0);
    reviewLimits.set(account, asset, value);
    journal.append(account, { kind: "review-limit", origin, asset, value });
  }

  /** An operator's word. What the account may not do any more cannot be approved. */
  decide(request: RequestOf<"decide-review">, account: Account): void {
    const { state } = this;
    const { command, time } = request;
    const order = orderNamed(state, command, account, cameInAt(request));
    if (!order) return refuse(state, request, Code.UNKNOWN_ORDER);
    const { isApproved } = command;
    if (!isApproved && isFinal(order.status) && order.code === Code.REVIEW_REFUSED) {
      return repeat(state, request, Code.OK, order.id);
    }
    if (order.reviewUntil === 0) {
      return refuse(state, request, Code.ORDER_NOT_UNDER_REVIEW, order.id);
    }
    // More of them are over than were ended at once.
    if (order.reviewUntil <= time) return refuse(state, request, Code.REVIEW_TIME_OVER, order.id);
    const standing = isApproved
      ? judgeTrading(state.accounts.stateOf(account), order.side)
      : Code.OK;
    if (standing !== Code.OK) return refuse(state, request, standing, order.id);
    const both = this.bothOf(order);
    for (const each of both) this.tell(request, each);
    if (!isApproved) return this.endAll(both, () => Code.REVIEW_REFUSED, time);
    for (const each of both) enter(state, each);
  }

  /** As its client asks; the other of its pair ends by that. */
  cancel(order: Order, time: number): void {
    const codeOf = (each: Order) => (each === order ? Code.CANCELLED_BY_CLIENT : Code.PAIR_DONE);
    const both = this.bothOf(order);
    this.state.watching.cancel(order.account, order.created, both.length);
    this.endAll(both, codeOf, time);
  }

  private tell({ command, origin, time }: RequestOf<"decide-review">, order: Order): void {
    const { journal, orders } = this.state;
    const { isApproved } = command;
    const event = { kind: "reviewed", origin, orderId: order.id, isApproved } as const;
    orders.endReview(order, journal.append(order.account, event), time);
  }

  /** Their markets have never heard of them. */
  private endAll(ended: readonly Order[], codeOf: (order: Order) => Code, time: number): void {
    const { counters, journal, orders } = this.state;
    for (const order of ended) {
      const { filled, leaves, price, account, id: orderId } = order;
      const code = codeOf(order);
      release(this.state, order, { price, leaves: 0, amend: null });
      const event = { kind: "ended", orderId, leaves, code, sequence: 0 } as const;
      const progress = { filled, leaves: 0, status: endedStatus(code), code };
      orders.progress(order, progress, journal.append(account, event), time);
      counters.ordersCancelled += 1;
      checkNothingHeld(this.state, account);
    }
  }

  /** An order, or the two of its pair in the order in which they enter the market. */
  private bothOf(order: Order): [Order] | [Order, Order] {
    const pair = this.state.orders.pairOf(order);
    if (!pair) return [order];
    return pair.id < order.id ? [pair, order] : [order, pair];
  }
}

/** Is an order with these terms worth more than may go to the market by itself? */
export function isAboveReviewLimit(
  { accounts, listings, reviewLimits }: LedgerState,
  { account, instrument: number }: Order,
  { price, quantity }: { readonly price: number; readonly quantity: number },
): boolean {
  const { instrument } = listings.of(number);
  const limit = reviewLimits.of(accounts.headOf(account), instrument.quoteAsset);
  return limit !== 0 && notional(instrument, price, quantity) > limit;
}

function whyOver(expires: number, time: number): Code {
  return expires !== 0 && expires <= time ? Code.EXPIRED : Code.REVIEW_TIME_OVER;
}

/** In microseconds since 1970: an order that expires before its time for review is over waits no longer than that. */
function untilWhen(opened: readonly Order[], time: number): number {
  const expiries = opened.map(({ expires }) => expires).filter((expires) => expires !== 0);
  return Math.min(time + REVIEW_TIME_LIMIT_SECONDS * MICROS_PER_SECOND, ...expiries);
}
