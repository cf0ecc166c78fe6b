/**
 * What a batch's commit changes, worked out before anything is changed, with Postgres's strictness: an insert meets no
 * row, an update and a delete meet one each, nothing is written twice, and the checks of columns hold.
 */
import { type ActorKind, isHouseAccount } from "../../../actors/kernel/ids.js";
import type { Column, RowSet } from "../../../actors/kernel/actor.js";
import { CLIENT_ORDER_ID_FREE_AFTER_MICROS } from "../../../actors/kernel/limits.js";
import { isFinal, type OrderStatus } from "../../../actors/kernel/order.js";
import { PARTS, type PartTable } from "../../../services/adapters/postgres/tables.js";
import type { Batch, Row } from "../../../services/ports/store.js";
import type { Key, Table, Tables } from "./tables.js";

type MutableRow = Record<string, number | string | Uint8Array | null>;

export interface RowChange {
  readonly table: Table;
  readonly key: Key;
  /** Null: the row goes. */
  readonly row: Row | null;
}

/** Postgres refuses the statement: a bug of whoever made the batch. */
export class StatementError extends Error {
  override readonly name = "Error";
}

/** The unique index of client order ids knows these orders. */
export class UniqueViolation extends Error {
  readonly orderIds: readonly number[];
  constructor(orderIds: readonly number[]) {
    super("orders_by_client_id");
    this.orderIds = orderIds;
  }
}

interface Part extends PartTable {
  readonly names: readonly string[];
}

type Columns = readonly Column[];

const named = (parts: readonly PartTable[]): Part[] =>
  parts.map((part) => ({ ...part, names: Object.keys(part.columns) }));

const PARTS_OF: Readonly<Record<ActorKind, readonly Part[]>> = {
  ledger: named(PARTS.ledger),
  market: named(PARTS.market),
};

/** Throws `StatementError` or `UniqueViolation`. */
export function changesOf(batch: Batch, tables: Tables): RowChange[] {
  const { kind } = batch.actor;
  const { rows } = batch.effects;
  for (const name in rows) {
    if (rows[name]!.count === 0 || name === "flows") continue;
    if (!PARTS_OF[kind].some(({ part }) => part === name)) {
      throw new StatementError(`42P01: no table takes the part ${name}`);
    }
  }
  const changes: RowChange[] = [];
  addLinks(changes, batch, tables.get("links"));
  addOutbox(changes, batch, tables.get("outbox"));
  for (const part of PARTS_OF[kind]) {
    const set = rows[part.part];
    if (!set || set.count === 0) continue;
    addPart(changes, { batch, part, set, table: tables.get(part.table) });
  }
  addReleased(changes, batch, tables);
  addConfirmed(changes, batch, tables.get("outbox"));
  return changes;
}

export function write(changes: readonly RowChange[], { clientOrderIds }: Tables): void {
  for (const { table, key, row } of changes) {
    if (row === null) {
      table.rows.delete(key);
      continue;
    }
    table.set(key, row);
    if (table.name === "orders" && !row["released"])
      clientOrderIds.set(clientKey(row), row["order_id"] as number);
  }
}

export function clientKey(row: Row): string {
  return `${row["account"] as number}/${row["client_order_id"] as string}`;
}

const TOTALS = ["base_in", "base_out", "quote_in", "quote_out"] as const;
const NO_TOTALS: Row = { base_in: 0, base_out: 0, quote_in: 0, quote_out: 0 };

/** A link keeps its running totals, unless the batch's trades have moved them. */
function addLinks(changes: RowChange[], { actor, links, effects }: Batch, table: Table): void {
  const { flows } = effects.rows;
  const flowPeers = flows?.columns["peer"] ?? [];
  let moved = 0;
  for (const { peer, token, received, sent } of links) {
    const key = `${actor.id}/${peer}`;
    const totals = table.rows.get(key) ?? NO_TOTALS;
    const row: MutableRow = {
      actor: actor.id,
      peer,
      token,
      received,
      sent,
      base_in: totals["base_in"]!,
      base_out: totals["base_out"]!,
      quote_in: totals["quote_in"]!,
      quote_out: totals["quote_out"]!,
    };
    const at = flowPeers.indexOf(peer);
    if (at >= 0) {
      moved += 1;
      for (const total of TOTALS) row[total] = flows!.columns[total]![at]!;
    }
    changes.push({ table, key, row });
  }
  if (moved < flowPeers.length) {
    throw new StatementError("a market moved something and its link did not");
  }
}

function addOutbox(changes: RowChange[], { actor, outbox }: Batch, table: Table): void {
  const keys = new Set<Key>();
  for (const { destination, first, last, frame } of outbox) {
    // Who sends the frame stamps it afterwards.
    const row: Row = { actor: actor.id, destination, first, last, frame: Buffer.from(frame) };
    const key = table.keyOf(row);
    if (table.rows.has(key) || keys.has(key)) {
      throw new StatementError(`23505: outbox ${key} is there already`);
    }
    keys.add(key);
    changes.push({ table, key, row });
  }
}

/** One part of a commit that is being worked out. */
interface PartChange {
  readonly batch: Batch;
  readonly part: Part;
  readonly set: RowSet;
  readonly table: Table;
}

function addPart(changes: RowChange[], change: PartChange): void {
  const { part, set, table } = change;
  const keys = new Set<Key>();
  const columns = columnsOf(part, set);
  const keyAt = keyReader(change, columns);
  let touched = 0;
  for (let at = 0; at < set.count; at++) {
    const key = keyAt(at);
    const old = table.rows.get(key);
    const isRepeated = keys.has(key);
    keys.add(key);
    if (part.mode === "insert" && (old || isRepeated)) {
      throw new StatementError(`23505: ${part.part}: ${table.name} ${key} is there already`);
    }
    if (part.mode === "upsert" && isRepeated) {
      throw new StatementError(`21000: ${part.part}: ${table.name} ${key} a second time`);
    }
    const isChange = part.mode === "update" || part.mode === "delete";
    if (isChange && (!old || isRepeated)) continue;
    touched += 1;
    const row = part.mode === "delete" ? null : rowAfter(change, columns, at, old);
    if (row) check(table, row);
    changes.push({ table, key, row });
  }
  if (touched === set.count) return;
  throw new StatementError(
    `22P02: ${part.part}: ${touched} rows were touched, ${set.count} expected`,
  );
}

/** In the order of the part's names. */
function columnsOf({ names }: Part, { columns }: RowSet): Columns {
  return names.map((name) => columns[name] ?? []);
}

/** Reads a row's key from its columns: no row has to be made for that. */
function keyReader({ batch, part, table }: PartChange, columns: Columns): (at: number) => Key {
  const [one, two, three] = table.keyColumns.map((name) => columns[part.names.indexOf(name)]);
  const length = table.keyColumns.length;
  // What no column gives is the actor's number.
  const from = (column: Column | undefined, at: number) => (column ? column[at] : batch.actor.id);
  return (at) => {
    const first = from(one, at) as Key;
    if (length === 1) return first;
    const second = `${first}/${from(two, at)}`;
    return length === 2 ? second : `${second}/${from(three, at)}`;
  };
}

/** An upsert gives every column; only an update leaves some as they were. */
function rowAfter(
  { batch, part, set }: PartChange,
  columns: Columns,
  at: number,
  old: Row | undefined,
): MutableRow {
  const row: MutableRow = part.mode === "update" ? { ...old } : {};
  for (const name of part.fromBatch) {
    if (name === "actor") row["actor"] = batch.actor.id;
    else if (name === "batch") row["batch"] = batch.number;
    else row[name] = batch[name];
  }
  const { names } = part;
  for (let n = 0; n < names.length; n++) {
    const value = columns[n]![at];
    if (value === undefined)
      throw new StatementError(`column ${names[n]} of ${part.part} has a gap`);
    row[names[n]!] = value;
  }
  if (part.bytesColumn) row[part.bytesColumn] = bytesAt(set, at);
  return row;
}

function bytesAt({ columns, bytes }: RowSet, at: number): Uint8Array {
  const offset = columns["offset"]![at] as number;
  return Buffer.from(bytes!.subarray(offset, offset + (columns["length"]![at] as number)));
}

function check(table: Table, row: Row): void {
  if (table.name !== "balances") return;
  const [total, held] = [row["total"] as number, row["held"] as number];
  const mayOwe = isHouseAccount(row["account"] as number);
  if (held >= 0 && (mayOwe || (total >= 0 && held <= total))) return;
  throw new StatementError(`23514: balances: a total of ${total} with ${held} held`);
}

/** New orders, plain ones and others, have client order ids that no other has: orders that have ended a day ago let theirs go. */
function addReleased(changes: RowChange[], { actor, effects, time }: Batch, tables: Tables): void {
  const { clientOrderIds } = tables;
  const orders = tables.get("orders");
  const keys: string[] = [];
  for (const { part, table, mode } of PARTS_OF[actor.kind]) {
    if (table !== "orders" || mode !== "insert") continue;
    const columns = effects.rows[part]?.columns;
    if (!columns) continue;
    const ids = columns["client_order_id"]!;
    columns["account"]!.forEach((account, at) => {
      keys.push(clientKey({ account, client_order_id: ids[at]! }));
    });
  }
  const known: number[] = [];
  for (const key of keys) {
    const orderId = clientOrderIds.get(key);
    if (orderId === undefined) continue;
    const row = orders.rows.get(orderId)!;
    const keptUntil = (row["updated"] as number) + CLIENT_ORDER_ID_FREE_AFTER_MICROS;
    const isFree = isFinal(row["status"] as OrderStatus) && keptUntil <= time;
    if (isFree) changes.push({ table: orders, key: orderId, row: { ...row, released: 1 } });
    else known.push(orderId);
  }
  if (known.length > 0 || new Set(keys).size < keys.length) throw new UniqueViolation(known);
}

/** Outbox rows that receivers have confirmed, of those that were there before the batch. */
function addConfirmed(changes: RowChange[], { actor, confirmed }: Batch, outbox: Table): void {
  if (confirmed.length === 0) return;
  const upTo = new Map(confirmed.map((each) => [each.destination, each.upTo]));
  for (const [key, row] of outbox.rows) {
    if (row["actor"] !== actor.id) continue;
    const last = upTo.get(row["destination"] as number);
    if (last !== undefined && (row["last"] as number) <= last) {
      changes.push({ table: outbox, key, row: null });
    }
  }
}
