/**
 * What a live order keeps held, alone or with the other of its pair. Two that may both still trade hold what the larger
 * of them can cost, once: as soon as one has traded, the other has ended at the market, and costs nothing from then on (R7).
 */
import { Side } from "../kernel/order.js";
import { hasFees, heldForFees } from "./charges.js";
import { heldAmount, type PendingAmend } from "./holds.js";
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

/** A buyer holds what fees may come to besides. */
function heldBy({ listings }: LedgerState, order: Order, terms: HoldTerms): number {
  const { instrument } = listings.of(order.instrument);
  const { price, leaves, amend } = terms;
  const cost = heldAmount(instrument, order.side, price, leaves, amend);
  if (cost === 0 || order.side !== Side.Buy || !hasFees(order)) return cost;
  return cost + heldForFees(order, cost);
}
