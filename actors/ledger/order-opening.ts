/** How an order begins its life: accepted, and then on its way to its market, or rejected; in the journal and in memory alike. */
import { Code } from "../kernel/codes.js";
import { NO_FEES, ratesOf } from "../kernel/fees.js";
import {
  OrderStatus,
  type OrderType,
  type SelfTrade,
  type Side,
  type TimeInForce,
} from "../kernel/order.js";
import type { AccountEvent } from "./account-events.js";
import type { Account } from "./accounts.js";
import type { LedgerState } from "./ledger-state.js";
import type { NewOrder } from "./messages.js";
import type { Order, OrderTerms } from "./order.js";
import type { Request } from "./request.js";

type Accepted = Extract<AccountEvent, { readonly kind: "accepted" }>;

/** Under which number an order is known, and the other of its pair (0: none). */
export interface OrderNumbers {
  readonly orderId: number;
  readonly pair: number;
}

/** Accepts an order that is judged and held for, at the limit `price`. */
export function openOrder(
  state: LedgerState,
  { origin, time }: Request,
  account: Account,
  order: NewOrder,
  price: number,
  { orderId, pair }: OrderNumbers,
): Order {
  const { clientOrderId, instrument, type, timeInForce, quantity } = order;
  const { stopPrice, display, expires, selfTrade, postOnly } = order;
  const { reprices, trail, minQuantity } = order;
  const side = order.side as Side;
  // Written out: to spread objects of this size costs as much as all the rest of an order.
  const accepted: Accepted = {
    kind: "accepted",
    origin,
    orderId,
    clientOrderId,
    instrument,
    side,
    type,
    timeInForce,
    price,
    quantity,
    stopPrice,
    display,
    expires,
    selfTrade,
    postOnly,
    reprices,
    trail,
    minQuantity,
    pair,
  };
  const sequence = state.journal.append(account, accepted);
  const progress = { filled: 0, leaves: quantity, status: OrderStatus.PendingNew, code: Code.OK };
  const { tier } = state.accounts.headOf(account);
  const rates = ratesOf(state.listings.of(instrument).instrument, tier);
  state.counters.ordersProcessed += 1;
  return state.orders.add(orderId, account, accepted, rates, progress, sequence, time);
}

/** Passes an accepted order on to its market. Whom self-trade prevention takes the order for it keeps, whatever group its account is in later: sub-accounts count as their parent. */
export function enter(state: LedgerState, order: Order): void {
  state.outgoing.send(order.instrument, {
    kind: "enter",
    orderId: order.id,
    account: order.account.id,
    owner: state.accounts.ownerOf(order.account),
    side: order.side as Side,
    type: order.type as OrderType,
    timeInForce: order.timeInForce as TimeInForce,
    price: order.price,
    quantity: order.quantity,
    stopPrice: order.stopPrice,
    display: order.display,
    expires: order.expires,
    pair: order.pair,
    selfTrade: order.selfTrade as SelfTrade,
    postOnly: order.postOnly,
    reprices: order.reprices,
    trail: order.trail,
    minQuantity: order.minQuantity,
  });
}

/** A rejection takes a number in the journal, and its record keeps the client order id. */
export function rejectOrder(
  state: LedgerState,
  { origin, time }: Request,
  account: Account,
  order: NewOrder,
  code: Code,
  { orderId, pair }: OrderNumbers,
): void {
  const { orders, journal, listings } = state;
  const { clientOrderId } = order;
  const event = { kind: "rejected", origin, orderId, clientOrderId, code } as const;
  const sequence = journal.append(account, event);
  // A number that names no instrument is not kept: it need not fit the column.
  const instrument = listings.find(order.instrument) ? order.instrument : 0;
  const terms: OrderTerms = { ...order, instrument, pair };
  const progress = { filled: 0, leaves: 0, status: OrderStatus.Rejected, code };
  orders.add(orderId, account, terms, NO_FEES, progress, sequence, time);
}
