/** What becomes of an exchange of which too much is asked, from half second to half second: a page that needs no other file. */
import { html, type Markup } from "../../chaos/page/markup.js";
import { duration, tally } from "../../chaos/page/scale.js";
import { table } from "../../chaos/page/tables.js";
import { benchPage } from "./bench-page.js";
import { overloadCharts } from "./overload-chart.js";
import type { OverloadReport } from "./overload.js";
import type { Target } from "./targets.js";

/** `at`: when it was measured. */
export function overloadPage(report: OverloadReport, at: Date): string {
  const { capacity, capacityWindow, offeredTimes, goodput, targets } = report;
  const title = `${offeredTimes} times the capacity was offered, and ${tally(goodput)} orders/s accepted`;
  const said = `In a closed loop of ${tally(capacityWindow)} it accepted ${tally(capacity)} orders a second.`;
  const body = html`${targetsTable(targets)}${overloadCharts(report)}<h2>Why orders were refused</h2>${refusals(report)}<h2>What processes took</h2>${costs(report)}<h2>Each half second</h2><details><summary>as a table</summary>${spans(report)}</details>`;
  return benchPage(report, { title, said, body }, at);
}

function targetsTable(targets: readonly Target[]): Markup {
  return table(
    [{ head: "Target" }, { head: "Wanted" }, { head: "Reached", look: "number" }, { head: "" }],
    targets.map(({ name, wanted, reached, met }) => [
      name,
      wanted,
      reached ?? "–",
      met
        ? html`<strong class="kept">✓ met</strong>`
        : html`<strong class="broken">✗</strong> not met`,
    ]),
  );
}

function refusals({ refusedBeforeByCode, refusedByCode }: OverloadReport): Markup {
  const codes = [...new Set([...Object.keys(refusedBeforeByCode), ...Object.keys(refusedByCode)])];
  if (codes.length === 0) return html`<p>None was refused.</p>`;
  return table(
    [
      { head: "Code" },
      { head: "Before the burst", look: "number" },
      { head: "In the burst", look: "number" },
    ],
    codes.map((code) => [
      code,
      tally(refusedBeforeByCode[code] ?? 0),
      tally(refusedByCode[code] ?? 0),
    ]),
  );
}

function costs({ loadedCores, burstCores, rssMib }: OverloadReport): Markup {
  const known = (value: number | undefined) => (value === undefined ? "–" : value.toFixed(2));
  return table(
    [
      { head: "Process" },
      { head: "Cores before the burst", look: "number" },
      { head: "Cores in the burst", look: "number" },
      { head: "MiB at its end", look: "number" },
    ],
    Object.entries(rssMib).map(([name, mib]) => [
      name,
      known(loadedCores[name]),
      known(burstCores[name]),
      tally(Math.round(mib)),
    ]),
  );
}

function spans({ timeline }: OverloadReport): Markup {
  const wait = (ms: number | null) => (ms === null ? "–" : duration(ms));
  const heads = ["Offered", "Accepted", "Refused", "Median wait", "99 % within"];
  return table(
    [
      { head: "Since the burst began" },
      ...heads.map((head) => ({ head, look: "number" as const })),
    ],
    timeline.map(({ atMs, offered, accepted, refused, p50Ms, p99Ms }) => [
      duration(atMs),
      tally(offered),
      tally(accepted),
      tally(refused),
      wait(p50Ms),
      wait(p99Ms),
    ]),
  );
}
