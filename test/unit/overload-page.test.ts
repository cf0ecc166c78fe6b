/** The page of an overload: what it draws over time, and what it says. */
import { describe, expect, it } from "vitest";
import { overloadCharts } from "../bench/overload-chart.js";
import { overloadPage } from "../bench/overload-page.js";
import { nothingAccepted, overloadReportLike } from "../helpers/overload-report.js";

const AT = new Date("2026-03-04T05:06:07Z");
/** Each drawing is there for a desk and for a phone. */
const DRAWINGS = 2;

/** Where lines of a look go, as [x, y] of each place. */
function linesOf(text: string, look: string): [number, number][][] {
  return [...text.matchAll(/class="line (\w+)" d="([^"]*)"/g)]
    .filter(([, its]) => its === look)
    .map(([, , path]) =>
      path!
        .split(/[ML]/)
        .slice(1)
        .map((at) => at.split(" ").map(Number) as [number, number]),
    );
}

const numbers = (pattern: RegExp, text: string) =>
  [...text.matchAll(pattern)].map(([, ...found]) => found.map(Number));

describe("the chart of an overload", () => {
  it("has what was offered, accepted and refused, and the waits, over time", () => {
    const { text } = overloadCharts(overloadReportLike());
    const looks = { median: 2, most: 2, slowest: 1 };
    for (const [look, figures] of Object.entries(looks)) {
      const lines = linesOf(text, look);
      expect(lines, look).toHaveLength(figures * DRAWINGS);
      for (const line of lines) {
        // The first place is there twice, and the last span is left out.
        expect(line).toHaveLength(60);
        const across = line.map(([x]) => x);
        expect(across).toEqual(across.toSorted((a, b) => a - b));
      }
    }
    expect(text).not.toMatch(/NaN|Infinity|null|undefined/);
  });

  it("shows orders a second, against the capacity", () => {
    const { text } = overloadCharts(overloadReportLike());
    const level = numbers(/class="mark" x1="([\d.]+)" x2="([\d.]+)" y1="([\d.]+)"/g, text);
    expect(level).toHaveLength(2 * DRAWINGS);
    const capacityAt = level[0]![2]!;
    const [offered] = linesOf(text, "slowest");
    const [, accepted] = [linesOf(text, "most"), linesOf(text, "median")].map((all) => all[0]!);
    const [before, inBurst] = [5, 30];
    // 8,000 a second before the burst; 30,000 offered and 10,200 accepted in it, of a capacity of 10,000.
    expect(offered![before]![1]).toBeGreaterThan(capacityAt);
    expect(offered![inBurst]![1]).toBeLessThan(capacityAt);
    expect(accepted![inBurst]![1]).toBeLessThan(capacityAt);
    const height = (y: number) => accepted![before]![1] - y;
    const perOrder = height(offered![inBurst]![1]) / (30_000 - 8_000);
    expect(height(accepted![inBurst]![1]) / perOrder).toBeCloseTo(10_200 - 8_000, -2);
  });

  it("shades the burst, and marks when all is normal again", () => {
    const { text } = overloadCharts(overloadReportLike());
    const shades = numbers(/<rect class="gap" x="([\d.]+)" y="[\d.]+" width="([\d.]+)"/g, text);
    const marks = numbers(/class="mark resumed" x1="([\d.]+)"/g, text);
    expect(shades).toHaveLength(2 * DRAWINGS);
    expect(marks).toHaveLength(2 * DRAWINGS);
    for (const [at, [x, width]] of shades.entries()) {
      expect((marks[at]![0]! - x!) / width!).toBeCloseTo(10_400 / 10_000, 2);
    }
    expect(overloadCharts(overloadReportLike({ recoveredMs: null })).text).not.toContain("resumed");
  });

  it("ends at its edge where the burst, or what came of it, lasted to the end", () => {
    const { text } = overloadCharts(overloadReportLike({ burstMs: 40_000 }));
    const [[x, width]] = numbers(
      /<rect class="gap" x="([\d.]+)" y="[\d.]+" width="([\d.]+)"/g,
      text,
    ) as [number[]];
    expect(x! + width!).toBeLessThanOrEqual(1_000);
  });

  it("leaves out what is not known, and says so where nothing is", () => {
    const { text } = overloadCharts(nothingAccepted());
    expect(text).not.toMatch(/NaN|Infinity|null|undefined/);
    expect(linesOf(text, "most").some((line) => line.length === 0)).toBe(true);
    const gap = overloadReportLike().timeline.map((span, at) =>
      at === 20 ? { ...span, p50Ms: null, p99Ms: null } : span,
    );
    const paths = overloadCharts(overloadReportLike({ timeline: gap })).text;
    expect(paths.match(/d="M[^M"]+M[^"]+"/g)).toHaveLength(2 * DRAWINGS);
    expect(overloadCharts(overloadReportLike({ timeline: gap.slice(0, 1) })).text).toContain(
      "Nothing was sent",
    );
  });
});

describe("the page of an overload", () => {
  it("says what was offered and accepted, where, and whether its numbers are good", () => {
    const text = overloadPage(overloadReportLike(), AT);
    expect(text).toContain("3 times the capacity was offered, and 10,200 orders/s accepted");
    expect(text).toContain("2026-03-04 05:06 UTC, on 2 cores (A processor)");
    expect(text).toContain("✓ ok");
    expect(text).toMatch(/goodput, in capacities<.*at least 0.9<.*1.02<.*✓ met/);
    expect(text).toMatch(/OVERLOADED<.*>0<.*190,000</);
    expect(text).toMatch(/node-1<.*0.30<.*0.35<.*310</);
    expect(text).not.toMatch(/NaN|undefined|null/);
  });

  it("says that nothing was accepted, and what is not known", () => {
    const text = overloadPage(nothingAccepted(), AT);
    expect(text).toContain("and 0 orders/s accepted");
    expect(text).toContain("✗ not ok");
    expect(text).toContain("goodput, in capacities: 0, and it is to be at least 0.9");
    expect(text).toContain("None was refused.");
    expect(text).toMatch(/lost<.*at most 0<.*–<.*not met/);
    expect(text).not.toMatch(/NaN|undefined|null/);
  });
});
