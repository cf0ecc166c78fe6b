/** The report of a drill at a running exchange as a page, for whoever was not there. */
import { liveDrillOf } from "../against/drills/catalog.js";
import type { LiveRecord } from "../against/record.js";
import type { PlanText } from "../against/report.js";
import { latencySeries } from "../evidence/latency.js";
import { latencyChart, type Waits } from "./latency-chart.js";
import { liveBadge, liveHeadline, liveLines, measureName } from "./live-verdict.js";
import { html, type Markup } from "./markup.js";
import { sampleCount } from "./samples.js";
import { duration, tally } from "./scale.js";
import { listOfWrongs, moment, page, sentence } from "./sheet.js";
import { table, verdictTable } from "./tables.js";

const FIGURE = /^(.+)MsP50$/;

export function livePage(record: LiveRecord): string {
  const { report } = record;
  const title = liveHeadline(record);
  return page(
    title,
    html`${top(record, title)}
<h2>What was checked</h2>
<p>What the probe was told is held against what the public interfaces say of its account when all is over. It knows nothing of other accounts, and nothing of the database: whether
all books are whole, and nothing was committed under an old token, the exchange's own audit says.</p>
${verdictTable(liveLines(record))}
${listOfWrongs(report.failures)}
<h2>Round by round</h2>
${rounds(record)}
<h2>What the probe saw</h2>
${figuresTable(record)}
<h2>How long its orders took</h2>
${latencyChart(waitsOf(record), "their end")}
<h2>Where and when</h2>
<dl><dt>Gateway</dt><dd>${report.against}</dd>
<dt>Begun</dt><dd>${moment(record.startedAt)}</dd>
<dt>Code of the drill</dt><dd>${record.commit ?? "commit not known"}</dd></dl>
<h2>Judge it again</h2>
<p>What the probe was told, and what the exchange said of it in the end, is in <a href="report.json">report.json</a> beside this page. No server is needed:</p>
<pre>npx palisade verify FOLDER</pre>
<p class="soft">FOLDER is the one that holds this page.</p>`,
  );
}

function top(record: LiveRecord, title: string): Markup {
  const { report, drill } = record;
  const { hypothesis, about } = liveDrillOf(drill);
  const { outcome, text } = liveBadge(report);
  return html`<header><p class="when">Palisade drill at a running exchange · ${moment(record.startedAt)}</p><h1>${title}</h1><span class="badge ${outcome}">${text}</span>
<dl><dt>Hypothesis</dt><dd>${sentence(hypothesis)}</dd>
<dt>What is done</dt><dd>${sentence(about)}</dd>
${report.aborted !== null && html`<dt>Ended early</dt><dd>${sentence(report.aborted)}</dd>`}</dl></header>`;
}

function rounds({ rounds: all, unfinished }: LiveRecord): Markup {
  if (all.length === 0 && !unfinished) return html`<p>No round was begun.</p>`;
  return html`${all.map(
    ({ plan, summary, failures }, at) =>
      html`<section><h3>Round ${at + 1}</h3><p>${summary}.</p>${
        failures.length > 0 && html`<p class="broken">${failures.join("; ")}</p>`
      }${planOf(plan)}</section>`,
  )}${
    unfinished &&
    html`<section><h3>Round ${all.length + 1}, which was not done to its end</h3>${planOf(unfinished.plan)}</section>`
  }`;
}

/** What was to be done; what was done of it the round's own words say. */
function planOf({ actors, nodes, symbols, does, undone }: PlanText): Markup {
  const touched = [...actors, ...nodes].join(", ");
  return html`<dl><dt>It may touch</dt><dd>${touched === "" ? "no actor and no node" : touched}</dd>
<dt>The probe's orders</dt><dd>for ${symbols.join(", ")}</dd>
<dt>To be done</dt><dd>${does.join("; ")}</dd>
<dt>To be taken back</dt><dd>${undone.length === 0 ? "nothing" : undone.join("; ")}</dd></dl>`;
}

/** Of all rounds together. */
function figuresTable({ report, rounds: all }: LiveRecord): Markup {
  const names = Object.keys(report).flatMap((key) => FIGURE.exec(key)?.[1] ?? []);
  if (names.length === 0) return html`<p>Nothing was measured.</p>`;
  const figure = (name: string, of: "P50" | "P99" | "Max") => duration(report[`${name}Ms${of}`]!);
  return table(
    [
      { head: "Measure" },
      { head: "Times", look: "number" },
      { head: "Half within", look: "number" },
      { head: "99 of 100 within", look: "number" },
      { head: "All within", look: "number" },
    ],
    names.map((name) => [
      measureName(name),
      tally(sampleCount(all, name)),
      figure(name, "P50"),
      figure(name, "P99"),
      figure(name, "Max"),
    ]),
  );
}

/**
 * From the first order on, with those that only tried whether orders come back, to the end of the last round: none may have been
 * sent in it. Both are in the order of time.
 */
function waitsOf({ orders, rounds: all, unfinished }: LiveRecord): Waits {
  const spans = [...all, ...(unfinished ? [unfinished] : [])].map(({ span }) => span);
  const firstMs = Math.min(orders[0]?.sentMs ?? Infinity, spans[0]?.begunMs ?? Infinity);
  const lastMs = Math.max(orders.at(-1)?.sentMs ?? 0, spans.at(-1)?.untilMs ?? 0);
  const waited = orders.map(({ sentMs, acceptedMs, endedMs }) => ({
    sentMs: sentMs - firstMs,
    answerMs: acceptedMs === null ? null : acceptedMs - sentMs,
    fillMs: endedMs === null ? null : endedMs - sentMs,
  }));
  const struck = spans.map(({ struckMs }, at) => ({
    kind: "struck" as const,
    round: at + 1,
    atMs: struckMs - firstMs,
    what: "",
  }));
  return {
    latency: latencySeries(waited, Math.max(0, lastMs - firstMs + 1)),
    timeline: struck.filter(({ atMs }) => atMs <= lastMs - firstMs),
  };
}
