/** New orders: judged, held for, numbered and passed on to their markets (or held for review), or rejected (R7, R10). */
import { Code } from "../kernel/codes.js";
import { ratesOf } from "../kernel/fees.js";
import { OrderStatus } from "../kernel/order.js";
import { judgeTrading } from "./account-state.js";
import type { Account } from "./accounts.js";
import { assetHeld, holdOf } from "./holds.js";
import { judgeMeans, judgeTerms, limitPrice } from "./ladder.js";
import type { LedgerState } from "./ledger-state.js";
import type { Listing } from "./listings.js";
import { firstAnswer } from "./order.js";
import { openOrder, rejectOrder } from "./order-opening.js";
import { cameInAt, isLate, refuse, repeat, type RequestOf } from "./request.js";
import type { ReviewDesk } from "./review-desk.js";

export class NewOrderDesk {
  private readonly state: LedgerState;
  private readonly reviews: ReviewDesk;

  constructor(state: LedgerState, reviews: ReviewDesk) {
    this.state = state;
    this.reviews = reviews;
  }

  place(request: RequestOf<"place">): void {
    const { state } = this;
    const { command, time } = request;
    state.counters.ordersReceived += 1;
    const account = state.accounts.find(command.account);
    const late = isLate(request);
    if (!account) {
      return refuse(state, request, late ? Code.DEADLINE_PASSED : Code.UNKNOWN_ACCOUNT);
    }
    if (command.clientOrderId === "") {
      return refuse(state, request, late ? Code.DEADLINE_PASSED : Code.CLIENT_ORDER_ID_MISSING);
    }
    const known = state.orders.findByClientId(account, command.clientOrderId, cameInAt(request));
    if (known?.status === OrderStatus.Voided) {
      return refuse(state, request, Code.CLIENT_ORDER_ID_VOIDED, known.id);
    }
    if (known) return repeat(state, request, firstAnswer(known), known.id);
    if (late) return this.reject(request, account, Code.DEADLINE_PASSED);
    const standing = judgeTrading(state.accounts.stateOf(account), command.side);
    if (standing !== Code.OK) return this.reject(request, account, standing);
    const limit = state.limits.take(state.accounts.headOf(account), 1, time);
    if (limit !== Code.OK) return refuse(state, request, limit);
    const listing = state.listings.find(command.instrument);
    const code = judgeTerms(command, listing, state.accounts.headOf(account).tier, time);
    if (code !== Code.OK || !listing) return this.reject(request, account, code);
    this.accept(request, account, listing);
  }

  /** Holds the most the order can cost and passes it on to its market, unless the account's means forbid it. */
  private accept(request: RequestOf<"place">, account: Account, listing: Listing): void {
    const { state } = this;
    const { command } = request;
    const { side, quantity } = command;
    const { instrument } = listing;
    const price = limitPrice(command, listing);
    const head = state.accounts.headOf(account);
    const rates = ratesOf(instrument, head.tier);
    const asset = assetHeld(instrument, side);
    const hold = holdOf(instrument, rates, side, price, quantity);
    const available = state.balances.available(account, asset);
    const most = state.limits.openOrders(head);
    const open = state.accounts.openOrdersWith(account);
    const code = judgeMeans(open, most, available, hold);
    if (code !== Code.OK) return this.reject(request, account, code);
    const orderId = state.orders.nextId();
    state.balances.move(account, asset, 0, hold);
    const numbers = { orderId, pair: 0 };
    const order = openOrder(state, request, account, command, price, numbers);
    this.reviews.passOn([order], request.time);
  }

  private reject(request: RequestOf<"place">, account: Account, code: Code): void {
    const orderId = this.state.orders.nextId();
    rejectOrder(this.state, request, account, request.command, code, { orderId, pair: 0 });
  }
}
