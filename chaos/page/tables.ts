/** The tables of a page. On a phone each row stands for itself, with the heads of its columns before what is in them. */
import type { ClientView } from "../evidence/client-view.js";
import { availabilityOf, isAnswered } from "../evidence/availability.js";
import type { DrillRecord } from "../evidence/record.js";
import type { Beat } from "../stage/canary.js";
import { html, type Markup } from "./markup.js";
import { duration, place } from "./scale.js";
import type { Line, Outcome } from "./verdict.js";

export interface Column {
  readonly head: string;
  readonly isNumber?: boolean;
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
  const look = ({ isNumber }: Column) => (isNumber ? "number" : "");
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
    [{ head: "" }, { head: "Promised" }, { head: "Found" }].map((column) => column),
    lines.map(({ outcome, promise, found }) => [
      html`<strong class="${outcome}">${MARKS[outcome]}</strong>`,
      promise,
      found,
    ]),
  );
}

export function availabilityTable({ beats, seconds }: DrillRecord): Markup {
  if (beats.length === 0) return html`<p>Nothing was asked.</p>`;
  const share = (answered: number, asked: number) =>
    `${Math.floor((answered / Math.max(1, asked)) * 10_000) / 100} %`;
  return table(
    [
      { head: "Symbol" },
      { head: "Available", isNumber: true },
      { head: "Seconds answered", isNumber: true },
      { head: "Longest without", isNumber: true },
      { head: "Over the drill" },
    ],
    availabilityOf(beats).map(({ symbol, asked, answered, longestOutage }) => [
      symbol,
      share(answered, asked),
      `${answered} of ${asked}`,
      `${longestOutage} s`,
      strip(
        symbol,
        beats.filter((beat) => beat.symbol === symbol),
        seconds * MS_PER_SECOND,
      ),
    ]),
  );
}

/** A second each: answered, or not. */
function strip(symbol: string, beats: readonly Beat[], lengthMs: number): Markup {
  const scale = STRIP_WIDTH / Math.max(lengthMs, MS_PER_SECOND);
  const width = place(Math.max(1, MS_PER_SECOND * scale * 0.9));
  const parts = beats.map(
    (beat) =>
      html`<rect class="${isAnswered(beat) ? "ok" : "bad"}" x="${place(beat.atMs * scale)}" y="0" width="${width}" height="${STRIP_HEIGHT}"/>`,
  );
  return html`<svg class="strip" viewBox="0 0 ${STRIP_WIDTH} ${STRIP_HEIGHT}" preserveAspectRatio="none" role="img" aria-label="Seconds in which ${symbol} answered">${parts}</svg>`;
}

export function clientsTable(clients: readonly ClientView[]): Markup {
  const number = (value: number) => value.toLocaleString("en");
  return table(
    [
      { head: "Client" },
      { head: "Sent", isNumber: true },
      { head: "Accepted", isNumber: true },
      { head: "Traded", isNumber: true },
      { head: "Refused or rejected" },
      { head: "Answer lost, asked for" },
      { head: "Unanswered", isNumber: true },
      { head: "Longest silence", isNumber: true },
    ],
    clients
      .filter(({ sent }) => sent > 0)
      .map((client) => [
        client.client,
        number(client.sent),
        number(client.accepted),
        number(client.filled),
        codes(client),
        asked(client),
        number(client.unanswered),
        duration(client.longestSilenceMs),
      ]),
  );
}

function codes({ refused, rejected }: ClientView): string {
  const all = [...Object.entries(refused), ...Object.entries(rejected)];
  return all.map(([code, count]) => `${code} ${count}`).join(", ") || "none";
}

function asked({ askedFound, askedVoided }: ClientView): string {
  if (askedFound + askedVoided === 0) return "none";
  return `${askedFound} were there, ${askedVoided} never came`;
}
