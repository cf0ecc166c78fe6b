/**
 * Reader and writer of protocol buffers for what is generated in `gen`: their 64 bit numbers are numbers from the bytes
 * on. The library's own make a bigint of each, and a text of that, which is most of the time that an event takes. Texts are
 * read by Node's buffers, which take half as long as the library's array of characters.
 */
import {
  BinaryReader as LibraryReader,
  BinaryWriter as LibraryWriter,
} from "@bufbuild/protobuf/wire";

/** Each byte of a number has seven bits of it, the lowest first, and says in the eighth that another byte follows. */
const MORE = 0x80;
const PER_BYTE = 0x80;
/** No safe number has more. */
const SAFE_BYTES_MAX = 8;
const PER_WORD = 2 ** 32;

export class BinaryReader extends LibraryReader {
  private readonly source: Buffer;

  constructor(source: Uint8Array) {
    super(source);
    this.source = Buffer.isBuffer(source)
      ? source
      : Buffer.from(source.buffer, source.byteOffset, source.byteLength);
  }

  /** Bytes that are no text become U+FFFD, as they do in the library. Throws where they end too early. */
  override string(): string {
    const length = this.uint32();
    const start = this.pos;
    const end = start + length;
    if (end > this.source.length) throw new RangeError("a text's bytes end too early");
    this.pos = end;
    return this.source.toString("utf8", start, end);
  }

  /** An `int64`. Throws where its bytes end too early, and where it is beyond the safe numbers. */
  number64(): number {
    const { source } = this;
    let value = 0;
    let scale = 1;
    for (let at = this.pos, end = at + SAFE_BYTES_MAX; at < end; at++) {
      const byte = source[at]!;
      value += (byte & ~MORE) * scale;
      if (byte < MORE) {
        this.pos = at + 1;
        return safe(value);
      }
      scale *= PER_BYTE;
    }
    return safe(Number(this.int64()));
  }
}

export class BinaryWriter extends LibraryWriter {
  private static readonly scratch = new Uint8Array(SAFE_BYTES_MAX);
  /** Of each length, so that none has to be made. */
  private static readonly starts = Array.from({ length: SAFE_BYTES_MAX + 1 }, (_, length) =>
    BinaryWriter.scratch.subarray(0, length),
  );

  override int64(value: string | number | bigint): this {
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
      return super.int64(value);
    }
    if (value < PER_WORD) return this.uint32(value);
    const { scratch, starts } = BinaryWriter;
    const low = value >>> 0;
    const high = Math.floor(value / PER_WORD);
    scratch[0] = low | MORE;
    scratch[1] = (low >>> 7) | MORE;
    scratch[2] = (low >>> 14) | MORE;
    scratch[3] = (low >>> 21) | MORE;
    let rest = high >>> 3;
    scratch[4] = (low >>> 28) | ((high & 7) << 4) | (rest > 0 ? MORE : 0);
    let length = 5;
    for (; rest > 0; rest >>>= 7)
      scratch[length++] = (rest & ~MORE) | (rest >= PER_BYTE ? MORE : 0);
    return this.raw(starts[length]!);
  }
}

function safe(value: number): number {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is beyond the safe numbers`);
  return value;
}
