/** The report of a drill at a running exchange as a page, for whoever was not there. */
import { liveDrillOf } from "../against/drills/catalog.js";
import type { LiveRecord } from "../against/record.js";
import { latencySeries } from "../evidence/latency.js";
import { latencyChart, type Waits } from "./latency-chart.js";
import { liveBadge, liveHeadline, liveLines, measureName } from "./live-verdict.js";
import { html, type Markup } from "./markup.js";
import { duration } from "./scale.js";
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
<p>What the probe was told is held against what the public interfaces say of its account when all is over. It knows nothing of other accounts, and nothing of the database: what is
lost elsewhere, and whether anything was committed under an old token, the exchange's own audit says.</p>
${verdictTable(liveLines(record))}
${listOfWrongs(report.failures)}
<h2>What was done, round by round</h2>
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

function rounds({ rounds: all }: LiveRecord): Markup {
  if (all.length === 0) return html`<p>No round was done to its end.</p>`;
  return html`${all.map(({ plan, summary, failures }, at) => {
    const touched = [...plan.actors, ...plan.nodes].join(", ");
    return html`<section><h3>Round ${at + 1}</h3><p>${summary}.</p>${
      failures.length > 0 && html`<p class="broken">${failures.join("; ")}</p>`
    }<dl><dt>It may touch</dt><dd>${touched === "" ? "no actor and no node" : touched}</dd>
<dt>The probe's orders</dt><dd>for ${plan.symbols.join(", ")}</dd>
<dt>In this order</dt><dd>${plan.does.join("; ")}</dd>
<dt>Taken back</dt><dd>${plan.undone.length === 0 ? "there is nothing to be" : plan.undone.join("; ")}</dd></dl></section>`;
  })}`;
}

/** Of all rounds together. */
function figuresTable({ report }: LiveRecord): Markup {
  const names = Object.keys(report).flatMap((key) => FIGURE.exec(key)?.[1] ?? []);
  if (names.length === 0) return html`<p>Nothing was measured.</p>`;
  const figure = (name: string, of: "P50" | "P99" | "Max") => duration(report[`${name}Ms${of}`]!);
  return table(
    [
      { head: "Measure" },
      { head: "Half within", look: "number" },
      { head: "99 of 100 within", look: "number" },
      { head: "All within", look: "number" },
    ],
    names.map((name) => [
      measureName(name),
      figure(name, "P50"),
      figure(name, "P99"),
      figure(name, "Max"),
    ]),
  );
}

/** From the first order on, with those that only tried whether orders come back, to the end of the last round: none may have been sent in it. */
function waitsOf({ orders, rounds: all }: LiveRecord): Waits {
  const sent = orders.map(({ sentMs }) => sentMs);
  const firstMs = Math.min(...sent, ...all.map(({ span }) => span.begunMs));
  const lastMs = Math.max(...sent, ...all.map(({ span }) => span.untilMs));
  const waited = orders.map(({ sentMs, acceptedMs, endedMs }) => ({
    sentMs: sentMs - firstMs,
    answerMs: acceptedMs === null ? null : acceptedMs - sentMs,
    fillMs: endedMs === null ? null : endedMs - sentMs,
  }));
  return {
    latency: latencySeries(waited, Math.max(0, lastMs - firstMs + 1)),
    timeline: all.map(({ span }, at) => ({
      kind: "struck",
      round: at + 1,
      atMs: span.struckMs - firstMs,
      what: "",
    })),
  };
}
