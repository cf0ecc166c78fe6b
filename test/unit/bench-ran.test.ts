/** What a table of a benchmark says of itself: what was run, and on what. */
import { expect, it } from "vitest";
import { ranText } from "../bench/ran.js";
import { tablesOf, targetsTable } from "../bench/report-table.js";
import type { SweepReport } from "../bench/sweep.js";
import { loadReportLike } from "../helpers/load-report.js";
import { overloadReportLike } from "../helpers/overload-report.js";

const PLACES = "nodes 3, ledger shards 2, PostgreSQL instances 1, on 2 cores (A processor)";

it("is behind the title of each table", () => {
  const ran = `e2e, seconds 60, accounts 1000, symbols 10, ${PLACES}`;
  const titles = tablesOf(loadReportLike()).map(({ title }) => title);
  expect(titles[0]).toBe(`sustained: 2300 orders/s (2645 broke) — ${ran}`);
  expect(titles).toContain(`targets — ${ran}`);
  for (const title of titles) expect(title.endsWith(ran), title).toBe(true);
});

it("has of an overload how long the burst was", () => {
  expect(ranText(overloadReportLike())).toBe(
    `overload, seconds of burst 10, accounts 1000, symbols 10, ${PLACES}`,
  );
});

it("is of a sweep without what it goes through", () => {
  const { rows, ...sweep } = { name: "sweep", rows: [loadReportLike()], failures: [], ok: true };
  const report = (over: string) => ({ ...sweep, sweep: over, rows }) as unknown as SweepReport;
  expect(ranText(report("symbols"))).toBe(`sweep, seconds 60, accounts 1000, ${PLACES}`);
  expect(ranText(report("accounts"))).toBe(`sweep, seconds 60, symbols 10, ${PLACES}`);
});

it("is the machine at least, where a report is printed whole besides", () => {
  expect(targetsTable([], { cores: 2, processor: "A processor" }).title).toBe(
    "targets — on 2 cores (A processor)",
  );
});
