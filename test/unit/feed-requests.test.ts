import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { channelName, parseChannel } from "../../services/feed/protocol.js";
import { CHANNELS_PER_REQUEST_MAX, MESSAGE_BYTES_MAX } from "../../services/feed/limits.js";
import { parseRequest } from "../../services/feed/requests.js";

function parse(value: unknown): ReturnType<typeof parseRequest> {
  return parseRequest(
    Buffer.from(typeof value === "string" ? value : JSON.stringify(value)),
    false,
  );
}

function codeOf(value: unknown): string {
  const request = parse(value);
  return "code" in request ? request.code : "OK";
}

const GOOD = { action: "subscribe", channels: ["trade.2330.TW", "depth.2330.TW"] };

describe("a request", () => {
  it("is read with its options and their defaults", () => {
    expect(parse(GOOD)).toEqual({
      action: "subscribe",
      channels: [
        { kind: "trade", symbol: "2330.TW" },
        { kind: "depth", symbol: "2330.TW" },
      ],
      depth: "batch",
      id: undefined,
    });
    expect(parse({ ...GOOD, depth: "command", id: 7 })).toMatchObject({ depth: "command", id: 7 });
    expect(parse({ action: "unsubscribe", channels: ["trade.X"] })).toMatchObject({
      action: "unsubscribe",
    });
  });

  it.each([
    ["{", "NOT_JSON"],
    ["", "NOT_JSON"],
    ["null", "NOT_AN_OBJECT"],
    ["[1]", "NOT_AN_OBJECT"],
    ["7", "NOT_AN_OBJECT"],
    [{}, "UNKNOWN_ACTION"],
    [{ ...GOOD, action: "buy" }, "UNKNOWN_ACTION"],
    [{ ...GOOD, chanels: [] }, "UNKNOWN_FIELD"],
    [{ ...GOOD, id: {} }, "INVALID_ID"],
    [{ ...GOOD, id: "x".repeat(65) }, "INVALID_ID"],
    [{ ...GOOD, depth: "full" }, "INVALID_DEPTH"],
    [{ action: "subscribe" }, "INVALID_CHANNELS"],
    [{ ...GOOD, channels: "trade.X" }, "INVALID_CHANNELS"],
    [{ ...GOOD, channels: [] }, "INVALID_CHANNELS"],
    [{ ...GOOD, channels: [1] }, "INVALID_CHANNELS"],
    [
      { ...GOOD, channels: Array(CHANNELS_PER_REQUEST_MAX + 1).fill("trade.X") },
      "INVALID_CHANNELS",
    ],
    [{ ...GOOD, channels: ["trade."] }, "UNKNOWN_CHANNEL"],
    [{ ...GOOD, channels: ["candle.X"] }, "UNKNOWN_CHANNEL"],
    [{ ...GOOD, channels: ["trade"] }, "UNKNOWN_CHANNEL"],
    [" ".repeat(MESSAGE_BYTES_MAX + 1), "MESSAGE_TOO_LARGE"],
  ])("%j is refused with %s", (value, code) => {
    expect(codeOf(value)).toBe(code);
  });

  it("is text", () => {
    expect(parseRequest(Buffer.from(JSON.stringify(GOOD)), true)).toMatchObject({
      code: "NOT_TEXT",
    });
  });

  it("comes back under its id when it is refused", () => {
    expect(parse({ action: "buy", id: "mine" })).toMatchObject({
      code: "UNKNOWN_ACTION",
      id: "mine",
    });
  });

  it("never makes the reader throw, whatever it is", () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), fc.boolean(), (text, isBinary) => {
        const request = parseRequest(Buffer.from(text), isBinary);
        expect("code" in request || request.channels.length > 0).toBe(true);
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect("code" in parseRequest(Buffer.from(bytes), false)).toBe(true);
      }),
    );
  });
});

describe("a channel's name", () => {
  it("may hold a symbol with dots and slashes", () => {
    for (const name of ["trade.2330.TW", "depth.BTC/USD", "trade.trade.X"]) {
      expect(channelName(parseChannel(name)!)).toBe(name);
    }
  });
});
