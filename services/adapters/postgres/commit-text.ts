/**
 * The commit of a batch: one statement (R1, R2), in a transaction of its own or with those of other actors (`commits.ts`). Its first part is the fence; every other
 * part is joined to the fence's row, so that nothing is written when the token or the previous batch is another. The
 * last part counts what was touched by each part that looks for its rows, and makes the statement fail when it is not what
 * was expected.
 *
 * A statement has only the parts that its batch has rows for: to start up and to end an empty part costs Postgres as much
 * as a row, and most batches of a quiet exchange have few parts. Each combination is one prepared statement.
 */
import { assert } from "../../../actors/kernel/assert.js";
import { CLIENT_ORDER_ID_FREE_AFTER_MICROS } from "../../../actors/kernel/limits.js";
import { OrderStatus } from "../../../actors/kernel/order.js";
import type { PartTable, SqlType } from "./tables.js";

/** The batch's own parameters, in this order; the parts' follow. */
const SCALARS = [
  "actor::integer",
  "incarnation::bigint",
  "token::bigint",
  "previous::bigint",
  "batch::bigint",
  "event_batch::bigint",
  "anchor::integer",
  "stream_created::text",
  "position::bigint",
  "position_stored::text",
  "time::bigint",
  "hash::bigint",
  "state::bytea",
  "position_before::bigint",
  "commands::bytea",
  "replies::bytea",
] as const;

const place = new Map(
  SCALARS.map((scalar, at): [string, string] => {
    const [name, type] = scalar.split("::") as [string, string];
    return [name, `$${at + 1}::${type}`];
  }),
);

function scalar(name: string): string {
  const found = place.get(name);
  assert(found !== undefined, "no parameter %s", name);
  return found;
}

/** What a commit does besides its parts. */
export interface Besides {
  readonly hasConfirmed: boolean;
  readonly releases: boolean;
  readonly isLast: boolean;
}

/** Behind the scalars: each part's arrays, the expected counts where there are parts, what is confirmed, the successor. */
export function commitText(
  parts: readonly PartTable[],
  { hasConfirmed, releases, isLast }: Besides,
): string {
  let parameter: number = SCALARS.length;
  const newIds: string[] = [];
  const counted = parts.filter(mayMiss);
  const expected = parts.reduce((at, part) => at + parametersOf(part), parameter) + 1;
  const bodies = parts.map((part) => {
    const isAfterRelease = releases && takesIds(part);
    const limit = mayMiss(part) ? limitText(expected, counted.indexOf(part)) : "";
    const body = partText(part, parameter, limit, isAfterRelease);
    if (isAfterRelease) newIds.push(idsText(part, parameter));
    parameter += parametersOf(part);
    return `part_${part.part} AS (${body})`;
  });
  if (releases) bodies.unshift(releasedText(newIds));
  const miscount = counted.length === 0 ? "NULL AS miscount" : miscountText(counted, ++parameter);
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
export function mayMiss({ mode }: PartTable): boolean {
  return mode === "update" || mode === "delete";
}

/**
 * Null when each part touched as many rows as expected, or the fence let nothing through. Otherwise what differs, which
 * is no integer: the statement fails and says so, and nothing of the batch is stored.
 */
function miscountText(parts: readonly PartTable[], parameter: number): string {
  const names = parts.map(({ part }) => part).join(", ");
  const touched = `ARRAY[${parts.map(({ part }) => `(SELECT count(*) FROM part_${part})`).join(", ")}]`;
  const expected = `$${parameter}::bigint[]`;
  return `CASE WHEN ${touched} <> ${expected} AND (SELECT count(*) FROM fence) > 0
    THEN format('of ${names} %s rows were touched, %s expected', ${touched}, ${expected})::integer END AS miscount`;
}

/**
 * As many rows as a part is expected to touch, by its place among those that may miss. It leaves none out; but of a limit that it does not know
 * PostgreSQL takes a tenth, which makes one row of the ten that it takes any array for. So it looks each up by its whole key, and does not go
 * through all rows of an actor that had few when the plan was made.
 */
const limitText = (parameter: number, at: number): string =>
  ` LIMIT ($${parameter}::bigint[])[${at + 1}]`;

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

/** Does the part insert orders, whose client order ids may have been those of others? */
export function takesIds({ table, mode }: PartTable): boolean {
  return table === "orders" && mode === "insert";
}

function idsText({ columns }: PartTable, before: number): string {
  const at = (name: string) => before + 1 + Object.keys(columns).indexOf(name);
  return `SELECT unnest($${at("account")}::bigint[]), unnest($${at("client_order_id")}::text[])`;
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
    (SELECT ${elementsOf(before + 1, "integer", "destination")}, ${elementsOf(before + 2, "bigint", "up_to")}) AS u
  WHERE outbox.actor = fence.actor AND outbox.destination = u.destination
    AND outbox.last <= u.up_to)`;
}

/** One array for each column; where there are bytes, their offsets, their lengths and the bytes. */
function parametersOf(part: PartTable): number {
  return Object.keys(part.columns).length + (part.bytesColumn ? 3 : 0);
}

/**
 * All columns of a row step through their arrays together. In a FROM clause each array would be written to a store of its
 * own first, and read back from there: a third of what a commit of many rows cost.
 */
const elementsOf = (parameter: number, type: SqlType, name: string): string =>
  `unnest($${parameter}::${type}[]) AS ${name}`;

function partText(part: PartTable, before: number, limit: string, isAfterRelease: boolean): string {
  const names = Object.keys(part.columns);
  const values = Object.entries(part.columns).map(([name, type], at) =>
    elementsOf(before + at + 1, type, name),
  );
  let bytes = "";
  if (part.bytesColumn) {
    const at = before + names.length;
    values.push(elementsOf(at + 1, "integer", "bytes_offset"));
    values.push(elementsOf(at + 2, "integer", "bytes_length"));
    bytes = `substring($${at + 3}::bytea FROM u.bytes_offset + 1 FOR u.bytes_length)`;
  }
  const release = isAfterRelease ? " CROSS JOIN (SELECT count(*) FROM released) AS freed" : "";
  const from = `fence${release} CROSS JOIN (SELECT ${values.join(", ")}${limit}) AS u`;
  if (part.mode === "update") return updateText(part, names, from);
  if (part.mode === "delete") return deleteText(part, from);
  return insertText(part, names, from, bytes);
}

function insertText(part: PartTable, names: string[], from: string, bytes: string): string {
  const columns = [...part.fromBatch, ...names];
  const values = [
    ...part.fromBatch.map((name) => (name === "actor" ? "fence.actor" : scalar(name))),
    ...names.map((name) => (part.casts?.[name] ? `u.${name}::${part.casts[name]}` : `u.${name}`)),
  ];
  if (part.bytesColumn) {
    columns.push(part.bytesColumn);
    values.push(bytes);
  }
  const insert = `INSERT INTO ${part.table} (${columns.join(", ")}) SELECT ${values.join(", ")} FROM ${from}`;
  if (part.mode === "insert") return insert;
  const changed = columns
    .filter((name) => !part.key.includes(name) && name !== "actor")
    .map((name) => `${name} = excluded.${name}`);
  return `${insert} ON CONFLICT (${part.key.join(", ")}) DO UPDATE SET ${changed.join(", ")}`;
}

function updateText(part: PartTable, names: string[], from: string): string {
  const changed = names.filter((name) => !part.key.includes(name));
  const set = changed.map((name) => `${name} = u.${name}`).join(", ");
  const where = keyText(part);
  return `UPDATE ${part.table} AS t SET ${set} FROM ${from} WHERE ${where} RETURNING 1`;
}

function deleteText(part: PartTable, from: string): string {
  return `DELETE FROM ${part.table} AS t USING ${from} WHERE ${keyText(part)} RETURNING 1`;
}

function keyText({ key }: PartTable): string {
  const equal = key.map((name) =>
    name === "actor" ? "t.actor = fence.actor" : `t.${name} = u.${name}`,
  );
  return equal.join(" AND ");
}
