/** What is done again and again, in step with what else a process does. */
import { describe, expect, it } from "vitest";
import { every } from "../../services/ports/clock.js";
import { ManualClock } from "../helpers/manual-clock.js";

const INTERVAL_MS = 5_000;

/** A timer of it is early by so much. */
class EarlyClock extends ManualClock {
  private readonly earlyMs: number;

  constructor(earlyMs: number) {
    super();
    this.earlyMs = earlyMs;
  }

  override after(delayMs: number, callback: () => void): () => void {
    return super.after(delayMs - this.earlyMs, callback);
  }
}

function times(clock: ManualClock, beginMs: number, endMs: number): number[] {
  const done: number[] = [];
  clock.advance(beginMs);
  const end = every(clock, INTERVAL_MS, () => done.push(clock.now()));
  clock.advance(endMs - beginMs);
  end();
  clock.advance(INTERVAL_MS);
  return done;
}

describe("what is done again and again", () => {
  it("is done at the multiples of its interval, the first time soon after it begins", () => {
    expect(times(new ManualClock(), 2_600, 16_000)).toEqual([5_000, 10_000, 15_000]);
    expect(times(new ManualClock(), 4_990, 11_000)).toEqual([5_000, 10_000]);
  });

  it("is done once for each of them where timers are a little early", () => {
    expect(times(new EarlyClock(2), 2_600, 16_000)).toEqual([4_998, 9_998, 14_998]);
  });
});
