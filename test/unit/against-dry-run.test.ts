import { describe, expect, it } from "vitest";
import {
  type DryRun,
  dryRunText,
  type Hindrances,
  outlookOf,
} from "../../chaos/against/dry-run.js";
import { refusedSteps } from "../../services/cli/game-day.js";
import { codeOfDryRuns } from "../../services/cli/drill-against.js";
import { CliError } from "../../services/cli/cli-error.js";

const NOTHING: Hindrances = { running: null, refusals: [], obstacles: [], ails: [] };
const late = (endsInMs: number) => ({ what: `node-3 comes in ${endsInMs} ms`, endsInMs });
const GONE = { what: "node-1 is gone", endsInMs: null };
const IN_USE = new CliError("PROBE_ACCOUNT_IN_USE", "npx palisade cancel-all 900");
const UNFUNDED = new CliError("PROBE_FUNDS_MISSING", "npx palisade deposit 900 USD 1");

const ROUND = {
  actors: ["market.AAPL"],
  nodes: ["node-1", "node-2"],
  symbols: ["AAPL"],
  does: ["drain node-1: market.AAPL to node-2"],
  undone: ["undrain node-1"],
};
const PLAN: DryRun = {
  drill: "drain",
  against: "127.0.0.1:1",
  dryRun: true,
  hypothesis: "nobody notices",
  bound: "gapMsP99 < 500",
  account: 900,
  rounds: [ROUND],
  ordersPerSecond: 20,
  ordersOpenMax: 20,
  orders: ["buy 1 AAPL"],
  funds: ["2000.00 USD"],
  waitsNow: null,
  refusedNow: [],
};

describe("what would become of a drill", () => {
  it("is a wait, and no refusal, where all that ails ends by itself in time", () => {
    expect(outlookOf(NOTHING)).toEqual({ waitsNow: null, refusedNow: [] });
    const ails = [late(4_200), late(12_100)];
    const waits = outlookOf({ ...NOTHING, ails });
    const words = ["node-3 comes in 4200 ms", "node-3 comes in 12100 ms"];
    expect(waits).toEqual({ waitsNow: { seconds: 13, for: words }, refusedNow: [] });
    expect(codeOfDryRuns([{ ...PLAN, ...waits }])).toBe(0);
    expect(dryRunText({ ...PLAN, ...waits })).toContain("as things stand it would wait 13 s: ");
  });

  it("is a refusal where something does not, or not in time", () => {
    const both = outlookOf({ ...NOTHING, ails: [late(4_200), GONE] });
    const refusedNow = [
      "EXCHANGE_NOT_HEALTHY: node-3 comes in 4200 ms",
      "EXCHANGE_NOT_HEALTHY: node-1 is gone",
    ];
    expect(both).toEqual({ waitsNow: null, refusedNow });
    expect(codeOfDryRuns([{ ...PLAN, ...both }])).toBe(1);
    const tooLate = outlookOf({ ...NOTHING, ails: [late(30_001)] });
    expect(tooLate.refusedNow).toHaveLength(1);
  });

  it("is to wait for a drill that is at work, and not to cancel what that one has open", () => {
    const obstacles = [UNFUNDED, IN_USE];
    const alone = outlookOf({ ...NOTHING, obstacles });
    expect(alone.refusedNow).toEqual([UNFUNDED.message, IN_USE.message]);
    const running = new CliError("DRILL_RUNNING", "cordon strikes this exchange now");
    const beside = outlookOf({ ...NOTHING, obstacles, running });
    expect(beside.refusedNow).toEqual([running.message, UNFUNDED.message]);
  });

  it("says each refusal once, however many rounds it is of", () => {
    const narrow = new CliError("OUTSIDE_RADIUS", "drain would touch node-2");
    expect(outlookOf({ ...NOTHING, refusals: [narrow, narrow] }).refusedNow).toHaveLength(1);
  });
});

describe("a dry run, for people,", () => {
  it("shows rounds that are alike once", () => {
    const other = { ...ROUND, undone: ["undrain node-2"] };
    const text = dryRunText({ ...PLAN, rounds: [ROUND, ROUND, ROUND, other, ROUND] });
    expect(text.match(/^rounds? .*$/gm)).toEqual(["rounds 1 to 3, 5:", "round 4:"]);
    expect(text.match(/to undo 1\. undrain node-1/g)).toHaveLength(1);
  });

  it("says why orders may be for more than its rounds are about", () => {
    expect(dryRunText(PLAN)).toMatch(/^its orders:\n {2}buy 1 AAPL$/m);
    const orders = ["buy 1 AAPL", "buy 1 MSFT"];
    expect(dryRunText({ ...PLAN, orders })).toMatch(/as leaders may change:\n {2}buy 1 AAPL$/m);
  });

  it("sums up the refusals at its end", () => {
    const one = dryRunText({ ...PLAN, refusedNow: ["A: a"] });
    expect(one).toMatch(/as things stand it would be refused: A: a\n$/);
    const two = dryRunText({ ...PLAN, refusedNow: ["A: a", "B: b"] });
    expect(two).toMatch(/it would be refused for 2 reasons:\n {2}A: a\n {2}B: b\n$/);
  });

  it("of a game day ends with the steps that would be refused", () => {
    expect(refusedSteps([PLAN])).toBe("as things stand no step would be refused");
    const steps = [PLAN, { ...PLAN, drill: "burst", refusedNow: ["A: a"] }];
    expect(refusedSteps(steps)).toBe("as things stand 1 of 2 steps would be refused: 2. burst");
  });
});
