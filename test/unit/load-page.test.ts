/** The page of a load: its drawings, what it says of rates that did not hold, and its title. */
import { describe, expect, it } from "vitest";
import { charts } from "../bench/load-chart.js";
import { headline, loadPage, offersOf } from "../bench/load-page.js";
import { loadReportLike, nothingHeld, stepLike } from "../helpers/load-report.js";

const AT = new Date("2026-03-04T05:06:07Z");
/** Each drawing is there for a desk and for a phone. */
const DRAWINGS = 2;
const FIGURES = 5;

describe("the chart of a load", () => {
  it("has a line for each figure, over what was offered", () => {
    const { text } = charts([stepLike(4_000, 30), stepLike(2_000, 10), stepLike(1_000, 5)], 2_000);
    const lines = [...text.matchAll(/class="line (\w+)" d="M([^"]+)"/g)];
    expect(lines).toHaveLength(FIGURES * DRAWINGS);
    for (const [, , path] of lines) {
      const across = path!
        .split("L")
        .slice(1)
        .map((at) => Number(at.split(" ")[0]));
      expect(across).toEqual(across.toSorted((a, b) => a - b));
      expect(across).toHaveLength(3);
    }
    expect(text).toContain("2,000");
    expect(text).not.toContain("NaN");
  });

  it("draws what would be if everything that is offered were done, from corner to corner", () => {
    const { text } = charts([stepLike(1_000, 5), stepLike(4_000, 30, { ordersPerSecond: 900 })], 0);
    const all = [...text.matchAll(/class="mark all" x1="(.+?)" y1="(.+?)" x2="(.+?)" y2="(.+?)"/g)];
    expect(all).toHaveLength(DRAWINGS);
    const points = [...text.matchAll(/<circle class="point median" cx="(.+?)" cy="(.+?)"/g)];
    for (const [at, [, ...ends]] of all.entries()) {
      const [x1, y1, x2, y2] = ends.map(Number) as [number, number, number, number];
      // A rate of which all was done lies on it: the last two of the points that held are those of throughput.
      const [, x, y] = points.at(at - DRAWINGS)!.map(Number) as [number, number, number];
      expect((y - y1) / (x - x1)).toBeCloseTo((y2 - y1) / (x2 - x1), 2);
    }
  });

  it("has a hollow point for each rate that did not hold, and says what broke it", () => {
    const { text } = charts(offersOf(nothingHeld()), 0);
    const points = [
      ...text.matchAll(/<circle class="point \w+( hollow)?"[^>]*><title>(.+?)<\/title>/g),
    ];
    expect(points).toHaveLength(5 * FIGURES * DRAWINGS);
    expect(points.every(([, hollow]) => hollow === " hollow")).toBe(true);
    const [, , first] = points[0]!;
    expect(first).toBe(
      "500 orders/s offered; filled, 99 %: 216 ms; broken: 99 % were not accepted within 100 ms",
    );
    expect(text).toContain("at 4,406/s the load processes sent more than 5 % late");
    expect(text).toContain("at 551/s more than 1 % were turned away");
    expect(text).toContain("at 2,203/s less than 97 % were reported in time");
    expect(charts([stepLike(1_000, 5)], 1_000).text).not.toContain("hollow");
  });

  it("has titles with units at its axes", () => {
    const { text } = charts([stepLike(1_000, 5)], 0);
    const count = (what: string) => text.split(`>${what}<`).length - 1;
    expect(count("offered, orders a second")).toBe(2 * DRAWINGS);
    expect(count("reported, orders a second")).toBe(DRAWINGS);
    expect(count("latency (logarithmic)")).toBe(DRAWINGS);
  });

  it("leaves out what is not known", () => {
    const unknown = {
      acceptMsP50: null,
      accepted99PercentMs: null,
      fillMsP50: null,
      fillMsP99: null,
    };
    const lost = stepLike(2_000, 0, unknown);
    for (const steps of [[stepLike(1_000, 5), lost], [lost]]) {
      expect(charts(steps, 0).text).not.toMatch(/NaN|Infinity|null/);
    }
  });

  it("says so where there is nothing to draw, and draws a single step", () => {
    expect(charts([], 0).text).toContain("No rate was offered");
    const { text } = charts([stepLike(1_000, 5)], 0);
    expect(text).not.toContain("NaN");
    expect(text).not.toContain("Infinity");
  });
});

describe("the page of a load", () => {
  it("says which rate was sustained, when, where, and whether its numbers are good", () => {
    const text = loadPage(loadReportLike(), AT);
    expect(text).toContain("2,300 orders/s sustained");
    expect(text).toContain("2026-03-04 05:06 UTC, on 2 cores (A processor)");
    expect(text).toContain("✓ ok");
    expect(text).toContain("<dt>fileSystem</dt><dd>ext4</dd>");
    expect(text).toContain("<dt>blockDevice</dt><dd>unknown</dd>");
    expect(text).toContain("<dt>ledger shards</dt><dd>2</dd>");
    expect(text).toContain("<dt>accounts</dt><dd>1000</dd>");
    expect(text).not.toMatch(/NaN|undefined/);
  });

  it("says that none was, and does not give its rate as zero", () => {
    const text = loadPage(nothingHeld(), AT);
    expect(headline(0)).toContain("no rate was sustained");
    expect(text).toContain(headline(0));
    expect(text).not.toContain("0 orders/s sustained");
    expect(text).toContain("✗ not ok");
    expect(text).toContain("3 orders were never reported");
  });

  it("shows a rate that held for a moment as broken where it did not hold for the whole time", () => {
    const whole = stepLike(2_645, 60, { seconds: 60 });
    const offers = offersOf({ ...loadReportLike(), attempts: [whole, stepLike(2_300, 13)] });
    const shown = offers.filter(({ offeredPerSecond }) => offeredPerSecond === 2_645);
    expect(shown.map(({ seconds, brokenBy }) => [seconds, brokenBy])).toEqual([[60, "latency"]]);
  });

  it("leaves out the short step of a rate that then held for the whole time", () => {
    const offers = offersOf(loadReportLike());
    expect(offers.map(({ offeredPerSecond }) => offeredPerSecond)).toEqual([
      500, 1_840, 2_000, 2_300, 2_645,
    ]);
    expect(offers[3]!.seconds).toBe(60);
  });
});
