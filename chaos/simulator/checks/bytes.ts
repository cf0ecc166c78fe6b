/** Reads the exchange's bytes by its documented formats; shares no code with what wrote them. */

export class Unreadable extends Error {
  override readonly name = "Unreadable";
}

const SEVEN_BITS = 128;
const TOKEN_BYTES = 8;

export class Bytes {
  private readonly data: Uint8Array;
  private at = 0;

  constructor(data: Uint8Array) {
    this.data = data;
  }

  get hasMore(): boolean {
    return this.at < this.data.length;
  }

  byte(): number {
    if (this.at >= this.data.length) throw new Unreadable("too short");
    return this.data[this.at++]!;
  }

  /** Seven bits a byte, the lowest first; the eighth bit says that more follow. */
  number(): number {
    let value = 0;
    let unit = 1;
    let byte: number;
    do {
      byte = this.byte();
      value += (byte % SEVEN_BITS) * unit;
      unit *= SEVEN_BITS;
    } while (byte >= SEVEN_BITS);
    return value;
  }

  /** Even numbers are twice the value; odd ones are twice its opposite, less one. */
  signed(): number {
    const value = this.number();
    return value % 2 === 0 ? value / 2 : -((value + 1) / 2);
  }

  token(): number {
    if (this.at + TOKEN_BYTES > this.data.length) throw new Unreadable("too short");
    const view = new DataView(this.data.buffer, this.data.byteOffset + this.at, TOKEN_BYTES);
    const token = view.getFloat64(0, true);
    this.at += TOKEN_BYTES;
    return token;
  }

  block(): Uint8Array {
    const length = this.number();
    if (this.at + length > this.data.length) throw new Unreadable("too short");
    this.at += length;
    return this.data.subarray(this.at - length, this.at);
  }

  text(): string {
    let text = "";
    for (const code of this.block()) text += String.fromCharCode(code);
    return text;
  }
}

export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false;
  return true;
}

/** A frame's token is stamped each time it is sent; everything else never changes. */
const TOKEN_FROM = 1;

export function sameButToken(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at++) {
    if (one[at] !== other[at] && (at < TOKEN_FROM || at >= TOKEN_FROM + TOKEN_BYTES)) return false;
  }
  return true;
}
