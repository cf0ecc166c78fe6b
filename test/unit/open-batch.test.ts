import { expect, it } from "vitest";
import { ByteReader } from "../../actors/kernel/bytes.js";
import { decodeFrame, encodeFrame, FRAME_VERSION, stampToken } from "../../actors/kernel/frame.js";
import { Market } from "../../actors/market/market.js";
import { encodeMarketCommand } from "../../actors/market/messages.js";
import { OpenBatch } from "../../services/host/open-batch.js";
import { INSTRUMENT, OPERATOR } from "../helpers/market.js";

const MARKET = 1_025;
const TOKEN = 7;

function frameBytes(count: number): Uint8Array {
  const list = encodeMarketCommand({ kind: "list", instrument: INSTRUMENT, shards: 2 });
  const bytes = encodeFrame(OPERATOR, 1, Array(count).fill(list));
  stampToken(bytes, TOKEN);
  return bytes;
}

function logOf(batch: OpenBatch): Uint8Array[] {
  const reader = new ByteReader(batch.takeLog());
  const frames: Uint8Array[] = [];
  while (reader.remaining > 0) frames.push(reader.bytes());
  return frames;
}

it("logs a frame as it was read", () => {
  const bytes = frameBytes(3);
  const frame = decodeFrame(bytes);
  // What is applied and what is logged differ here, so that nothing but the bytes themselves can be in the log.
  const others = frameBytes(2);
  const batch = new OpenBatch(Market.create(MARKET), 4);
  batch.apply(frame, 0, others);
  expect(logOf(batch)).toEqual([others]);
});

it("logs a frame of the version before as one of its own", () => {
  const bytes = frameBytes(3);
  const before = bytes.slice();
  before[0] = FRAME_VERSION - 1;
  const batch = new OpenBatch(Market.create(MARKET), 4);
  batch.apply(decodeFrame(bytes), 0, before);
  expect(logOf(batch)).toEqual([bytes]);
});

it("logs of a frame that was seen in part only what it has taken", () => {
  const batch = new OpenBatch(Market.create(MARKET), 4);
  const [some, all] = [frameBytes(2), frameBytes(3)];
  batch.apply(decodeFrame(some), 0, some);
  batch.apply(decodeFrame(all), 2, all);
  const [first, rest] = logOf(batch);
  expect(first).toEqual(some);
  const { commands } = decodeFrame(all);
  const head = { source: OPERATOR, token: TOKEN, first: 3 };
  expect(decodeFrame(rest!)).toEqual({ ...head, commands: commands.slice(2) });
});
