/**
 * The commit: one statement, so one transaction and one round trip (R1, R2). Its first part is the fence; every other
 * part is joined to the fence's row, so that nothing is written when the token or the previous batch is another. The
 * last part counts what was touched by each part that looks for its rows, and makes the statement fail when it is not what
 * was expected.
 *
 * The statement of a batch with few rows has only the parts that there are rows for: to start up and to end an empty part costs
 * Postgres as much as a row, and most batches of a quiet exchange have few parts. Each combination is one prepared statement,
 * whose plan each connection keeps. Where there are many rows an empty part is nothing, and the usual ones are always there: so
 * there are few such statements, and each is prepared at once.
 */
import { NO_ROWS, type RowSet } from "../../../actors/kernel/actor.js";
import { assert } from "../../../actors/kernel/assert.js";
import type { ActorKind } from "../../../actors/kernel/ids.js";
import { CLIENT_ORDER_ID_FREE_AFTER_MICROS } from "../../../actors/kernel/limits.js";
import { OrderStatus } from "../../../actors/kernel/order.js";
import type { Batch } from "../../ports/store.js";
import { arrayOf } from "./arrays.js";
import {
  addPart,
  FEW_ROWS_MAX,
  idsText,
  type Parameter,
  parametersOf,
  partText,
  type PlacedPart,
  takesIds,
} from "./part-sql.js";
import { SCALAR_PARAMETERS, scalar } from "./scalars.js";
import { PARTS, type PartTable } from "./tables.js";

export interface CommitStatement {
  readonly name: string;
  readonly text: string;
  readonly values: Parameter[];
}

/** What a statement is made for: which parts, with few rows each or with many, and what else it does. */
interface Shape {
  readonly parts: readonly PartTable[];
  readonly isFew: boolean;
  readonly hasConfirmed: boolean;
  readonly releases: boolean;
  readonly isLast: boolean;
}

interface Made extends Shape {
  readonly name: string;
  readonly text: string;
}

/** By name; there are as many as combinations of parts that ever occur, some dozens. */
const statements = new Map<string, Made>();

const names: Readonly<Record<ActorKind, ReadonlySet<string>>> = {
  ledger: new Set(["flows", ...PARTS.ledger.map(({ part }) => part)]),
  market: new Set(PARTS.market.map(({ part }) => part)),
};

/**
 * The statement that commits a batch. `releasesIds`: orders that have ended a day ago let go of client order ids that new ones have,
 * which costs a look-up for each new order.
 */
export function commitStatement(batch: Batch, releasesIds: boolean): CommitStatement {
  const { kind } = batch.actor;
  const own = batch.effects.rows;
  for (const name in own) {
    assert(names[kind].has(name) || own[name]!.count === 0, "no table takes the part %s", name);
  }
  const common = commonRows(batch);
  const rowsOf = (part: string): RowSet => common[part] ?? own[part] ?? NO_ROWS;
  const isFew = PARTS[kind].every(({ part }) => rowsOf(part).count <= FEW_ROWS_MAX);
  let mask = "";
  for (const { part, isUsual } of PARTS[kind]) {
    mask += rowsOf(part).count > 0 || (isUsual && !isFew) ? "1" : "0";
  }
  const hasConfirmed = batch.confirmed.length > 0 || !isFew;
  const isLast = batch.successor !== null;
  const marks = `${isFew ? "f" : "m"}${hasConfirmed ? "c" : ""}${releasesIds ? "r" : ""}${isLast ? "l" : ""}`;
  const name = `commit_${kind}_${mask}_${marks}`;
  let made = statements.get(name);
  if (made === undefined) {
    const parts = PARTS[kind].filter((_, at) => mask[at] === "1");
    const shape = { parts, isFew, hasConfirmed, releases: releasesIds, isLast };
    made = { ...shape, name, text: commitText(shape) };
    statements.set(name, made);
  }
  return { name, text: made.text, values: commitValues(batch, made, rowsOf) };
}

/** Behind the scalars: each part's rows, the expected counts where there are parts, what is confirmed, the successor. */
function commitText({ parts, isFew, hasConfirmed, releases, isLast }: Shape): string {
  let parameter = SCALAR_PARAMETERS;
  const newIds: string[] = [];
  const placed = parts.map((part): PlacedPart => {
    const before = parameter;
    parameter += parametersOf(part, isFew);
    return { part, before, isFew };
  });
  const bodies = placed.map((part) => {
    const isAfterRelease = releases && takesIds(part.part);
    if (isAfterRelease) newIds.push(idsText(part));
    return `part_${part.part.part} AS (${partText(part, isAfterRelease)})`;
  });
  if (newIds.length > 0) bodies.unshift(releasedText(newIds));
  const counted = parts.filter(mayMiss);
  const miscount = counted.length === 0 ? "NULL AS miscount" : miscountText(counted, parameter);
  parameter += counted.length;
  if (hasConfirmed) {
    bodies.push(confirmedText(parameter));
    parameter += CONFIRMED_PARAMETERS;
  }
  if (isLast) bodies.push(claimedText(parameter));
  const fence = fenceText(isLast ? raisedText(parameter) : "");
  return `WITH ${[fence, BATCH_LOG, ...bodies].join(",\n")}
SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now,
  (SELECT count(*) FROM fence) AS fence, ${miscount}`;
}

/** An insert gives each of its rows a place or fails; who updates or deletes may find fewer than there should be. */
function mayMiss({ mode }: PartTable): boolean {
  return mode === "update" || mode === "delete";
}

/**
 * Null when each part touched as many rows as expected, or the fence let nothing through. Otherwise what differs, which
 * is no integer: the statement fails and says so, and nothing of the batch is stored.
 */
function miscountText(parts: readonly PartTable[], before: number): string {
  const counts = parts.map(
    ({ part }, at) =>
      `('${part}', (SELECT count(*) FROM part_${part}), $${before + at + 1}::bigint)`,
  );
  return `(SELECT string_agg(format('%s: %s rows were touched, %s expected', part, touched, expected), '; ')
    FROM fence CROSS JOIN (VALUES ${counts.join(", ")}) AS c (part, touched, expected)
    WHERE touched <> expected)::integer AS miscount`;
}

const fenceText = (raised: string): string => `fence AS (
  UPDATE actors SET ${raised}batch = ${scalar("batch")}, event_batch = ${scalar("event_batch")},
    anchor = ${scalar("anchor")}, stream_created = ${scalar("stream_created")},
    position = ${scalar("position")}, position_stored = ${scalar("position_stored")},
    time = ${scalar("time")}, hash = ${scalar("hash")}, state = ${scalar("state")}
  WHERE actor = ${scalar("actor")} AND incarnation = ${scalar("incarnation")}
    AND token = ${scalar("token")} AND batch = ${scalar("previous")}
  RETURNING actor)`;

const BATCH_LOG = `part_batch_log AS (
  INSERT INTO batch_log (actor, batch, token, anchor, position_before, position_after, time, hash,
    commands, replies)
  SELECT actor, ${scalar("batch")}, ${scalar("token")}, ${scalar("anchor")},
    ${scalar("position_before")}, ${scalar("position")}, ${scalar("time")}, ${scalar("hash")},
    ${scalar("commands")}, ${scalar("replies")} FROM fence)`;

/** The token is raised for a successor, whose parameters are its node, its incarnation, the reason and its key's revision. */
function raisedText(before: number): string {
  return `token = ${scalar("token")} + 1, holder = $${before + 1}::text,
    holder_incarnation = $${before + 2}::text,
    lease_revision = CASE WHEN $${before + 4}::bigint = 0 THEN lease_revision ELSE $${before + 4} END,
    `;
}

function claimedText(before: number): string {
  return `claimed AS (
  INSERT INTO claims (actor, token, node, node_incarnation, reason, time, batch)
  SELECT actor, ${scalar("token")} + 1, $${before + 1}::text, $${before + 2}::text,
    $${before + 3}::text, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint,
    ${scalar("batch")} FROM fence)`;
}

/** Takes their ids from orders that have ended a day ago (`actors/ledger/order.ts`), before the new ones are inserted. */
function releasedText(newIds: readonly string[]): string {
  return `released AS (
  UPDATE orders AS t SET released = 1
  FROM fence CROSS JOIN (${newIds.join(" UNION ALL ")}) AS u (account, client_order_id)
  WHERE t.account = u.account AND t.client_order_id = u.client_order_id AND t.released = 0
    AND t.status >= ${OrderStatus.Filled} AND t.updated <= ${scalar("time")} - ${CLIENT_ORDER_ID_FREE_AFTER_MICROS}
  RETURNING 1)`;
}

const CONFIRMED_PARAMETERS = 2;

function confirmedText(before: number): string {
  return `part_confirmed AS (
  DELETE FROM outbox USING fence CROSS JOIN
    unnest($${before + 1}::integer[], $${before + 2}::bigint[]) AS u (destination, up_to)
  WHERE outbox.actor = fence.actor AND outbox.destination = u.destination
    AND outbox.last <= u.up_to)`;
}

function commitValues(
  batch: Batch,
  { parts, isFew, hasConfirmed }: Shape,
  rowsOf: (part: string) => RowSet,
): Parameter[] {
  const { actor, effects, confirmed } = batch;
  const values: Parameter[] = [
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
  for (const part of parts) addPart(values, part, rowsOf(part.part), isFew);
  for (const part of parts) if (mayMiss(part)) values.push(rowsOf(part.part).count);
  if (hasConfirmed) {
    const destinations = confirmed.map(({ destination }) => destination);
    const numbers = confirmed.map(({ upTo }) => upTo);
    values.push(arrayOf("integer", destinations), arrayOf("bigint", numbers));
  }
  if (batch.successor) {
    const { node, incarnation, reason, leaseRevision } = batch.successor;
    values.push(node, incarnation, reason, leaseRevision);
  }
  return values;
}

/** Links and outbox as row sets; links whose trades moved something take their totals along. */
function commonRows(batch: Batch): Record<string, RowSet> {
  const flows = batch.effects.rows["flows"];
  const flowPeers = new Map(
    (flows?.columns["peer"] ?? []).map((peer, at): [number, number] => [Number(peer), at]),
  );
  const plain = batch.links.filter(({ peer }) => !flowPeers.has(peer));
  const moved = batch.links.filter(({ peer }) => flowPeers.has(peer));
  assert(moved.length === flowPeers.size, "a market moved something and its link did not");
  const columnsOf = (links: typeof batch.links) => ({
    peer: links.map((link) => link.peer),
    token: links.map((link) => link.token),
    received: links.map((link) => link.received),
    sent: links.map((link) => link.sent),
  });
  const flow = (name: string) =>
    moved.map(({ peer }) => flows!.columns[name]![flowPeers.get(peer)!] as number);
  const rows: Record<string, RowSet> = {
    links: { count: plain.length, columns: columnsOf(plain) },
    outbox: outboxRows(batch),
  };
  if (moved.length > 0) {
    const columns = {
      ...columnsOf(moved),
      base_in: flow("base_in"),
      base_out: flow("base_out"),
      quote_in: flow("quote_in"),
      quote_out: flow("quote_out"),
    };
    rows["links_flows"] = { count: moved.length, columns };
  }
  return rows;
}

function outboxRows({ outbox }: Batch): RowSet {
  const bytes = Buffer.concat(outbox.map(({ frame }) => frame));
  const offset: number[] = [];
  let at = 0;
  for (const { frame } of outbox) {
    offset.push(at);
    at += frame.length;
  }
  const columns = {
    destination: outbox.map(({ destination }) => destination),
    first: outbox.map(({ first }) => first),
    last: outbox.map(({ last }) => last),
    offset,
    length: outbox.map(({ frame }) => frame.length),
  };
  return { count: outbox.length, columns, bytes };
}
