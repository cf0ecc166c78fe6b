/**
 * What a live order keeps held, alone or with the other of its pair. Two that may both still trade hold what the larger
 * of them can cost, once: as soon as one has traded, the other has ended at the market, and costs nothing from then on (R7).
 */
import { assert } from "../kernel/assert.js";
import { Side } from "../kernel/order.js";
import type { Account } from "./accounts.js";
import { hasFees, heldForFees } from "./charges.js";
import { assetHeld, heldAmount, type PendingAmend } from "./holds.js";
import type { LedgerState } from "./ledger-state.js";
import type { Order } from "./order.js";

/** What the hold of an order depends on, besides what never changes. */
export interface HoldTerms {
  readonly price: number;
  readonly leaves: number;
  readonly amend: PendingAmend | null;
}

/** What an order with these terms holds together with the other of its pair, in units of the asset of its hold. */
export function heldWith(state: LedgerState, order: Order, terms: HoldTerms): number {
  if (order.isPairDone) return 0;
  const own = heldBy(state, order, terms);
  const other = state.orders.pairOf(order);
  return other ? Math.max(own, heldBy(state, other, other)) : own;
}

/** What an order holds that has just traded and leaves so much: the other of its pair has ended by that. */
export function heldAlone(state: LedgerState, order: Order, leaves: number): number {
  const { price, amend } = order;
  return heldBy(state, order, { price, leaves, amend });
}

/** Releases what is not held any more when an order gets these terms, without a trade. */
export function release(state: LedgerState, order: Order, after: HoldTerms): void {
  const amount = heldWith(state, order, order) - heldWith(state, order, after);
  if (amount === 0) return;
  const { instrument } = state.listings.of(order.instrument);
  const asset = assetHeld(instrument, order.side);
  state.balances.move(order.account, asset, 0, -amount);
}

/**
 * Whoever has no open order has nothing held but for withdrawals: a hold that was not released would be lost to its
 * account.
 */
export function checkNothingHeld({ withdrawals }: LedgerState, account: Account): void {
  if (account.openOrders > 0) return;
  for (const { asset, held } of account.balances) {
    const leaving = withdrawals.held(account, asset);
    assert(held === leaving, "account %s has no open order, yet %s held", account.id, held);
  }
}

/** A buyer holds what fees may come to besides. */
function heldBy({ listings }: LedgerState, order: Order, terms: HoldTerms): number {
  const { instrument } = listings.of(order.instrument);
  const { price, leaves, amend } = terms;
  const cost = heldAmount(instrument, order.side, price, leaves, amend);
  if (cost === 0 || order.side !== Side.Buy || !hasFees(order)) return cost;
  return cost + heldForFees(order, cost);
}
