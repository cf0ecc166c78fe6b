/** An order as its account sees it. A rejected order and a voided id have a record too: it keeps the id (R10). */
import { Code } from "../kernel/codes.js";
import type { FeeRates } from "../kernel/fees.js";
import type { Hashed } from "../kernel/late-hash.js";
import { CLIENT_ORDER_ID_KEPT_MICROS } from "../kernel/limits.js";
import { isFinal, OrderStatus } from "../kernel/order.js";
import type { Account } from "./accounts.js";
import type { PendingAmend } from "./holds.js";
import type { OtherTerms } from "./other-terms.js";

/** What was asked for. Side, type and the like are as the client sent them, which for a rejected order may be bad. */
export interface OrderTerms extends OtherTerms {
  readonly clientOrderId: string;
  readonly instrument: number;
  readonly side: number;
  readonly type: number;
  readonly timeInForce: number;
  /** In price units; for a market order or a stop the limit that is held at. */
  readonly price: number;
  readonly quantity: number;
  /** The other order of its pair, also when that has ended; 0: it is of none. */
  readonly pair: number;
}

/** What an order has traded as maker and as taker, in the quote asset's units, and what it was charged for it; below zero: given. */
export interface OrderFees {
  makerValue: number;
  takerValue: number;
  fees: number;
}

/** What an amend may change of an order. */
export interface AmendedTerms {
  readonly price: number;
  readonly quantity: number;
  readonly leaves: number;
  readonly stopPrice: number;
  readonly display: number;
}

export interface OrderProgress {
  readonly filled: number;
  readonly leaves: number;
  readonly status: OrderStatus;
  /** Why it was rejected or ended; `OK` while it is live and when it is filled. */
  readonly code: number;
}

export interface Order extends OrderTerms, FeeRates, OrderFees, Hashed {
  readonly id: number;
  readonly account: Account;
  /** Of its account and its client order id (`hashOfKey`): it is looked for more often than it is read. */
  readonly keyHash: number;
  /** Its neighbours among its account's live orders (`live-orders.ts`). */
  before: Order | null;
  after: Order | null;
  price: number;
  quantity: number;
  stopPrice: number;
  display: number;
  /** On its way to the market; the hold covers it too. */
  amend: PendingAmend | null;
  /** The worst limit it has had, if it was ever amended; else 0. */
  worstPrice: number;
  /** Is a cancel on its way to the market? Then no other is sent: its market never refuses it while the order is open. */
  isCancelling: boolean;
  /** Does it wait at its market, for its trigger or its auction? */
  isWaiting: boolean;
  /** Has the other of its pair traded? Then it has ended at its market, though its end was not told yet, and costs nothing. */
  isPairDone: boolean;
  /** Until when it is held for review (microseconds since 1970), and not at its market; 0: it is not. */
  reviewUntil: number;
  filled: number;
  leaves: number;
  status: OrderStatus;
  code: number;
  /** Numbers in the account's journal. */
  readonly firstSequence: number;
  lastSequence: number;
  /** Microseconds since 1970. */
  readonly created: number;
  updated: number;
  /** What the open batch changes of its row. */
  rowChange: RowChange;
}

/** What a batch writes of an order's row. Each from `Progress` on has what those before it have. */
export const RowChange = { None: 0, New: 1, Progress: 2, Marks: 3, Terms: 4, Review: 5 } as const;
export type RowChange = (typeof RowChange)[keyof typeof RowChange];

/** May another order have its client order id? From a day after the last that was heard of an order that has ended (R10). */
export function isIdFree({ status, updated }: Order, time: number): boolean {
  return isFinal(status) && time - updated >= CLIENT_ORDER_ID_KEPT_MICROS;
}

/** What the client was answered first: `OK` when the order was accepted, whatever became of it later. */
export function firstAnswer(order: Order): number {
  const { status, code } = order;
  return status === OrderStatus.Rejected || status === OrderStatus.Voided ? code : Code.OK;
}

/** An order whose time in force has run out, or its time for review, is expired; one that ends for anything else is cancelled. */
export function endedStatus(code: number): OrderStatus {
  return EXPIRIES.has(code) ? OrderStatus.Expired : OrderStatus.Cancelled;
}

const EXPIRIES = new Set<number>([
  Code.EXPIRED,
  Code.DAY_ENDED,
  Code.AUCTION_REMAINDER,
  Code.REVIEW_TIME_OVER,
]);

/** A live order leaves something, a finished one nothing, and what is filled and open was asked for. */
export function isConsistent(order: Order): boolean {
  const { filled, leaves, quantity, status } = order;
  if (leaves < 0 || filled < 0 || filled + leaves > quantity) return false;
  return isFinal(status) ? leaves === 0 : leaves > 0;
}
