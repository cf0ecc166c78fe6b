/**
 * The statement of a batch: which parts it has, and the values of their parameters. This is done for each batch, most of
 * which have a row or two: as little as can be is made for what a batch has not.
 */
import type { RowSet } from "../../../actors/kernel/actor.js";
import { assert } from "../../../actors/kernel/assert.js";
import type { ActorKind } from "../../../actors/kernel/ids.js";
import type { Link } from "../../../actors/kernel/links.js";
import type { Batch } from "../../ports/store.js";
import { arrayOf } from "./arrays.js";
import { commitText, mayMiss, takesIds } from "./commit-text.js";
import { PARTS, type PartTable, type SqlType } from "./tables.js";

type Parameter = string | number | Uint8Array | null;

export interface CommitStatement {
  readonly name: string;
  readonly text: string;
  readonly values: Parameter[];
}

/** A part that a batch may have. */
interface Part {
  readonly table: PartTable;
  readonly columns: readonly (readonly [name: string, type: SqlType])[];
  readonly mayMiss: boolean;
}

const PARTS_OF: Readonly<Record<ActorKind, readonly Part[]>> = {
  ledger: PARTS.ledger.map(partOf),
  market: PARTS.market.map(partOf),
};

function partOf(table: PartTable): Part {
  return { table, columns: Object.entries(table.columns), mayMiss: mayMiss(table) };
}

/** What a market has moved goes with its link. */
const FLOWS = "flows";
const NO_VALUES: readonly number[] = [];

/** Behind the bits of a kind's parts: what a commit does besides. */
const CONFIRMED_BIT = 1 << 28;
const RELEASES_BIT = 1 << 29;
const LAST_BIT = 1 << 30;

type Shape = Pick<CommitStatement, "name" | "text">;

/** Statements by the bits of their parts; there are as many as combinations that ever occur, a few dozen. */
const shapes: Readonly<Record<ActorKind, Map<number, Shape>>> = {
  ledger: new Map(),
  market: new Map(),
};

/**
 * The statement that commits a batch. `releasesIds`: orders that have ended a day ago let go of client order ids that new ones have,
 * which costs a look-up for each new order.
 */
export function commitStatement(batch: Batch, releasesIds: boolean): CommitStatement {
  const { kind } = batch.actor;
  const { rows } = batch.effects;
  const own = ownRows(batch, rows[FLOWS]);
  const values = scalars(batch);
  const counts: number[] = [];
  let bits = batch.confirmed.length > 0 ? CONFIRMED_BIT : 0;
  if (batch.successor) bits |= LAST_BIT;
  let bit = 1;
  let taken = rows[FLOWS] ? 1 : 0;
  for (const part of PARTS_OF[kind]) {
    const name = part.table.part;
    const effect = rows[name];
    if (effect) taken += 1;
    const rowSet = effect ?? own[name];
    if (rowSet && rowSet.count > 0) {
      bits |= bit;
      addPart(values, part, rowSet);
      if (part.mayMiss) counts.push(rowSet.count);
      if (releasesIds && takesIds(part.table)) bits |= RELEASES_BIT;
    }
    bit <<= 1;
  }
  const named = Object.keys(rows);
  assert(taken === named.length, "no table takes one of the parts %s", named);
  if (counts.length > 0) values.push(arrayOf("bigint", counts));
  addConfirmed(values, batch);
  addSuccessor(values, batch);
  const { name, text } = shapes[kind].get(bits) ?? makeShape(kind, bits);
  return { name, text, values };
}

function makeShape(kind: ActorKind, bits: number): Shape {
  const parts = PARTS[kind];
  assert(1 << parts.length <= CONFIRMED_BIT, "%s has too many parts", kind);
  const has = (at: number) => (bits & (1 << at)) !== 0;
  const besides = {
    hasConfirmed: (bits & CONFIRMED_BIT) !== 0,
    releases: (bits & RELEASES_BIT) !== 0,
    isLast: (bits & LAST_BIT) !== 0,
  };
  const mask = parts.map((_, at) => (has(at) ? 1 : 0)).join("");
  const { hasConfirmed, releases, isLast } = besides;
  const marks = [hasConfirmed && "_confirmed", releases && "_releases", isLast && "_last"];
  const name = `commit_${kind}_${mask}${marks.filter(Boolean).join("")}`;
  const text = commitText(
    parts.filter((_, at) => has(at)),
    besides,
  );
  const shape = { name, text };
  shapes[kind].set(bits, shape);
  return shape;
}

/** In the order of the statement's own parameters. */
function scalars(batch: Batch): Parameter[] {
  const { actor, effects } = batch;
  return [
    actor.id,
    actor.incarnation,
    batch.token,
    batch.number - 1,
    batch.number,
    batch.eventBatch,
    batch.anchor,
    batch.streamCreated,
    batch.positionAfter,
    batch.positionStored,
    batch.time,
    batch.hash,
    effects.state,
    batch.positionBefore,
    batch.commands,
    effects.replies,
  ];
}

function addPart(values: Parameter[], { table, columns }: Part, rowSet: RowSet): void {
  for (const [name, type] of columns) {
    const column = rowSet.columns[name] ?? NO_VALUES;
    assert(column.length === rowSet.count, "column %s of %s has a gap", name, table.part);
    values.push(arrayOf(type, column));
  }
  if (!table.bytesColumn) return;
  values.push(arrayOf("integer", rowSet.columns["offset"] ?? NO_VALUES));
  values.push(arrayOf("integer", rowSet.columns["length"] ?? NO_VALUES));
  values.push(rowSet.bytes ?? new Uint8Array(0));
}

function addConfirmed(values: Parameter[], { confirmed }: Batch): void {
  if (confirmed.length === 0) return;
  const destinations = confirmed.map(({ destination }) => destination);
  const numbers = confirmed.map(({ upTo }) => upTo);
  values.push(arrayOf("integer", destinations), arrayOf("bigint", numbers));
}

function addSuccessor(values: Parameter[], { successor }: Batch): void {
  if (!successor) return;
  const { node, incarnation, reason, leaseRevision } = successor;
  values.push(node, incarnation, reason, leaseRevision);
}

/** Links and outbox as row sets; links whose trades moved something take their totals along. */
function ownRows(batch: Batch, flows: RowSet | undefined): Readonly<Record<string, RowSet>> {
  const rows: Record<string, RowSet> = {};
  if (batch.outbox.length > 0) rows["outbox"] = outboxRows(batch);
  if (!flows || flows.count === 0) {
    if (batch.links.length > 0) rows["links"] = linkRows(batch.links);
  } else {
    const atOf = new Map(flows.columns["peer"]!.map((peer, at) => [Number(peer), at]));
    const moved = batch.links.filter(({ peer }) => atOf.has(peer));
    assert(moved.length === atOf.size, "a market moved something and its link did not");
    rows["links"] = linkRows(batch.links.filter(({ peer }) => !atOf.has(peer)));
    rows["links_flows"] = flowRows(moved, flows, atOf);
  }
  return rows;
}

function linkRows(links: readonly Link[]): RowSet {
  const peer: number[] = [];
  const token: number[] = [];
  const received: number[] = [];
  const sent: number[] = [];
  for (const link of links) {
    peer.push(link.peer);
    token.push(link.token);
    received.push(link.received);
    sent.push(link.sent);
  }
  return { count: links.length, columns: { peer, token, received, sent } };
}

function flowRows(
  moved: readonly Link[],
  flows: RowSet,
  atOf: ReadonlyMap<number, number>,
): RowSet {
  const { columns } = linkRows(moved);
  const flow = (name: string) => moved.map(({ peer }) => flows.columns[name]![atOf.get(peer)!]!);
  const totals = {
    base_in: flow("base_in"),
    base_out: flow("base_out"),
    quote_in: flow("quote_in"),
    quote_out: flow("quote_out"),
  };
  return { count: moved.length, columns: { ...columns, ...totals } };
}

function outboxRows({ outbox }: Batch): RowSet {
  const destination: number[] = [];
  const first: number[] = [];
  const last: number[] = [];
  const offset: number[] = [];
  const length: number[] = [];
  let at = 0;
  for (const row of outbox) {
    destination.push(row.destination);
    first.push(row.first);
    last.push(row.last);
    offset.push(at);
    length.push(row.frame.length);
    at += row.frame.length;
  }
  const frames = outbox.map(({ frame }) => frame);
  const bytes = frames.length === 1 ? frames[0]! : Buffer.concat(frames);
  return { count: outbox.length, columns: { destination, first, last, offset, length }, bytes };
}

/** The bytes of a statement's parameters that are bytes or arrays; the others are few and short. */
export function bytesOf({ values }: CommitStatement): number {
  let bytes = 0;
  for (const value of values) if (typeof value === "object" && value) bytes += value.length;
  return bytes;
}
