/**
 * The binary encoding of everything that is stored or sent: unsigned varints (LEB128, up to 2^53 − 1), ASCII
 * strings and byte strings with their length in front. Its readers never trust what they read: every failure is a
 * `MalformedError`, so that garbage from outside is told apart from a bug of ours.
 */
import { assert } from "./assert.js";

/** The bytes are not what their kind and version promise. */
export class MalformedError extends Error {
  override readonly name = "MalformedError";
}

const INITIAL_CAPACITY_BYTES = 256;

/** Appends values to a buffer that grows by doubling. Reusable through `reset()`. */
export class ByteWriter {
  private buffer: Uint8Array;
  private view: DataView;
  private used = 0;

  constructor(capacityBytes: number = INITIAL_CAPACITY_BYTES) {
    this.buffer = new Uint8Array(capacityBytes);
    this.view = new DataView(this.buffer.buffer);
  }

  get length(): number {
    return this.used;
  }

  reset(): void {
    this.used = 0;
  }

  u8(value: number): this {
    this.reserve(1);
    this.buffer[this.used++] = value;
    return this;
  }

  /** Eight bytes at a fixed width, for fields that are overwritten in place. */
  f64(value: number): this {
    this.reserve(8);
    this.view.setFloat64(this.used, value, true);
    this.used += 8;
    return this;
  }

  /** A whole number from 0 to 2^53 − 1. */
  uint(value: number): this {
    assert(Number.isSafeInteger(value) && value >= 0, "not an unsigned safe integer: %s", value);
    this.reserve(8);
    let rest = value;
    while (rest >= 0x80) {
      this.buffer[this.used++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.buffer[this.used++] = rest;
    return this;
  }

  /** A whole number from −2^52 to 2^52 − 1, zigzag encoded. */
  int(value: number): this {
    return this.uint(value < 0 ? -value * 2 - 1 : value * 2);
  }

  /** ASCII only: every identifier of the exchange is. */
  string(value: string): this {
    this.uint(value.length);
    this.reserve(value.length);
    for (let at = 0; at < value.length; at++) {
      const code = value.charCodeAt(at);
      assert(code < 0x80, "only ASCII strings are encoded");
      this.buffer[this.used++] = code;
    }
    return this;
  }

  /** A byte string with its length in front. */
  bytes(value: Uint8Array): this {
    this.uint(value.length);
    return this.raw(value);
  }

  /** Bytes as they are, without a length. */
  raw(value: Uint8Array): this {
    this.reserve(value.length);
    this.buffer.set(value, this.used);
    this.used += value.length;
    return this;
  }

  /** What another has written from one place to another. Byte by byte: these are short, and a view would cost more. */
  copy(source: ByteWriter, from: number, to: number): this {
    assert(from <= to && to <= source.used, "what is copied was written");
    this.reserve(to - from);
    for (let at = from; at < to; at++) this.buffer[this.used++] = source.buffer[at]!;
    return this;
  }

  /** A copy of what was written. */
  take(): Uint8Array {
    return this.buffer.slice(0, this.used);
  }

  private reserve(bytes: number): void {
    const needed = this.used + bytes;
    if (needed <= this.buffer.length) return;
    let capacity = this.buffer.length * 2;
    while (capacity < needed) capacity *= 2;
    const grown = new Uint8Array(capacity);
    grown.set(this.buffer.subarray(0, this.used));
    this.buffer = grown;
    this.view = new DataView(grown.buffer);
  }
}

/** Reads what `ByteWriter` wrote. */
export class ByteReader {
  private at = 0;
  private readonly buffer: Uint8Array;

  constructor(buffer: Uint8Array) {
    this.buffer = buffer;
  }

  get remaining(): number {
    return this.buffer.length - this.at;
  }

  u8(): number {
    if (this.at >= this.buffer.length) throw new MalformedError("the bytes end too early");
    return this.buffer[this.at++]!;
  }

  f64(): number {
    if (this.remaining < 8) throw new MalformedError("the bytes end too early");
    const view = new DataView(this.buffer.buffer, this.buffer.byteOffset + this.at, 8);
    this.at += 8;
    return view.getFloat64(0, true);
  }

  uint(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
      scale *= 0x80;
      if (scale > 2 ** 49) throw new MalformedError("a number is longer than 8 bytes");
    }
    if (value > Number.MAX_SAFE_INTEGER) throw new MalformedError("a number is above 2^53 - 1");
    return value;
  }

  int(): number {
    const value = this.uint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  string(lengthMax: number): string {
    const length = this.uint();
    if (length > lengthMax) throw new MalformedError(`a string is longer than ${lengthMax}`);
    if (length > this.remaining) throw new MalformedError("the bytes end too early");
    const { buffer } = this;
    const end = this.at + length;
    let seen = 0;
    for (let at = this.at; at < end; at++) seen |= buffer[at]!;
    if (seen >= 0x80) throw new MalformedError("a string is not ASCII");
    let text = "";
    // By eights: each step makes a string.
    for (; this.at + 8 <= end; this.at += 8) {
      const { at } = this;
      text += String.fromCharCode(
        buffer[at]!,
        buffer[at + 1]!,
        buffer[at + 2]!,
        buffer[at + 3]!,
        buffer[at + 4]!,
        buffer[at + 5]!,
        buffer[at + 6]!,
        buffer[at + 7]!,
      );
    }
    for (; this.at < end; this.at++) text += String.fromCharCode(buffer[this.at]!);
    return text;
  }

  bytes(): Uint8Array {
    return this.raw(this.uint());
  }

  /** A view, not a copy, of the next bytes. */
  raw(length: number): Uint8Array {
    if (length > this.remaining) throw new MalformedError("the bytes end too early");
    const view = this.buffer.subarray(this.at, this.at + length);
    this.at += length;
    return view;
  }

  /** Called after the last field: what is left over is a sign of another version. */
  end(): void {
    if (this.remaining !== 0) throw new MalformedError(`${this.remaining} bytes are left over`);
  }
}
