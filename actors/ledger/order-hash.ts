/** What of a live order is in the shard's state hash. What few orders have adds nothing for the others (R13). */
import type { StateHash } from "../kernel/hash.js";
import { isFinal } from "../kernel/order.js";
import { hasFees } from "./charges.js";
import { HashKind } from "./hash-kinds.js";
import type { Order } from "./order.js";

export function addToHash(hash: StateHash, order: Order): void {
  if (isFinal(order.status)) return;
  const { id, amend, isCancelling } = order;
  hash.part(HashKind.LiveOrder);
  hash.part(id);
  hash.part(order.leaves);
  hash.part(order.filled);
  hash.part(order.status);
  hash.end();
  if (amend || isCancelling) {
    hash.part(HashKind.RequestedOrder);
    hash.part(id);
    hash.part(amend ? amend.price : 0);
    hash.part(amend ? amend.change : 0);
    hash.part(isCancelling ? 1 : 0);
    hash.end();
  }
  const { pair, isPairDone, makerValue, takerValue, fees, reviewUntil } = order;
  if (pair !== 0) hash.add(HashKind.PairedOrder, id, pair, isPairDone ? 1 : 0);
  if (hasFees(order)) hash.add(HashKind.ChargedOrder, id, makerValue, takerValue, fees);
  if (reviewUntil !== 0) hash.add(HashKind.OrderUnderReview, id, reviewUntil);
  if (order.isWaiting) hash.add(HashKind.WaitingOrder, id);
}

/** Is something on its way to the market, or awaited there, that the order's row has to know of? */
export function isMarked({ amend, isCancelling, isWaiting }: Order): boolean {
  return amend !== null || isCancelling || isWaiting;
}
