/** Rows out of the shard (columns by table part) and back into it (one object per row). */
import { type Column, NO_ROWS, type RowSet } from "../kernel/actor.js";
import { assert } from "../kernel/assert.js";

/** One row as recovery reads it; bigint columns are safe integers. */
export type TableRow = Readonly<Record<string, number | string | Uint8Array | null>>;

type Value = number | string | null;

/** The row set of some things: one row for each, in their order, one column for each function. */
export function rowSetOf<T>(
  things: readonly T[],
  columns: Readonly<Record<string, (thing: T) => Value>>,
): RowSet {
  // Most parts of most batches: they cost nothing.
  if (things.length === 0) return NO_ROWS;
  const filled: Record<string, Column> = {};
  for (const name of Object.keys(columns)) filled[name] = things.map(columns[name]!);
  return { count: things.length, columns: filled };
}

export function numberIn(row: TableRow, column: string): number {
  const value = row[column];
  assert(typeof value === "number", "column %s holds no number", column);
  assert(Number.isSafeInteger(value), "column %s holds no safe integer", column);
  return value;
}

/** 0 where the column is empty. */
export function numberOrNone(row: TableRow, column: string): number {
  return (row[column] ?? null) === null ? 0 : numberIn(row, column);
}

export function textIn(row: TableRow, column: string): string {
  const value = row[column];
  assert(typeof value === "string", "column %s holds no text", column);
  return value;
}

export function bytesIn(row: TableRow, column: string): Uint8Array {
  const value = row[column];
  assert(value instanceof Uint8Array, "column %s holds no bytes", column);
  return value;
}
