/**
 * Open orders in the orders in which they are read or ended (rule book, 4.4). For what is rare: it
 * makes arrays.
 */
import { Side } from "../../kernel/order.js";
import type { FastBook } from "./fast-book.js";
import type { PriceLadder } from "./price-ladder.js";

export type Wanted = (slot: number) => boolean;

/** The slots of a side of the book, the one that trades first in front. */
export function ordersOnBook(book: FastBook, side: Side): number[] {
  const found: number[] = [];
  gatherLadder(book, book.ladder(side), () => true, Infinity, found);
  return found;
}

/** The slots of all that wait, in order of arrival. */
export function ordersWaiting(book: FastBook): number[] {
  const { orders } = book;
  const found: number[] = [];
  gatherLadder(book, book.buyStops, () => true, Infinity, found);
  gatherLadder(book, book.sellStops, () => true, Infinity, found);
  gatherQueue(book, book.closing, () => true, Infinity, found);
  return found.sort((a, b) => orders.priority(a) - orders.priority(b));
}

/**
 * The first so many that are wanted: bids from the best, asks from the best, each price by
 * priority; then what waits, in order of arrival.
 */
export function ordersInOrderOfEnding(book: FastBook, wanted: Wanted, most: number): number[] {
  const found: number[] = [];
  gatherLadder(book, book.bids, wanted, most, found);
  gatherLadder(book, book.asks, wanted, most, found);
  if (found.length === most) return found;
  for (const slot of ordersWaiting(book)) {
    if (found.length === most) break;
    if (wanted(slot)) found.push(slot);
  }
  return found;
}

function gatherLadder(
  book: FastBook,
  ladder: PriceLadder,
  wanted: Wanted,
  most: number,
  found: number[],
): void {
  let level = ladder.best;
  while (level !== 0 && found.length < most) {
    gatherQueue(book, level, wanted, most, found);
    level = ladder.after(level);
  }
}

function gatherQueue(
  { orders, levels }: FastBook,
  level: number,
  wanted: Wanted,
  most: number,
  found: number[],
): void {
  let slot = levels.head(level);
  while (slot !== level && found.length < most) {
    if (wanted(slot)) found.push(slot);
    slot = orders.next(slot);
  }
}
