import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Memory } from "../bench/memory.js";
import { MemoryWatch } from "../bench/memory-watch.js";

const MIB = 1_048_576;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("looks at memory while orders are sent, and says after how many", async () => {
  let mib = 100;
  let sent = 0;
  const memory = (): Map<string, Memory> =>
    new Map([["node-1", { rssBytes: 2 * mib * MIB, anonymousBytes: mib * MIB }]]);
  const watch = new MemoryWatch(memory, 1_000);
  // What is set up before counts for nothing.
  await vi.advanceTimersByTimeAsync(5_000);
  mib = 110;
  watch.begin(() => sent);
  for (const [orders, held] of [
    [500, 111],
    [4_000, 118],
  ] as const) {
    [sent, mib] = [orders, held];
    await vi.advanceTimersByTimeAsync(1_000);
  }
  watch.end();
  // Nor does what is done afterwards.
  mib = 200;
  await vi.advanceTimersByTimeAsync(5_000);
  watch.end();
  expect(watch.samplesOf("node-1")).toEqual([
    { orders: 0, mib: 110 },
    { orders: 500, mib: 111 },
    { orders: 4_000, mib: 118 },
    { orders: 4_000, mib: 118 },
  ]);
  expect([watch.start, watch.last]).toEqual([{ "node-1": 220 }, { "node-1": 236 }]);
});

it("has seen nothing where no order was sent", () => {
  const watch = new MemoryWatch(() => new Map(), 1_000);
  watch.end();
  expect([watch.start, watch.last, watch.growth(() => 0)]).toEqual([{}, {}, {}]);
});
