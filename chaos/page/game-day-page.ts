/** All steps of a game day on one page, each with the way to its own. */
import type { DayRecord } from "../against/day-record.js";
import type { StepLine } from "../against/game-day.js";
import { type GameDay, momentOf } from "../against/schedule.js";
import { measureName } from "./live-verdict.js";
import { html, type Markup } from "./markup.js";
import { duration, tally } from "./scale.js";
import { moment, page, sentence } from "./sheet.js";
import { table } from "./tables.js";
import { count, type Outcome } from "./verdict.js";

const BOUND = /^(.+)MsP99/;

/** `pages`: the steps that have one. */
export function gameDayPage(record: DayRecord, pages: ReadonlySet<number>): string {
  const { report, lines, against, startedAt } = record;
  const title = headline(record);
  const [outcome, text] = badge(record);
  return page(
    title,
    html`<header><p class="when">Palisade game day at a running exchange · ${moment(startedAt)} · ${duration(report.seconds * 1_000)}</p><h1>${title}</h1>
<span class="badge ${outcome}">${text}</span>
<dl><dt>Gateway</dt><dd>${against}</dd>
${report.aborted !== null && html`<dt>Ended early</dt><dd>${sentence(report.aborted)}</dd>`}</dl></header>
<h2>The steps</h2>
${table(
  [
    { head: "Step" },
    { head: "Verdict" },
    { head: "Rounds", look: "number" },
    { head: "Lost", look: "number" },
    { head: "Doubled", look: "number" },
    { head: "Taken back" },
    { head: "What the probe saw, or what is wrong", look: "whole" },
  ],
  lines.map((line) => row(line, pages.has(line.step))),
)}
${listOfLeft(record.left)}
${report.notRun > 0 && html`<p>${count(report.notRun, "step")} had no turn any more.</p>`}
${record.schedule && plan(record.schedule)}
<h2>Judge it again</h2>
<p>The evidence of each step lies in a folder of its own beside this page. No server is needed:</p>
<pre>npx palisade verify FOLDER</pre>
<p class="soft">FOLDER is the one that holds this page, or that of one step.</p>`,
  );
}

function headline({ report, against }: DayRecord): string {
  const { gameDay, steps, done, failed, lost, duplicated } = report;
  const wrong = `${tally(lost)} lost, ${tally(duplicated)} doubled, ${count(failed, "step")} failed`;
  const isClean = lost + duplicated + failed === 0;
  const verdict = isClean ? "of what the probe was told nothing was lost or doubled" : wrong;
  return `${gameDay} at ${against}, ${done} of ${count(steps, "step")}: ${verdict}.`;
}

/** What was to be done, and when. */
function plan({ steps, onFailure }: GameDay): Markup {
  const rows = steps.map((step, at) => {
    const [rounds, nodes] = [count(step.rounds, "round"), step.nodes ?? []];
    const radius = [...step.symbols, ...nodes].join(", ");
    return html`<li>${step.drill}: ${momentOf(step, at === 0)}; ${rounds}, at ${radius}</li>`;
  });
  const end = onFailure === "stop" ? "the day ends" : "the others are done all the same";
  return html`<h2>What was planned</h2><ol>${rows}</ol><p class="soft">When a step fails, ${end}.</p>`;
}

function listOfLeft(left: DayRecord["left"]): Markup | false {
  if (left.length === 0) return false;
  const rows = left.map(({ what, byHand }) => html`<li>${what}: <code>${byHand}</code></li>`);
  return html`<h3 class="broken">Not known to be taken back; by hand, in this order</h3><ol>${rows}</ol>`;
}

function badge({ report, lines }: DayRecord): readonly [Outcome, string] {
  const isSlow = lines.some((line) => "withinBound" in line && !line.withinBound);
  if (report.ok && isSlow) return ["beyond", "✓ Safe, but slower than its bounds"];
  if (report.ok) return ["kept", "✓ Every promise was kept"];
  if (!report.undone) return ["broken", "✗ Not all is known to be taken back"];
  return ["broken", report.failed > 0 ? `✗ ${report.failed} failed` : "✗ It was ended early"];
}

function row(line: StepLine, hasPage: boolean): (Markup | string | number)[] {
  const name = `${line.step}. ${line.name}`;
  const link = `${encodeURIComponent(`${line.step}-${line.name}`)}/report.html`;
  const first = hasPage ? html`<a href="${link}">${name}</a>` : name;
  if ("refused" in line) {
    const verdict = html`<strong class="broken">✗ refused</strong>`;
    return [first, verdict, 0, "not judged", "not judged", "nothing was struck", line.refused];
  }
  const known = (value: number | null) => (value === null ? "not judged" : tally(value));
  return [
    first,
    verdictOf(line),
    line.rounds,
    known(line.lost),
    known(line.duplicated),
    line.undone ? "yes" : "not known",
    [...(line.aborted === null ? [] : [line.aborted]), ...line.failures].join("; ") || saw(line),
  ];
}

type Struck = Exclude<StepLine, { readonly refused: string }>;

function verdictOf({ ok, withinBound, aborted, failures }: Struck): Markup {
  if (aborted !== null && failures.length === 0) {
    return html`<strong class="broken">✗ ended early</strong>`;
  }
  if (!ok) return html`<strong class="broken">✗ broken</strong>`;
  return withinBound
    ? html`<strong class="kept">✓ kept</strong>`
    : html`<strong class="beyond">! safe, slower than its bound</strong>`;
}

/** What its bound is about. */
function saw(line: Struck): string {
  const of = BOUND.exec(line.bound)?.[1] ?? "";
  const most = line[`${of}MsMax`];
  return most === undefined
    ? "nothing was measured"
    : `${measureName(of)} ${duration(most)} at most`;
}
