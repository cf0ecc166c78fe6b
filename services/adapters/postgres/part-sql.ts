/**
 * How a part's rows come to PostgreSQL, and what is done with them there. A few rows come one by one, as scalars in a list
 * of values; many come as one array for each column. To make a table of an array costs PostgreSQL a function, its context
 * and a store of tuples for each column, whatever is in it: of one row of a balance that is twice what the row itself
 * costs, and of a thousand nothing that could be noticed.
 */
import type { RowSet } from "../../../actors/kernel/actor.js";
import { assert } from "../../../actors/kernel/assert.js";
import { arrayOf } from "./arrays.js";
import { scalar } from "./scalars.js";
import type { PartTable } from "./tables.js";

export type Parameter = string | number | Uint8Array | null;

/** Rows that a part may have to come as scalars. There are always places for so many; those that are left are null. */
export const FEW_ROWS_MAX = 4;

/** A part whose rows have places among the parameters, the first of them behind `before` others. */
export interface PlacedPart {
  readonly part: PartTable;
  readonly before: number;
  readonly isFew: boolean;
}

/** Of a few rows: each column of each row, and its bytes. Of many: an array for each column; of bytes the offsets, the lengths, and all of them. */
export function parametersOf({ columns, bytesColumn }: PartTable, isFew: boolean): number {
  const names = Object.keys(columns).length;
  if (isFew) return FEW_ROWS_MAX * (names + (bytesColumn ? 1 : 0));
  return names + (bytesColumn ? 3 : 0);
}

/** The part's rows as `u`, and which of them there are. */
interface Source {
  readonly from: string;
  readonly isThere: string;
  /** The expression for the bytes of a row. */
  readonly bytes: string;
}

function sourceOf({ part, before, isFew }: PlacedPart): Source {
  return isFew ? fewRows(part, before) : manyRows(part, before);
}

function fewRows({ columns, bytesColumn }: PartTable, before: number): Source {
  const names = Object.keys(columns);
  const types: string[] = Object.values(columns);
  if (bytesColumn) types.push("bytea");
  const places = Array.from({ length: FEW_ROWS_MAX }, (_, row) => {
    const first = before + row * types.length + 1;
    return `(${types.map((type, at) => `$${first + at}::${type}`).join(", ")})`;
  });
  const aliases = bytesColumn ? [...names, "bytes"] : names;
  // The first column names the row, or is a part of its name: null only where there is no row.
  return {
    from: `(VALUES ${places.join(", ")}) AS u (${aliases.join(", ")})`,
    isThere: `u.${names[0]} IS NOT NULL`,
    bytes: "u.bytes",
  };
}

function manyRows({ columns, bytesColumn }: PartTable, before: number): Source {
  const aliases = Object.keys(columns);
  const arrays = Object.values(columns).map((type, at) => `$${before + at + 1}::${type}[]`);
  const at = before + aliases.length;
  if (bytesColumn) {
    arrays.push(`$${at + 1}::integer[]`, `$${at + 2}::integer[]`);
    aliases.push("bytes_offset", "bytes_length");
  }
  return {
    from: `unnest(${arrays.join(", ")}) AS u (${aliases.join(", ")})`,
    isThere: "true",
    bytes: `substring($${at + 3}::bytea FROM u.bytes_offset + 1 FOR u.bytes_length)`,
  };
}

/** Does the part insert orders, whose client order ids may have been those of others? */
export function takesIds({ table, mode }: PartTable): boolean {
  return table === "orders" && mode === "insert";
}

/** The accounts and client order ids of the orders that the part inserts. */
export function idsText(placed: PlacedPart): string {
  const { from, isThere } = sourceOf(placed);
  return `SELECT u.account, u.client_order_id FROM ${from} WHERE ${isThere}`;
}

/** `isAfterRelease`: only when `released` is done. */
export function partText(placed: PlacedPart, isAfterRelease: boolean): string {
  const { part } = placed;
  const source = sourceOf(placed);
  const release = isAfterRelease ? " CROSS JOIN (SELECT count(*) FROM released) AS freed" : "";
  const from = `fence${release} CROSS JOIN ${source.from}`;
  if (part.mode === "update") return updateText(part, from, source);
  if (part.mode === "delete") return deleteText(part, from, source);
  return insertText(part, from, source);
}

function insertText(part: PartTable, from: string, { isThere, bytes }: Source): string {
  const names = Object.keys(part.columns);
  const columns = [...part.fromBatch, ...names];
  const values = [
    ...part.fromBatch.map((name) => (name === "actor" ? "fence.actor" : scalar(name))),
    ...names.map((name) => (part.casts?.[name] ? `u.${name}::${part.casts[name]}` : `u.${name}`)),
  ];
  if (part.bytesColumn) {
    columns.push(part.bytesColumn);
    values.push(bytes);
  }
  const insert =
    `INSERT INTO ${part.table} (${columns.join(", ")}) ` +
    `SELECT ${values.join(", ")} FROM ${from} WHERE ${isThere}`;
  if (part.mode === "insert") return insert;
  const changed = columns
    .filter((name) => !part.key.includes(name) && name !== "actor")
    .map((name) => `${name} = excluded.${name}`);
  return `${insert} ON CONFLICT (${part.key.join(", ")}) DO UPDATE SET ${changed.join(", ")}`;
}

function updateText(part: PartTable, from: string, { isThere }: Source): string {
  const changed = Object.keys(part.columns).filter((name) => !part.key.includes(name));
  const set = changed.map((name) => `${name} = u.${name}`).join(", ");
  return `UPDATE ${part.table} AS t SET ${set} FROM ${from} WHERE ${isThere} AND ${keyText(part)} RETURNING 1`;
}

function deleteText(part: PartTable, from: string, { isThere }: Source): string {
  return `DELETE FROM ${part.table} AS t USING ${from} WHERE ${isThere} AND ${keyText(part)} RETURNING 1`;
}

function keyText({ key }: PartTable): string {
  const equal = key.map((name) =>
    name === "actor" ? "t.actor = fence.actor" : `t.${name} = u.${name}`,
  );
  return equal.join(" AND ");
}

/** Adds the part's parameters, in the order of `parametersOf`. */
export function addPart(
  parameters: Parameter[],
  part: PartTable,
  rows: RowSet,
  isFew: boolean,
): void {
  if (isFew) addFewRows(parameters, part, rows);
  else addManyRows(parameters, part, rows);
}

function addFewRows(parameters: Parameter[], part: PartTable, rows: RowSet): void {
  const { columns, bytes } = rows;
  const names = namesOf(part);
  for (let row = 0; row < rows.count; row++) {
    for (const name of names) {
      const value = columns[name]?.[row];
      assert(value !== undefined, "column %s of %s has a gap", name, part.part);
      assert(
        typeof value !== "number" || Number.isSafeInteger(value),
        "%s is no integer that a double holds exactly",
        value,
      );
      parameters.push(value);
    }
    if (!part.bytesColumn) continue;
    const offset = Number(columns["offset"]![row]);
    parameters.push(bytes!.subarray(offset, offset + Number(columns["length"]![row])));
  }
  const left = FEW_ROWS_MAX - rows.count;
  for (let at = left * (names.length + (part.bytesColumn ? 1 : 0)); at > 0; at--) {
    parameters.push(null);
  }
}

function addManyRows(parameters: Parameter[], part: PartTable, rows: RowSet): void {
  for (const name of namesOf(part)) {
    const values = rows.columns[name] ?? [];
    assert(values.length === rows.count, "column %s of %s has a gap", name, part.part);
    parameters.push(arrayOf(part.columns[name]!, values));
  }
  if (!part.bytesColumn) return;
  parameters.push(arrayOf("integer", rows.columns["offset"] ?? []));
  parameters.push(arrayOf("integer", rows.columns["length"] ?? []));
  parameters.push(rows.bytes ?? new Uint8Array(0));
}

/** The names of each part's columns, made once. */
const names = new Map<PartTable, readonly string[]>();

function namesOf(part: PartTable): readonly string[] {
  let known = names.get(part);
  if (known === undefined) {
    known = Object.keys(part.columns);
    names.set(part, known);
  }
  return known;
}
