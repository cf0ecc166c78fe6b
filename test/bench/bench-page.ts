/** What the pages of benchmarks have in common: a file that needs no other, which says whether its numbers are good. */
import { html, type Markup } from "../../chaos/page/markup.js";
import { page } from "../../chaos/page/sheet.js";
import type { E2eReport } from "./e2e.js";
import { machineText } from "./machine.js";
import type { OverloadReport } from "./overload.js";
import { ranOf } from "./ran.js";
import { TRIED } from "./table.js";

export interface Told {
  readonly title: string;
  /** A sentence beside the verdict. */
  readonly said: string;
  readonly body: Markup;
}

/** `at`: when it was measured. */
export function benchPage(
  report: E2eReport | OverloadReport,
  { title, said, body }: Told,
  at: Date,
): string {
  const { machine, ok, short, failures, durable } = report;
  const writes = { "PostgreSQL writes durably": durable ? "yes" : "no" };
  const ran = Object.entries({ ...machine, ...ranOf(report), ...writes }).map(
    ([name, value]) => html`<dt>${name}</dt><dd>${value ?? "unknown"}</dd>`,
  );
  return page(
    title,
    html`<p class="when">${at.toISOString().slice(0, 16).replace("T", " ")} UTC, on ${machineText(machine)}</p>
<h1>${title}</h1>
${short && html`<p><strong class="badge broken">${TRIED}</strong></p>`}
<p>${ok ? html`<strong class="badge kept">✓ ok</strong>` : html`<strong class="badge broken">✗ not ok: its numbers are worth nothing</strong>`}
${said}</p>
${failures.length > 0 && html`<ul>${failures.map((failure) => html`<li>${failure}</li>`)}</ul>`}
${body}<h2>What was run, and where</h2><dl>${ran}</dl>`,
  );
}
