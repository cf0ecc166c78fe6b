/** What of a live order is in the shard's state hash. What few orders have adds nothing for the others (R13). */
import type { StateHash } from "../kernel/hash.js";
import { hasFees } from "./charges.js";
import { HashKind } from "./hash-kinds.js";
import type { Order } from "./order.js";

export function addToHash(hash: StateHash, order: Order): void {
  hash.add(HashKind.LiveOrder, order.id, order.leaves, order.filled, order.status);
  if (order.amend || order.isCancelling) hash.add(...requestParts(order));
  if (order.pair !== 0) hash.add(...pairParts(order));
  if (hasFees(order)) hash.add(...feeParts(order));
  if (order.reviewUntil !== 0) hash.add(...reviewParts(order));
  if (order.isWaiting) hash.add(HashKind.WaitingOrder, order.id);
}

export function removeFromHash(hash: StateHash, order: Order): void {
  hash.remove(HashKind.LiveOrder, order.id, order.leaves, order.filled, order.status);
  if (order.amend || order.isCancelling) hash.remove(...requestParts(order));
  if (order.pair !== 0) hash.remove(...pairParts(order));
  if (hasFees(order)) hash.remove(...feeParts(order));
  if (order.reviewUntil !== 0) hash.remove(...reviewParts(order));
  if (order.isWaiting) hash.remove(HashKind.WaitingOrder, order.id);
}

/** Is something on its way to the market, or awaited there, that the order's row has to know of? */
export function isMarked({ amend, isCancelling, isWaiting }: Order): boolean {
  return amend !== null || isCancelling || isWaiting;
}

function requestParts({ id, amend, isCancelling }: Order): number[] {
  const parts = [HashKind.RequestedOrder, id, amend?.price ?? 0, amend?.change ?? 0];
  return [...parts, isCancelling ? 1 : 0];
}

function pairParts({ id, pair, isPairDone }: Order): number[] {
  return [HashKind.PairedOrder, id, pair, isPairDone ? 1 : 0];
}

function feeParts({ id, makerValue, takerValue, fees }: Order): number[] {
  return [HashKind.ChargedOrder, id, makerValue, takerValue, fees];
}

function reviewParts({ id, reviewUntil }: Order): number[] {
  return [HashKind.OrderUnderReview, id, reviewUntil];
}
