/**
 * Arrays as PostgreSQL reads them in its binary format: a head, then each value behind its length. Neither side has to
 * write numbers out as text and read them again. (Layout: `array_recv` in PostgreSQL's `arrayfuncs.c`.)
 */
import { assert } from "../../../actors/kernel/assert.js";
import type { SqlType } from "./tables.js";

const HEAD_BYTES = 20;
const EMPTY_HEAD_BYTES = 12;
const LENGTH_BYTES = 4;
const NULL_LENGTH = -1;
const TWO_TO_32 = 0x1_0000_0000;

/** What PostgreSQL calls the types of elements, and how long each is. */
const ELEMENTS: Readonly<Record<SqlType, { readonly oid: number; readonly bytes: number }>> = {
  bigint: { oid: 20, bytes: 8 },
  integer: { oid: 23, bytes: 4 },
  smallint: { oid: 21, bytes: 2 },
  text: { oid: 25, bytes: 0 },
};

type Value = number | string | null;

/** One column of rows, as the parameter for an array of this type. */
export function arrayOf(type: SqlType, values: readonly Value[]): Buffer {
  return type === "text" ? textArray(values) : integerArray(type, values);
}

function integerArray(type: SqlType, values: readonly Value[]): Buffer {
  const { oid, bytes } = ELEMENTS[type];
  const array = Buffer.allocUnsafe(HEAD_BYTES + values.length * (LENGTH_BYTES + bytes));
  let at = writeHead(array, oid, values.length);
  for (const value of values) {
    if (value === null) {
      at = array.writeInt32BE(NULL_LENGTH, at);
      continue;
    }
    assert(Number.isSafeInteger(value), "%s is no integer that a double holds exactly", value);
    const integer = value as number;
    at = array.writeInt32BE(bytes, at);
    if (bytes === 8) {
      at = array.writeInt32BE(Math.floor(integer / TWO_TO_32), at);
      at = array.writeUInt32BE(integer >>> 0, at);
    } else at = bytes === 4 ? array.writeInt32BE(integer, at) : array.writeInt16BE(integer, at);
  }
  return array.subarray(0, at);
}

function textArray(values: readonly Value[]): Buffer {
  let length = HEAD_BYTES + values.length * LENGTH_BYTES;
  for (const value of values) length += Buffer.byteLength(value as string);
  const array = Buffer.allocUnsafe(length);
  let at = writeHead(array, ELEMENTS.text.oid, values.length);
  for (const value of values) {
    const written = array.write(value as string, at + LENGTH_BYTES);
    array.writeInt32BE(written, at);
    at += LENGTH_BYTES + written;
  }
  return array.subarray(0, at);
}

/** Dimensions, whether there are nulls, the elements' type; then the one dimension's length and first index. */
function writeHead(array: Buffer, oid: number, count: number): number {
  array.writeInt32BE(count === 0 ? 0 : 1, 0);
  array.writeInt32BE(1, 4);
  array.writeInt32BE(oid, 8);
  if (count === 0) return EMPTY_HEAD_BYTES;
  array.writeInt32BE(count, 12);
  return array.writeInt32BE(1, 16);
}
