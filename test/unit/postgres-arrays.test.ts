/** Parameter arrays against the same bytes as `Buffer` writes them, one checked call after the other. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arrayOf } from "../../services/adapters/postgres/arrays.js";

type IntegerType = "bigint" | "integer" | "smallint";

const OIDS = { bigint: 20, integer: 23, smallint: 21, text: 25 };
const LEAST = { bigint: -Number.MAX_SAFE_INTEGER, integer: -(2 ** 31), smallint: -(2 ** 15) };
const MOST = { bigint: Number.MAX_SAFE_INTEGER, integer: 2 ** 31 - 1, smallint: 2 ** 15 - 1 };
const TYPES = ["bigint", "integer", "smallint"] as const;
const EDGES = [7, 8, 15, 16, 31, 32, 33, 52, 53].flatMap((power) => [
  2 ** power - 1,
  2 ** power,
  2 ** power + 1,
]);
const WHOLE_NUMBERS = [0, -0, ...EDGES, ...EDGES.map((edge) => -edge)];
const RUNS = { numRuns: 300 };

function head(oid: number, count: number): Buffer {
  const words = count === 0 ? [0, 1, oid] : [1, 1, oid, count, 1];
  return Buffer.concat(words.map(word));
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function element(type: IntegerType, value: number | null): Buffer {
  if (value === null) return word(-1);
  const bytes = Buffer.alloc({ bigint: 8, integer: 4, smallint: 2 }[type]);
  if (type === "bigint") bytes.writeBigInt64BE(BigInt(value));
  else if (type === "integer") bytes.writeInt32BE(value);
  else bytes.writeInt16BE(value);
  return Buffer.concat([word(bytes.length), bytes]);
}

function integers(type: IntegerType, values: readonly (number | null)[]): Buffer {
  const elements = values.map((value) => element(type, value));
  return Buffer.concat([head(OIDS[type], values.length), ...elements]);
}

function texts(values: readonly string[]): Buffer {
  const elements = values.map((value) => {
    const bytes = Buffer.from(value);
    return Buffer.concat([word(bytes.length), bytes]);
  });
  return Buffer.concat([head(OIDS.text, values.length), ...elements]);
}

/** A copy: what is written stands in a pool of which the next one has a part, too. */
function hex(bytes: Buffer): string {
  return bytes.toString("hex");
}

describe("a parameter array", () => {
  it.each(TYPES)("has every %s that there is, and null", (type) => {
    const held = WHOLE_NUMBERS.filter((value) => value >= LEAST[type] && value <= MOST[type]);
    const values = [null, ...held, null, null, LEAST[type], MOST[type], null];
    expect(hex(arrayOf(type, values))).toBe(hex(integers(type, values)));
    expect(hex(arrayOf(type, []))).toBe(hex(integers(type, [])));
    expect(hex(arrayOf(type, [null]))).toBe(hex(integers(type, [null])));
  });

  it.each(TYPES)("has any %s", (type) => {
    const value = fc.option(fc.maxSafeInteger(), { freq: 8 });
    const within = value.map((drawn) => {
      if (drawn === null || type === "bigint") return drawn;
      return drawn % (MOST[type] + 1);
    });
    fc.assert(
      fc.property(fc.array(within), (values) => {
        expect(hex(arrayOf(type, values))).toBe(hex(integers(type, values)));
      }),
      RUNS,
    );
  });

  it.each(TYPES)("takes no %s that is out of its range", (type) => {
    const outside = WHOLE_NUMBERS.filter((value) => value < LEAST[type] || value > MOST[type]);
    expect(outside).not.toEqual([]);
    for (const value of [...outside, 0.5, Number.NaN, Infinity, -Infinity, "1"]) {
      expect(() => arrayOf(type, [1, value])).toThrow(`${value} is no ${type}`);
    }
    expect(() => arrayOf(type, [LEAST[type] - 1])).toThrow(`is no ${type}`);
    expect(() => arrayOf(type, [MOST[type] + 1])).toThrow(`is no ${type}`);
  });

  it("has texts of ASCII, of anything else, and of both", () => {
    const values = ["", "client-1", "{1,2}", "\u0000\u007f", "x".repeat(10_000)];
    expect(hex(arrayOf("text", values))).toBe(hex(texts(values)));
    expect(hex(arrayOf("text", []))).toBe(hex(texts([])));
    for (const other of ["\u0080", "é", "日本", "🙂", "\ud800"]) {
      const mixed = [...values, `before${other}after`, other, "ascii"];
      expect(hex(arrayOf("text", mixed))).toBe(hex(texts(mixed)));
    }
  });

  it("has any texts", () => {
    const ascii = fc.array(fc.string());
    const anything = fc.array(fc.string({ unit: "binary" }));
    fc.assert(
      fc.property(fc.oneof(ascii, anything), (values) => {
        expect(hex(arrayOf("text", values))).toBe(hex(texts(values)));
      }),
      { numRuns: 100 },
    );
  });
});
