/**
 * What a live order keeps held, alone or with the other of its pair. Two that may both still trade hold what the larger
 * of them can cost, once: as soon as one has traded, the other has ended at the market, and costs nothing from then on (R7).
 */
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
export function heldWith(
  { orders, listings }: LedgerState,
  order: Order,
  terms: HoldTerms,
): number {
  if (order.isPairDone) return 0;
  const { instrument } = listings.of(order.instrument);
  const { side } = order;
  const own = heldAmount(instrument, side, terms.price, terms.leaves, terms.amend);
  const other = orders.pairOf(order);
  if (!other) return own;
  return Math.max(own, heldAmount(instrument, side, other.price, other.leaves, other.amend));
}

/** What an order holds that has just traded and leaves so much: the other of its pair has ended by that. */
export function heldAlone({ listings }: LedgerState, order: Order, leaves: number): number {
  const { instrument } = listings.of(order.instrument);
  return heldAmount(instrument, order.side, order.price, leaves, order.amend);
}
