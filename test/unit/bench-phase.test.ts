/** What a phase of a benchmark is worth. */
import { describe, expect, it } from "vitest";
import { judgeAtRate } from "../bench/at-rate.js";
import { missingOf } from "../bench/feed-process.js";
import {
  ACCEPT_P99_LIMIT_MS,
  brokenBy,
  failuresOf,
  leftOver,
  notMeasured,
  turnedAway,
} from "../bench/phase-verdict.js";
import type { PhaseReport } from "../bench/phase.js";
import { phaseReport as phase } from "../helpers/phase-report.js";

describe("a step of the offered load", () => {
  it("holds when orders are accepted in time and reported", () => {
    expect(brokenBy(phase(1_000))).toBeNull();
    expect(brokenBy(phase(1_000, { accepted99PercentMs: ACCEPT_P99_LIMIT_MS }))).toBeNull();
    expect(brokenBy(phase(1_000, { accepted99PercentMs: ACCEPT_P99_LIMIT_MS + 1 }))).toBe(
      "latency",
    );
    expect(brokenBy(phase(1_000, { reportedShare: 0.96 }))).toBe("throughput");
  });

  it("does not hold where fewer than 99 % are accepted at all, or nothing is known", () => {
    expect(brokenBy(phase(1_000, { accepted99PercentMs: null, acceptMsP99: 5 }))).toBe("latency");
    expect(brokenBy(phase(1_000, { reportedShare: null }))).toBe("throughput");
  });

  it("says nothing of the exchange when the clients did not keep up", () => {
    expect(brokenBy(phase(1_000, { lateSends: 500 }))).toBeNull();
    expect(brokenBy(phase(1_000, { lateSends: 501, accepted99PercentMs: 900 }))).toBe("clients");
  });

  it("does not hold by what it turns away", () => {
    expect(brokenBy(phase(1_000, { rejected: 50, refused: 50 }))).toBeNull();
    expect(brokenBy(phase(1_000, { rejected: 50, refused: 51 }))).toBe("refusals");
  });

  it("does not hold with an order that has no report, whatever else is well", () => {
    expect(brokenBy(phase(1_000, { unreported: 1, lateSends: 501 }))).toBe("loss");
  });
});

describe("one rate alone", () => {
  it("has held, or what broke it is said beside its numbers", () => {
    const held = judgeAtRate(phase(1_000), false);
    expect(held.atRate).toMatchObject({
      brokenBy: null,
      notMeasured: null,
      ordersPerSecond: 1_000,
    });
    expect(held.failures).toEqual([]);
    expect(held.targets).toMatchObject([{ reached: 20, met: true }]);
    const slow = judgeAtRate(phase(1_000, { accepted99PercentMs: 101 }), false);
    expect(slow.atRate.brokenBy).toBe("latency");
    expect(slow.failures).toEqual([]);
    expect(slow.targets).toMatchObject([{ reached: 101, met: false }]);
  });

  it("reaches nothing where its numbers say nothing, and that is no failure", () => {
    const { atRate, targets, failures } = judgeAtRate(phase(1_000, { reportedShare: 0.5 }), false);
    expect(atRate.notMeasured).toContain("only 50 % were reported in time");
    expect(targets).toMatchObject([{ reached: null, met: false }]);
    expect(failures).toEqual([]);
  });

  it("fails by what was lost, turned away, or met nobody", () => {
    const failed = (changed: Partial<PhaseReport>, isShort = false) =>
      judgeAtRate(phase(1_000, changed), isShort).failures;
    expect(failed({ unreported: 3 })).toEqual(["1000 orders/s: 3 orders have no report"]);
    expect(failed({ refused: 101 })).toEqual([
      "1000 orders/s: of 10000 orders 101 were refused and 0 rejected",
    ]);
    expect(failed({ crossingTradedShare: 0.5 })).toHaveLength(1);
    expect(failed({ crossingTradedShare: 0.5 }, true)).toEqual([]);
  });
});

describe("a trade that the subscriber of the feed has not heard of", () => {
  const SECOND = 1_000_000;
  const stored = [1, 2, 3, 4, 5].map((at) => ({ symbol: "X", tradeId: at, time: at * SECOND }));
  const missing = (heard: readonly number[], from: number, until: number) =>
    missingOf(stored, {
      trades: heard.map((tradeId) => ["X", tradeId, 9 * SECOND]),
      from: from * SECOND,
      until: until * SECOND,
    });

  it("is missing, unless it was committed about when the subscriber began or ceased to listen", () => {
    expect(missing([1, 2, 3, 4, 5], 0, 6)).toBe(0);
    expect(missing([1, 3], 0, 6)).toBe(3);
    expect(missing([3], 1.5, 4.5)).toBe(0);
    expect(missing([], 1.5, 4.5)).toBe(1);
    // Another symbol's trades have the same numbers.
    expect(missingOf(stored, { trades: [["Y", 3, 1]], from: 0, until: 6 * SECOND })).toBe(5);
  });
});

describe("a phase fails", () => {
  const failures = (changed: Parameters<typeof phase>[1], isShort = false) =>
    failuresOf("quiet", phase(1_000, changed), isShort);

  it("by what it has left undone, short or not", () => {
    for (const isShort of [false, true]) {
      expect(failures({}, isShort)).toEqual([]);
      expect(failures({ unreported: 2 }, isShort)).toEqual(["quiet: 2 orders have no report"]);
      expect(failures({ inboxesEmptyMs: 1_001 }, isShort)).toEqual([
        "quiet: the inboxes were empty only after 1001 ms",
      ]);
    }
    expect(leftOver("step", phase(1_000, { inboxesEmptyMs: 2_000, fillMsP99: 1_000 }))).toEqual([]);
    expect(leftOver("step", phase(1_000, { inboxesEmptyMs: 1_000, fillMsP99: null }))).toEqual([]);
  });

  it("by what was turned away", () => {
    const why = ["quiet: of 10000 orders 101 were refused and 0 rejected"];
    expect(failures({ refused: 101 })).toEqual(why);
    expect(turnedAway("quiet", phase(1_000, { refused: 101 }))).toEqual(why);
    expect(failures({ refused: 100 })).toEqual([]);
    // Of a step that is to find out what is too much, that is its outcome and no failure.
    expect(leftOver("step", phase(1_000, { refused: 101 }))).toEqual([]);
  });

  it("by crossing orders that met nobody, but not where it was only tried", () => {
    expect(failures({ crossingTradedShare: 0.899 })).toEqual([
      "quiet: only 89.9 % of the crossing orders traded",
    ]);
    for (const share of [0.9, null]) expect(failures({ crossingTradedShare: share })).toEqual([]);
    expect(failures({ crossingTradedShare: 0.1 }, true)).toEqual([]);
  });

  it("where the machine has no room for an open loop", () => {
    const late = { reportedShare: 0.36, ordersPerSecond: 182, lateSends: 1_202, orders: 5_000 };
    expect(failuresOf("quiet", phase(500, late), false)).toEqual([
      "quiet: the machine has no room for this measurement: the load processes sent 5000 orders, and 1202 late or not at all",
    ]);
    expect(failures({ reportedShare: 0.36 })).toEqual([
      "quiet: the machine has no room for this measurement: of 1000 orders/s only 36 % were reported in time",
    ]);
    expect(failuresOf("quiet", phase(500, late), true)).toEqual([]);
    // That it takes long is what was measured.
    expect(notMeasured(phase(500, { accepted99PercentMs: 5_000 }))).toBeNull();
    // A closed loop offers what is taken.
    expect(notMeasured(phase(0, { ordersPerSecond: 182, reportedShare: null }))).toBeNull();
  });

  it("where nothing was reported in time, in a closed loop as well", () => {
    for (const offered of [0, 500]) {
      expect(notMeasured(phase(offered, { ordersPerSecond: 0 }))).toBe(
        "no order was reported while orders were being sent",
      );
    }
  });
});
