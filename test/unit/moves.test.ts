import { expect, it } from "vitest";
import { handoverPauseMs } from "../../services/node/moves.js";
import { HANDOVER_PAUSE_MS, LEAVE_MS_MAX } from "../../services/node/limits.js";

/** How many of so many actors a node that ends gives away in its time, and when it has given away the last. */
function leave(actors: number, handoverMs: number): { given: number; elapsedMs: number } {
  let elapsedMs = 0;
  let given = 0;
  while (given < actors && elapsedMs + handoverMs <= LEAVE_MS_MAX) {
    elapsedMs += handoverMs;
    given += 1;
    if (given < actors) elapsedMs += handoverPauseMs(LEAVE_MS_MAX - elapsedMs, actors - given);
  }
  return { given, elapsedMs };
}

it("a node that stays rests for as long after each handover", () => {
  expect(handoverPauseMs(Infinity, 0)).toBe(HANDOVER_PAUSE_MS);
  expect(handoverPauseMs(Infinity, 1_000)).toBe(HANDOVER_PAUSE_MS);
});

it("a node that ends rests as long where it leads little", () => {
  expect(leave(4, 20)).toEqual({ given: 4, elapsedMs: 4 * 20 + 3 * HANDOVER_PAUSE_MS });
});

it("a node that ends gives away all that it could without a rest", () => {
  for (const [actors, handoverMs] of [
    [100, 5],
    [200, 30],
    [335, 20],
    [500, 10],
  ] as const) {
    const { given, elapsedMs } = leave(actors, handoverMs);
    expect(given).toBe(actors);
    expect(elapsedMs).toBeLessThan(LEAVE_MS_MAX);
  }
});
