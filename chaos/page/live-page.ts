/** The report of a drill at a running exchange as a page, for whoever was not there. */
import { liveDrillOf } from "../against/drills/catalog.js";
import type { LiveRecord } from "../against/record.js";
import type { PlanText } from "../against/report.js";
import { latencySeries } from "../evidence/latency.js";
import type { Beat } from "../stage/canary.js";
import { latencyChart, type Waits } from "./latency-chart.js";
import { liveBadge, liveHeadline, liveLines, measureName } from "./live-verdict.js";
import { whereAndWhen } from "./live-around.js";
import { beatsOf, liveRoundView, roundsBegun, wholeSpan } from "./live-view.js";
import { html, type Markup } from "./markup.js";
import { roundChart } from "./round-chart.js";
import { sampleCount } from "./samples.js";
import { duration, tally } from "./scale.js";
import { listOfWrongs, moment, page, sentence } from "./sheet.js";
import { availabilityTable, table, verdictTable } from "./tables.js";

/** More rounds than these are folded, but for those in which something is wrong. */
const ROUNDS_OPEN_MAX = 3;
const GAP =
  "the longest time in which one of its markets said nothing to the probe. The bar: from the blow to the round's end";
const FIGURE = /^(.+)MsP50$/;

export function livePage(record: LiveRecord): string {
  const { report } = record;
  const title = liveHeadline(record);
  const beats = beatsOf(record);
  const { fromMs, toMs } = wholeSpan(record);
  return page(
    title,
    html`${top(record, title)}
<h2>What was checked</h2>
<p>What the probe was told is held against what the public interfaces say of its account when all is over. It knows nothing of other accounts, and nothing of the database: whether
all books are whole, and nothing was committed under an old token, the exchange's own audit says.</p>
${verdictTable(liveLines(record))}
${listOfWrongs(report.failures)}
<h2>Round by round</h2>
${rounds(record, beats)}
<h2>What the probe saw</h2>
${figuresTable(record)}
<h2>How long its orders took</h2>
${latencyChart(waitsOf(record), "their end")}
<h2>Availability</h2>
<p>A symbol is available in a second of a round when its market ends an order of the probe within one that was sent in it. Where an earlier order had no end all through a second,
and none was sent in it, it was not. It is no part of the verdict.</p>
${availabilityTable({ beats: beats.map(({ atMs, ...beat }) => ({ ...beat, atMs: atMs - fromMs })), lengthMs: toMs - fromMs })}
<h2>Where and when</h2>
${whereAndWhen(record)}
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

function rounds(record: LiveRecord, beats: readonly Beat[]): Markup {
  const begun = roundsBegun(record);
  if (begun.length === 0) return html`<p>No round was begun.</p>`;
  return html`${begun.map(({ plan }, at) => {
    const done = record.rounds[at];
    const isWrong = !done || done.failures.length > 0;
    const body = html`${done && html`<p>${done.summary}.</p>`}${
      done && isWrong && html`<p class="broken">${done.failures.join("; ")}</p>`
    }${roundChart(liveRoundView(record, at + 1, beats), GAP)}${planOf(plan)}`;
    const name = `Round ${at + 1}${done ? "" : ", which was not done to its end"}`;
    return begun.length <= ROUNDS_OPEN_MAX || isWrong
      ? html`<section><h3>${name}</h3>${body}</section>`
      : html`<details><summary>${name}: ${done.summary}</summary>${body}</details>`;
  })}`;
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

function waitsOf(record: LiveRecord): Waits {
  const { fromMs, toMs } = wholeSpan(record);
  const waited = record.orders.map(({ sentMs, acceptedMs, endedMs }) => ({
    sentMs: sentMs - fromMs,
    answerMs: acceptedMs === null ? null : acceptedMs - sentMs,
    fillMs: endedMs === null ? null : endedMs - sentMs,
  }));
  const struck = roundsBegun(record).map(({ span: { struckMs } }, at) => ({
    kind: "struck" as const,
    round: at + 1,
    atMs: struckMs - fromMs,
    what: "",
  }));
  return {
    latency: latencySeries(waited, Math.max(0, toMs - fromMs + 1)),
    timeline: struck.filter(({ atMs }) => atMs <= toMs - fromMs),
  };
}
