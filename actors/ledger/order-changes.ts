/** The orders whose rows a batch writes, and how much of each. Most are new and plain, or change in their progress alone. */
import type { RowSet } from "../kernel/actor.js";
import { hasFees } from "./charges.js";
import { type Order, RowChange } from "./order.js";
import { isMarked } from "./order-hash.js";
import {
  AMENDED_COLUMNS,
  CHANGED_COLUMNS,
  MARKED_COLUMNS,
  NEW_COLUMNS,
  NEW_COLUMNS_WITH_TERMS,
  REVIEWED_COLUMNS,
} from "./order-rows.js";
import { hasOtherTerms } from "./other-terms.js";
import { rowSetOf } from "./rows.js";

const NOTHING_CHANGED: Readonly<Record<string, RowSet>> = {};

/** How much of the row of an order that is not new. */
export type Changed = Exclude<RowChange, typeof RowChange.None | typeof RowChange.New>;

export class OrderChanges {
  /** Then nothing is noted. */
  isSilent = false;
  private added: Order[] = [];
  private changed: Order[] = [];

  add(order: Order): void {
    if (this.isSilent) return;
    order.rowChange = RowChange.New;
    this.added.push(order);
  }

  /** At least so much of its row changes; of a new one all is written. */
  change(order: Order, change: Changed): void {
    const { rowChange } = order;
    if (this.isSilent || rowChange === RowChange.New) return;
    if (rowChange === RowChange.None) this.changed.push(order);
    if (change > rowChange) order.rowChange = change;
  }

  /** By part. A batch writes no row twice. */
  takeRows(): Readonly<Record<string, RowSet>> {
    const { added } = this;
    if (added.length === 0 && this.changed.length === 0) return NOTHING_CHANGED;
    const special = added.filter((order) => !isPlain(order));
    const plain = special.length === 0 ? added : added.filter(isPlain);
    const rows = {
      orders_new: rowSetOf(plain, NEW_COLUMNS),
      orders_new_with_terms: rowSetOf(special, NEW_COLUMNS_WITH_TERMS),
      orders_changed: rowSetOf(this.changedBy(RowChange.Progress), CHANGED_COLUMNS),
      orders_marked: rowSetOf(this.changedBy(RowChange.Marks), MARKED_COLUMNS),
      orders_amended: rowSetOf(this.changedBy(RowChange.Terms), AMENDED_COLUMNS),
      orders_reviewed: rowSetOf(this.changedBy(RowChange.Review), REVIEWED_COLUMNS),
    };
    this.dropRows();
    return rows;
  }

  dropRows(): void {
    for (const order of this.added) order.rowChange = RowChange.None;
    for (const order of this.changed) order.rowChange = RowChange.None;
    this.added = [];
    this.changed = [];
  }

  private changedBy(change: RowChange): Order[] {
    return this.changed.filter(({ rowChange }) => rowChange === change);
  }
}

/** Has it nothing that most orders do not have? */
function isPlain(order: Order): boolean {
  if (order.pair !== 0 || order.worstPrice !== 0 || order.reviewUntil !== 0) return false;
  return !hasFees(order) && !hasOtherTerms(order) && !isMarked(order);
}
