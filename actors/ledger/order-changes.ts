/** The orders whose rows a batch writes, and how much of each. Most are new and plain, or change in their progress alone. */
import type { RowSet } from "../kernel/actor.js";
import { hasFees } from "./charges.js";
import type { Order } from "./order.js";
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

/** How much of an order's row changes: each has what those before it have. */
export const Width = { Progress: 0, Marks: 1, Terms: 2, Review: 3 } as const;
export type Width = (typeof Width)[keyof typeof Width];

const NOTHING_CHANGED: Readonly<Record<string, RowSet>> = {};

export class OrderChanges {
  /** Then nothing is noted. */
  isSilent = false;
  private readonly added = new Set<Order>();
  private readonly changed = new Set<Order>();
  /** Of which row more changes than its progress. */
  private readonly widths = new Map<Order, Width>();

  add(order: Order): void {
    if (!this.isSilent) this.added.add(order);
  }

  touch(order: Order): void {
    if (!this.isSilent && !this.added.has(order)) this.changed.add(order);
  }

  widen(order: Order, width: Width): void {
    if (!this.isSilent && width > this.widthOf(order)) this.widths.set(order, width);
  }

  /** By part. A batch writes no row twice. */
  takeRows(): Readonly<Record<string, RowSet>> {
    if (this.added.size === 0 && this.changed.size === 0) return NOTHING_CHANGED;
    const added = [...this.added];
    const special = added.filter((order) => !isPlain(order));
    const plain = special.length === 0 ? added : added.filter(isPlain);
    const rows = {
      orders_new: rowSetOf(plain, NEW_COLUMNS),
      orders_new_with_terms: rowSetOf(special, NEW_COLUMNS_WITH_TERMS),
      orders_changed: rowSetOf(this.changedBy(Width.Progress), CHANGED_COLUMNS),
      orders_marked: rowSetOf(this.changedBy(Width.Marks), MARKED_COLUMNS),
      orders_amended: rowSetOf(this.changedBy(Width.Terms), AMENDED_COLUMNS),
      orders_reviewed: rowSetOf(this.changedBy(Width.Review), REVIEWED_COLUMNS),
    };
    this.dropRows();
    return rows;
  }

  dropRows(): void {
    this.added.clear();
    this.changed.clear();
    this.widths.clear();
  }

  private widthOf(order: Order): Width {
    return this.widths.get(order) ?? Width.Progress;
  }

  private changedBy(width: Width): Order[] {
    if (this.widths.size === 0) return width === Width.Progress ? [...this.changed] : [];
    return [...this.changed].filter((order) => this.widthOf(order) === width);
  }
}

/** Has it nothing that most orders do not have? */
function isPlain(order: Order): boolean {
  if (order.pair !== 0 || order.worstPrice !== 0 || order.reviewUntil !== 0) return false;
  return !hasFees(order) && !hasOtherTerms(order) && !isMarked(order);
}
