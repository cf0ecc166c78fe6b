/** All drills of a campaign on one page, each with the way to its own. */
import type { CampaignLine } from "../campaign-report.js";
import type { CampaignRecord } from "../evidence/folder.js";
import { html, type Markup } from "./markup.js";
import { duration, tally } from "./scale.js";
import { page } from "./sheet.js";
import { table } from "./tables.js";

/** `pages`: the drills that have one. */
export function campaignPage(record: CampaignRecord, pages: ReadonlySet<string>): string {
  const { report, lines } = record;
  const title = headline(record);
  const isWell = report.failed === 0;
  return page(
    title,
    html`<header><p class="when">Palisade, all drills · ${duration(report.seconds * 1_000)} · seed ${record.seed}</p><h1>${title}</h1>
<span class="badge ${isWell ? "kept" : "broken"}">${isWell ? "✓ Every promise was kept" : `✗ ${report.failed} failed`}</span></header>
<h2>The drills</h2>
${table(
  [
    { head: "Drill" },
    { head: "Verdict" },
    { head: "Bit" },
    { head: "Lost", look: "number" },
    { head: "Doubled", look: "number" },
    { head: "Stale", look: "number" },
    { head: "What clients saw, at most", look: "whole" },
  ],
  lines.map((line) => row(line, pages.has(line.drill))),
)}
<h2>Judge it again</h2>
<p>The evidence of each drill lies in a folder of its own beside this page. No server is needed:</p>
<pre>npx palisade verify FOLDER</pre>
<p class="soft">FOLDER is the one that holds this page, or that of one drill. All of them again: <code>npm run drill -- all --seed ${record.seed}</code></p>`,
  );
}

function headline({ report }: CampaignRecord): string {
  const { drills, failed, skipped, lost, duplicated, staleCommits, withinBound } = report;
  const wrong = `${tally(lost)} lost, ${tally(duplicated)} doubled, ${tally(staleCommits)} stale, ${failed} failed`;
  const isClean = lost + duplicated + staleCommits + failed === 0;
  const verdict = isClean ? "nothing was lost, doubled or stale" : wrong;
  const left = skipped === 0 ? "" : `, ${skipped} could not be made here`;
  return `${drills} drills: ${verdict}; ${withinBound} within their bounds${left}.`;
}

function row(line: CampaignLine, hasPage: boolean): (Markup | string | number)[] {
  const { drill, bit, lost, duplicated, staleCommits } = line;
  const name = hasPage
    ? html`<a href="${encodeURIComponent(drill)}/report.html">${drill}</a>`
    : drill;
  const known = (value: number | null) => (value === null ? "not judged" : tally(value));
  return [
    name,
    verdict(line),
    bit ? "yes" : "no",
    known(lost),
    known(duplicated),
    known(staleCommits),
    line.failures?.join("; ") ?? line.skipped ?? measures(line),
  ];
}

function verdict({ ok, skipped, withinBound }: CampaignLine): Markup {
  if (skipped !== undefined) return html`<strong class="beyond">skipped</strong>`;
  if (!ok) return html`<strong class="broken">✗ broken</strong>`;
  return withinBound
    ? html`<strong class="kept">✓ kept</strong>`
    : html`<strong class="beyond">! safe, slower than its bound</strong>`;
}

function measures(line: CampaignLine): string {
  const most = Object.entries(line).filter(([name]) => name.endsWith("MsMax"));
  return most
    .map(([name, value]) => `${name.slice(0, -"MsMax".length)} ${duration(value as number)}`)
    .join(", ");
}
