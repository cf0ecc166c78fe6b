/**
 * A book's rows, in the order in which they lie, but each price by priority. To have PostgreSQL sort a million costs a second before it
 * gives the first; and they are kept as numbers in one array, for an object each costs as much again.
 */
import { setImmediate as turn } from "node:timers/promises";
import type { PoolClient } from "pg";
import { Side } from "../../../actors/kernel/order.js";
import type { Row } from "../../ports/store.js";
import { copyBytes, decodeInteger, int32At } from "./copy.js";

const COLUMNS = ["order_id", "account", "side", "price", "leaves", "shown", "priority"] as const;
const QUERY = `SELECT ${COLUMNS.join(", ")} FROM book WHERE actor = `;
const [ORDER_ID, ACCOUNT, SIDE, PRICE, LEAVES, SHOWN, PRIORITY] = [0, 1, 2, 3, 4, 5, 6];
/** A row has eight places of eight bytes, a cache line. */
const ROW_SHIFT = 3;
const FIRST_CAPACITY_ROWS = 1_024;
/** Few enough that nobody waits for it (about a millisecond). */
const PAGE_ROWS_MAX = 2_000;

/** Reads all rows, to be given when the transaction is over: PostgreSQL ends one whose client says nothing for too long, as while a million are taken in. */
export async function readBook(client: PoolClient, actor: number): Promise<StoredBook> {
  const book = new StoredBook();
  await copyBytes(client, `${QUERY}${actor}`, COLUMNS.length, (chunk, at) => book.add(chunk, at));
  return book;
}

export class StoredBook {
  private count = 0;
  private values = new Float64Array(FIRST_CAPACITY_ROWS << ROW_SHIFT);
  /** The last priority at each price of the bids, and of the asks. */
  private readonly last = [new Map<number, number>(), new Map<number, number>()] as const;
  /** Prices of the bids, and of the asks, whose rows do not lie by priority: orders there have been changed since they came. */
  private readonly mixed = [new Set<number>(), new Set<number>()] as const;

  /**
   * Gives all rows, page by page: each order goes to the end of what is there of its price. The event loop is given back after each page,
   * and while rows are sorted.
   */
  async give(page: (rows: readonly Row[]) => void): Promise<void> {
    await this.sortMixed();
    for (let first = 0; first < this.count; first += PAGE_ROWS_MAX) {
      const rows: Row[] = [];
      const end = Math.min(first + PAGE_ROWS_MAX, this.count);
      for (let row = first; row < end; row++) rows.push(this.rowAt(row));
      page(rows);
      await turn();
    }
  }

  /** None of the columns is ever empty. */
  add(chunk: Buffer, start: number): void {
    const first = this.count << ROW_SHIFT;
    if (first === this.values.length) this.grow();
    const { values } = this;
    let at = start;
    for (let column = 0; column < COLUMNS.length; column++) {
      const length = int32At(chunk, at);
      values[first + column] = decodeInteger(chunk, at + 4, length);
      at += 4 + length;
    }
    this.count += 1;
    const side = sideAt(values, first);
    const price = values[first + PRICE]!;
    const priority = values[first + PRIORITY]!;
    if ((this.last[side].get(price) ?? 0) > priority) this.mixed[side].add(price);
    else this.last[side].set(price, priority);
  }

  /** At each price whose rows are mixed they change places among themselves. */
  private async sortMixed(): Promise<void> {
    const { values, mixed } = this;
    if (mixed[0].size + mixed[1].size === 0) return;
    const found = [new Map<number, number[]>(), new Map<number, number[]>()] as const;
    for (let row = 0; row < this.count; row++) {
      if (row % PAGE_ROWS_MAX === 0) await turn();
      const first = row << ROW_SHIFT;
      const side = sideAt(values, first);
      const price = values[first + PRICE]!;
      if (!mixed[side].has(price)) continue;
      const rows = found[side].get(price);
      if (rows) rows.push(first);
      else found[side].set(price, [first]);
    }
    let sorted = 0;
    for (const places of [...found[0].values(), ...found[1].values()]) {
      sortAmong(values, places);
      sorted += places.length;
      if (sorted < PAGE_ROWS_MAX) continue;
      sorted = 0;
      await turn();
    }
  }

  private rowAt(row: number): Row {
    const { values } = this;
    const first = row << ROW_SHIFT;
    return {
      order_id: values[first + ORDER_ID]!,
      account: values[first + ACCOUNT]!,
      side: values[first + SIDE]!,
      price: values[first + PRICE]!,
      leaves: values[first + LEAVES]!,
      shown: values[first + SHOWN]!,
      priority: values[first + PRIORITY]!,
    };
  }

  private grow(): void {
    const grown = new Float64Array(this.values.length * 2);
    grown.set(this.values);
    this.values = grown;
  }
}

function sideAt(values: Float64Array, first: number): 0 | 1 {
  return values[first + SIDE] === Side.Buy ? 0 : 1;
}

/** Puts the rows that begin at these places, in ascending order, into the same places by priority. */
function sortAmong(values: Float64Array, places: readonly number[]): void {
  const byPriority = places.toSorted((a, b) => values[a + PRIORITY]! - values[b + PRIORITY]!);
  const sorted = new Float64Array(places.length << ROW_SHIFT);
  for (const [at, first] of byPriority.entries()) {
    sorted.set(values.subarray(first, first + COLUMNS.length), at << ROW_SHIFT);
  }
  for (const [at, first] of places.entries()) {
    const from = at << ROW_SHIFT;
    values.set(sorted.subarray(from, from + COLUMNS.length), first);
  }
}
