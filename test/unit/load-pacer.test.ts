import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pacerFor, ThreadPacer, TimerPacer, untilDueMs } from "../../chaos/load/pacer.js";

const BEHIND_MS_MAX = 0.05;
const everyMs = fc.double({ min: 1, max: 1_000, noNaN: true });
const elapsedMs = fc.double({ min: 0, max: 3_600_000, noNaN: true });

describe("a load's pacer", () => {
  it("sleeps until right after the next order is due, and passes none over", () => {
    fc.assert(
      fc.property(elapsedMs, everyMs, (elapsed, every) => {
        const until = untilDueMs(elapsed, every);
        expect(until).toBeGreaterThan(0);
        expect(until).toBeLessThanOrEqual(every + BEHIND_MS_MAX);
        const behind = (elapsed + until) % every;
        expect(behind).toBeGreaterThan(0);
        expect(behind).toBeLessThan(BEHIND_MS_MAX);
      }),
    );
  });

  it("is a timer where orders are due in each millisecond, and where none has a time", () => {
    expect(pacerFor(1_000)).toBeInstanceOf(TimerPacer);
    expect(pacerFor(0)).toBeInstanceOf(TimerPacer);
    expect(pacerFor(999)).toBeInstanceOf(ThreadPacer);
  });
});
