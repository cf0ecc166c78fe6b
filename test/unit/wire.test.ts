import {
  BinaryReader as LibraryReader,
  BinaryWriter as LibraryWriter,
} from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BinaryReader, BinaryWriter } from "../../proto/wire.js";

/** Where a number gets another byte, another word, another way. */
const EDGES = [7, 14, 21, 28, 31, 32, 35, 42, 49, 50, 52, 53].flatMap((bits) =>
  [-1, 0, 1].map((more) => 2 ** bits + more),
);
const NUMBERS = fc.oneof(fc.maxSafeInteger(), fc.maxSafeNat(), fc.nat(), fc.constantFrom(...EDGES));
const LONG = 2n ** 63n;

function written(value: number | bigint, writer: LibraryWriter = new BinaryWriter()): Uint8Array {
  return writer.int64(value).finish();
}

describe("64 bit numbers of messages", () => {
  it("are the library's bytes, and read back from them", () => {
    fc.assert(
      fc.property(fc.array(NUMBERS.filter(Number.isSafeInteger)), (values) => {
        const ours = new BinaryWriter();
        const theirs = new LibraryWriter();
        for (const value of values) {
          ours.int64(value);
          theirs.int64(value);
        }
        const bytes = ours.finish();
        expect(bytes).toEqual(theirs.finish());
        const reader = new BinaryReader(bytes);
        expect(values.map(() => reader.number64())).toEqual(values);
        expect(reader.pos).toBe(bytes.length);
      }),
    );
  });

  it("are refused where they are beyond the safe numbers", () => {
    const beyond = fc
      .bigInt({ min: -LONG, max: LONG - 1n })
      .filter((value) => !Number.isSafeInteger(Number(value)));
    const edges = [2n ** 53n, 2n ** 56n - 1n, 2n ** 56n, LONG - 1n, -LONG, -(2n ** 53n)];
    fc.assert(
      fc.property(fc.oneof(beyond, fc.constantFrom(...edges)), (value) => {
        const bytes = written(value, new LibraryWriter());
        expect(() => new BinaryReader(bytes).number64()).toThrow("beyond the safe numbers");
      }),
    );
  });

  it("are refused where their bytes end in their midst", () => {
    fc.assert(
      fc.property(NUMBERS.filter(Number.isSafeInteger), (value) => {
        const bytes = written(value);
        const cut = new BinaryReader(bytes.subarray(0, bytes.length - 1));
        expect(() => cut.number64()).toThrow();
      }),
    );
  });

  it("may be written as all that the library takes, and nothing else", () => {
    for (const value of [7n, "7", -7, "-9007199254740993", 2n ** 62n]) {
      expect(new BinaryWriter().int64(value).finish()).toEqual(
        new LibraryWriter().int64(value).finish(),
      );
      expect(new LibraryReader(written(BigInt(value))).int64()).toBe(BigInt(value));
    }
    for (const value of [0.5, Number.NaN, 2 ** 64, "seven"]) {
      expect(() => new BinaryWriter().int64(value)).toThrow();
    }
  });
});

describe("texts of messages", () => {
  it("are read as they were written, whatever stands around them", () => {
    const text = fc.string({ unit: "grapheme", maxLength: 200 });
    fc.assert(
      fc.property(fc.array(text), fc.nat({ max: 9 }), (texts, before) => {
        const writer = new LibraryWriter();
        for (const value of texts) writer.string(value);
        const bytes = writer.finish();
        // As a part of a larger piece of memory, which is how they come from a socket.
        const piece = new Uint8Array(before + bytes.length + 1).fill(0xff);
        piece.set(bytes, before);
        const reader = new BinaryReader(piece.subarray(before, before + bytes.length));
        expect(texts.map(() => reader.string())).toEqual(texts);
        expect(reader.pos).toBe(bytes.length);
      }),
    );
  });

  it("are refused where their bytes end in their midst", () => {
    const bytes = new LibraryWriter().string("2330.TW").finish();
    const piece = Buffer.concat([bytes, bytes]);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => new BinaryReader(piece.subarray(0, length)).string()).toThrow();
    }
  });

  it("have U+FFFD for bytes that are none", () => {
    expect(new BinaryReader(Uint8Array.of(3, 0x41, 0xff, 0x42)).string()).toBe("A\ufffdB");
  });
});
