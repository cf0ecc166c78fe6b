/**
 * Arrays as PostgreSQL reads them in its binary format: a head, then each value behind its length. Neither side has to
 * write numbers out as text and read them again. (Layout: `array_recv` in PostgreSQL's `arrayfuncs.c`.)
 *
 * Every column of every commit comes through here. A `DataView` costs half of what `Buffer.write…` does, but it writes a number
 * that is too large without a word, so ranges are checked here.
 */
import { InvariantError } from "../../../actors/kernel/assert.js";
import type { SqlType } from "./tables.js";

const HEAD_BYTES = 20;
const EMPTY_HEAD_BYTES = 12;
const LENGTH_BYTES = 4;
const NULL_LENGTH = -1;
const TWO_TO_32 = 0x1_0000_0000;
/** The first code that is no ASCII. */
const ASCII_END = 0x80;

type IntegerType = Exclude<SqlType, "text">;

/** What PostgreSQL calls the types of elements, how long each is, and the highest that is written. */
const INTEGERS: Readonly<
  Record<IntegerType, { readonly oid: number; readonly bytes: number; readonly max: number }>
> = {
  bigint: { oid: 20, bytes: 8, max: Number.MAX_SAFE_INTEGER },
  integer: { oid: 23, bytes: 4, max: 0x7fff_ffff },
  smallint: { oid: 21, bytes: 2, max: 0x7fff },
};
const TEXT_OID = 25;

type Value = number | string | null;

/** One column of rows, as the parameter for an array of this type. */
export function arrayOf(type: SqlType, values: readonly Value[]): Buffer {
  if (type !== "text") return integerArray(type, values);
  return asciiArray(values as readonly string[]) ?? textArray(values as readonly string[]);
}

function integerArray(type: IntegerType, values: readonly Value[]): Buffer {
  const { oid, bytes, max } = INTEGERS[type];
  const array = Buffer.allocUnsafe(HEAD_BYTES + values.length * (LENGTH_BYTES + bytes));
  const view = viewOf(array);
  let at = writeHead(view, oid, values.length);
  for (let index = 0; index < values.length; index++) {
    const value = values[index] as Value;
    view.setInt32(at, value === null ? NULL_LENGTH : bytes);
    at += LENGTH_BYTES;
    if (value === null) continue;
    if (!isWithin(value, max))
      throw new InvariantError(`${value} is no ${type} that is held exactly`);
    if (bytes === 8) {
      view.setInt32(at, Math.floor(value / TWO_TO_32));
      view.setInt32(at + 4, value | 0);
    } else if (bytes === 4) view.setInt32(at, value);
    else view.setInt16(at, value);
    at += bytes;
  }
  return upTo(array, at);
}

/** A double holds no bigint below `-max` exactly; the others go one further down than up. */
function isWithin(value: Value, max: number): value is number {
  return Number.isSafeInteger(value) && (value as number) <= max && (value as number) >= -max - 1;
}

/** Null: there is something else than ASCII among it. */
function asciiArray(values: readonly string[]): Buffer | null {
  let length = HEAD_BYTES + values.length * LENGTH_BYTES;
  for (let index = 0; index < values.length; index++) length += values[index]!.length;
  const array = Buffer.allocUnsafe(length);
  const view = viewOf(array);
  let at = writeHead(view, TEXT_OID, values.length);
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!;
    view.setInt32(at, value.length);
    at += LENGTH_BYTES;
    for (let place = 0; place < value.length; place++) {
      const code = value.charCodeAt(place);
      if (code >= ASCII_END) return null;
      array[at++] = code;
    }
  }
  return upTo(array, at);
}

function textArray(values: readonly string[]): Buffer {
  let length = HEAD_BYTES + values.length * LENGTH_BYTES;
  for (const value of values) length += Buffer.byteLength(value);
  const array = Buffer.allocUnsafe(length);
  let at = writeHead(viewOf(array), TEXT_OID, values.length);
  for (const value of values) {
    const written = array.write(value, at + LENGTH_BYTES);
    array.writeInt32BE(written, at);
    at += LENGTH_BYTES + written;
  }
  return array;
}

/** Most arrays are filled to their end, and a part of a buffer takes as long to make as a buffer. */
function upTo(array: Buffer, end: number): Buffer {
  return end === array.length ? array : array.subarray(0, end);
}

function viewOf(array: Buffer): DataView {
  return new DataView(array.buffer, array.byteOffset, array.length);
}

/** Dimensions, whether there are nulls, the elements' type; then the one dimension's length and first index. */
function writeHead(view: DataView, oid: number, count: number): number {
  view.setInt32(0, count === 0 ? 0 : 1);
  view.setInt32(4, 1);
  view.setInt32(8, oid);
  if (count === 0) return EMPTY_HEAD_BYTES;
  view.setInt32(12, count);
  view.setInt32(16, 1);
  return HEAD_BYTES;
}
