/**
 * A book's rows, in the order in which an engine takes them in. They are sorted here, while they come, for a million costs
 * PostgreSQL a second before it gives the first; and they are kept as numbers in columns, for an object each costs as much again.
 */
import { setImmediate as turn } from "node:timers/promises";
import type { PoolClient } from "pg";
import { Side } from "../../../actors/kernel/order.js";
import type { Row } from "../../ports/store.js";
import { copyBytes, decodeInteger, int32At } from "./copy.js";

const COLUMNS = ["order_id", "account", "side", "price", "leaves", "shown", "priority"] as const;
const QUERY = `SELECT ${COLUMNS.join(", ")} FROM book WHERE actor = `;
const FIRST_CAPACITY_ROWS = 1_024;
/** Few enough that nobody waits for it (about a millisecond). */
const PAGE_ROWS_MAX = 2_000;
const [ORDER_ID, ACCOUNT, SIDE, PRICE, LEAVES, SHOWN, PRIORITY] = [0, 1, 2, 3, 4, 5, 6];

/** Reads all rows, to be given when the transaction is over: PostgreSQL ends one whose client says nothing for too long, as while a million are taken in. */
export async function readBook(client: PoolClient, actor: number): Promise<StoredBook> {
  const book = new StoredBook();
  await copyBytes(client, `${QUERY}${actor}`, COLUMNS.length, (chunk, at) => book.add(chunk, at));
  return book;
}

export class StoredBook {
  private count = 0;
  private columns = COLUMNS.map(() => new Float64Array(FIRST_CAPACITY_ROWS));
  /** Which rows are of a price; an ask's stands below zero, so that the worst price of each side is the lowest. */
  private readonly byRank = new Map<number, number[]>();

  /**
   * Gives all rows, page by page: asks, then bids, a side's worst price first, and a price by priority, so that each order goes to the
   * end of what is there already. The event loop is given back after each page.
   */
  async give(page: (rows: readonly Row[]) => void): Promise<void> {
    for (const rows of this.pages()) {
      page(rows);
      await turn();
    }
  }

  /** None of the columns is ever empty. */
  add(chunk: Buffer, start: number): void {
    if (this.count === this.columns[0]!.length) this.grow();
    const { columns, count } = this;
    let at = start;
    for (let column = 0; column < columns.length; column++) {
      const length = int32At(chunk, at);
      columns[column]![count] = decodeInteger(chunk, at + 4, length);
      at += 4 + length;
    }
    const price = columns[PRICE]![count]!;
    const rank = columns[SIDE]![count] === Side.Buy ? price : -price;
    const rows = this.byRank.get(rank);
    if (rows) rows.push(count);
    else this.byRank.set(rank, [count]);
    this.count += 1;
  }

  private *pages(): Generator<Row[]> {
    let page: Row[] = [];
    for (const rank of [...this.byRank.keys()].sort((a, b) => a - b)) {
      for (const row of this.inOrder(this.byRank.get(rank)!)) {
        page.push(this.rowAt(row));
        if (page.length < PAGE_ROWS_MAX) continue;
        yield page;
        page = [];
      }
    }
    if (page.length > 0) yield page;
  }

  /** Most lie as they came, and then there is nothing to sort. */
  private inOrder(rows: number[]): number[] {
    const priority = this.columns[PRIORITY]!;
    const isSorted = rows.every((row, at) => at === 0 || priority[rows[at - 1]!]! < priority[row]!);
    return isSorted ? rows : rows.sort((a, b) => priority[a]! - priority[b]!);
  }

  private rowAt(row: number): Row {
    const { columns } = this;
    return {
      order_id: columns[ORDER_ID]![row]!,
      account: columns[ACCOUNT]![row]!,
      side: columns[SIDE]![row]!,
      price: columns[PRICE]![row]!,
      leaves: columns[LEAVES]![row]!,
      shown: columns[SHOWN]![row]!,
      priority: columns[PRIORITY]![row]!,
    };
  }

  private grow(): void {
    this.columns = this.columns.map((column) => {
      const grown = new Float64Array(column.length * 2);
      grown.set(column);
      return grown;
    });
  }
}
