import type { Row } from "../../../services/ports/store.js";

/** What there is to know of a row of a book, or of an order that comes from one. */
export interface Lying<T> {
  readonly id: (row: T) => number;
  readonly side: (row: T) => number;
  readonly price: (row: T) => number;
  readonly priority: (row: T) => number;
}

const number = (column: string) => (row: Row) => row[column] as number;

export const ROWS: Lying<Row> = {
  id: number("order_id"),
  side: number("side"),
  price: number("price"),
  priority: number("priority"),
};

const GOLDEN_RATIO = 0x9e3779b1;

/**
 * An order in which the rows of a book may come back: no order at all, but those of a price by priority. The same rows always come in
 * the same one.
 */
export function asTheyLie<T>(rows: readonly T[], { id, side, price, priority }: Lying<T>): T[] {
  const placeOf = (row: T): string => `${side(row)} ${price(row)}`;
  const queues = new Map<string, T[]>();
  for (const row of rows.toSorted((a, b) => priority(b) - priority(a))) {
    const place = placeOf(row);
    const queue = queues.get(place);
    if (queue) queue.push(row);
    else queues.set(place, [row]);
  }
  const scattered = (row: T): number => Math.imul(id(row) >>> 0, GOLDEN_RATIO) >>> 0;
  return rows
    .toSorted((a, b) => scattered(a) - scattered(b) || id(a) - id(b))
    .map((row) => queues.get(placeOf(row))!.pop()!);
}
