/** How long orders took, in a report. */
import { expect, it } from "vitest";
import { Latencies } from "../../services/participants/latencies.js";
import { waitsTable } from "../bench/phase-table.js";
import { waitsOf } from "../bench/waits.js";
import { phaseReport } from "../helpers/phase-report.js";

const COUNT = 10_000;
/** Three significant digits. */
const DIGITS = 1 / 1_000;

function recorded(ms: (at: number) => number): Latencies {
  const latencies = new Latencies();
  for (let at = 1; at <= COUNT; at++) latencies.record(ms(at));
  return latencies;
}

it("has the percentiles of what was accepted and of what was filled, each for itself", () => {
  const waits = waitsOf(
    recorded((at) => at / 100),
    recorded((at) => at / 10),
    COUNT,
  );
  const wanted = {
    acceptMsP50: 50,
    acceptMsP90: 90,
    acceptMsP99: 99,
    acceptMsP999: 99.9,
    acceptMsMax: 100,
    accepted99PercentMs: 99,
    fillMsP50: 500,
    fillMsP90: 900,
    fillMsP99: 990,
    fillMsP999: 999,
    fillMsMax: 1_000,
  };
  expect(Object.keys(waits).toSorted()).toEqual(Object.keys(wanted).toSorted());
  for (const [name, ms] of Object.entries(wanted)) {
    const its = waits[name as keyof typeof wanted]!;
    expect(Math.abs(its - ms), `${name}: ${its}`).toBeLessThanOrEqual(ms * DIGITS + 0.01);
  }
});

it("tells a single slow order from the slowest of a hundred", () => {
  const waits = waitsOf(
    recorded((at) => (at === COUNT ? 5_000 : 1)),
    new Latencies(),
    COUNT,
  );
  expect(waits).toMatchObject({ acceptMsP99: 1, acceptMsP999: 1 });
  expect(waits.acceptMsMax).toBeGreaterThanOrEqual(5_000);
});

it("is not known where nothing was accepted or filled, or too little of what was sent", () => {
  const { accepted99PercentMs, ...others } = waitsOf(new Latencies(), new Latencies(), COUNT);
  expect(accepted99PercentMs).toBeNull();
  expect(new Set(Object.values(others))).toEqual(new Set([null]));
  const few = waitsOf(
    recorded(() => 1),
    new Latencies(),
    2 * COUNT,
  );
  expect(few).toMatchObject({ acceptMsMax: 1, accepted99PercentMs: null });
});

it("is a row of a table, in the order of its head", () => {
  const { rows } = waitsTable([
    ["step", phaseReport(1_000)],
    ["quiet", phaseReport(500, { fillMsMax: null })],
  ]);
  expect(rows).toEqual([
    [
      "phase",
      "offered/s",
      ...["p50", "p90", "p99", "p99.9", "most"].map((name) => `accepted ${name}`),
      ...["p50", "p90", "p99", "p99.9", "most"].map((name) => `filled ${name}`),
    ],
    ["step", 1_000, 5, 12, 20, 25, 30, 10, 24, 40, 50, 60],
    ["quiet", 500, 5, 12, 20, 25, 30, 10, 24, 40, 50, "-"],
  ]);
});
