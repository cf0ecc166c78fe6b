/** The tables of a page. On a phone each row stands for itself, with the heads of its columns before what is in them. */
import type { ClientView } from "../evidence/client-view.js";
import { availabilityOf, isAnswered } from "../evidence/availability.js";
import type { DrillRecord } from "../evidence/record.js";
import type { Beat } from "../stage/canary.js";
import { html, type Markup } from "./markup.js";
import { duration, place, tally } from "./scale.js";
import type { Line, Outcome } from "./verdict.js";

export interface Column {
  readonly head: string;
  /** A number stands at the right; on a phone what is long has a line of its own. */
  readonly look?: "number" | "whole" | "whole strips";
}

const MARKS: Readonly<Record<Outcome, string>> = {
  kept: "✓ kept",
  broken: "✗ broken",
  beyond: "! beyond",
};
/** Of the strips, in their own units: each is stretched to the room that it has. */
const STRIP_WIDTH = 1_000;
const STRIP_HEIGHT = 14;
const MS_PER_SECOND = 1_000;

export function table(
  columns: readonly Column[],
  rows: readonly (readonly (Markup | string | number)[])[],
): Markup {
  const look = (column: Column) => column.look ?? "";
  return html`<table class="stacked"><thead><tr>${columns.map(
    (column) => html`<th scope="col" class="${look(column)}">${column.head}</th>`,
  )}</tr></thead><tbody>${rows.map(
    (row) =>
      html`<tr>${row.map(
        (cell, at) =>
          html`<td class="${look(columns[at]!)}" data-head="${columns[at]!.head}">${cell}</td>`,
      )}</tr>`,
  )}</tbody></table>`;
}

export function verdictTable(lines: readonly Line[]): Markup {
  return table(
    [{ head: "" }, { head: "Promised", look: "whole" }, { head: "Found", look: "whole" }],
    lines.map(({ outcome, promise, found }) => [
      html`<strong class="${outcome}">${MARKS[outcome]}</strong>`,
      promise,
      found,
    ]),
  );
}

export function availabilityTable({
  beats,
  lengthMs,
}: Pick<DrillRecord, "beats" | "lengthMs">): Markup {
  if (beats.length === 0) return html`<p>Nothing was asked.</p>`;
  // Whole percents, downwards: so few seconds say no more, and a hundred is all of them.
  const share = (answered: number, asked: number) =>
    `${Math.floor((answered / Math.max(1, asked)) * 100)} %`;
  return table(
    [
      { head: "Symbol" },
      { head: "Available", look: "number" },
      { head: "Seconds answered", look: "number" },
      { head: "Longest without", look: "number" },
      { head: "Over the drill (high: no answer)", look: "whole strips" },
    ],
    availabilityOf(beats).map(({ symbol, asked, answered, longestOutage }) => [
      symbol,
      share(answered, asked),
      `${tally(answered)} of ${tally(asked)}`,
      `${longestOutage} s`,
      strip(
        symbol,
        beats.filter((beat) => beat.symbol === symbol),
        lengthMs,
      ),
    ]),
  );
}

/** A second each: answered, or (red, and twice as high) not. */
function strip(symbol: string, beats: readonly Beat[], lengthMs: number): Markup {
  const scale = STRIP_WIDTH / Math.max(lengthMs, MS_PER_SECOND);
  const width = place(Math.max(1, MS_PER_SECOND * scale * 0.9));
  const parts = beats.map((beat) => {
    const [look, top] = isAnswered(beat) ? ["ok", STRIP_HEIGHT / 2] : ["bad", 0];
    return html`<rect class="${look}" x="${place(beat.atMs * scale)}" y="${top}" width="${width}" height="${STRIP_HEIGHT - top}"/>`;
  });
  return html`<svg class="strip" viewBox="0 0 ${STRIP_WIDTH} ${STRIP_HEIGHT}" preserveAspectRatio="none" role="img" aria-label="Seconds in which ${symbol} answered">${parts}</svg>`;
}

export function clientsTable(clients: readonly ClientView[]): Markup {
  return table(
    [
      { head: "Client" },
      { head: "Sent", look: "number" },
      { head: "Accepted", look: "number" },
      { head: "Traded", look: "number" },
      { head: "Refused or rejected", look: "whole" },
      { head: "Known only by asking", look: "whole" },
      { head: "Unanswered", look: "number" },
      { head: "Slowest answer", look: "number" },
      { head: "Longest silence", look: "number" },
    ],
    clients
      .filter(({ sent }) => sent > 0)
      .map((client) => [
        client.client,
        tally(client.sent),
        tally(client.accepted),
        tally(client.filled),
        codes(client),
        asked(client),
        tally(client.unanswered),
        duration(client.slowestAnswerMs),
        duration(client.longestSilenceMs),
      ]),
  );
}

function codes({ refused, rejected }: ClientView): string {
  const all = [...Object.entries(refused), ...Object.entries(rejected)];
  return all.map(([code, count]) => `${code} ${tally(count)}`).join(", ") || "none";
}

function asked({ askedFound, askedVoided }: ClientView): string {
  if (askedFound + askedVoided === 0) return "none";
  return `${tally(askedFound)} found, ${tally(askedVoided)} never seen`;
}
