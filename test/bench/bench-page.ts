/** What the pages of benchmarks have in common: a file that needs no other, which says whether its numbers are good. */
import { html, type Markup } from "../../chaos/page/markup.js";
import { page } from "../../chaos/page/sheet.js";
import type { Verdict } from "./on-exchange.js";
import { TRIED } from "./table.js";

export interface Told {
  readonly title: string;
  /** A sentence beside the verdict. */
  readonly said: string;
  readonly body: Markup;
}

/** `at`: when it was measured. */
export function benchPage(report: Verdict, { title, said, body }: Told, at: Date): string {
  const { machine, ok, short, failures } = report;
  const ran = Object.entries({ ...machine, ...shapeOf(report) }).map(
    ([name, value]) => html`<dt>${name}</dt><dd>${value ?? "unknown"}</dd>`,
  );
  return page(
    title,
    html`<p class="when">${at.toISOString().slice(0, 16).replace("T", " ")} UTC, on ${machine["cores"] ?? "?"} cores (${machine["processor"] ?? "unknown"})</p>
<h1>${title}</h1>
${short && html`<p><strong class="badge broken">${TRIED}</strong></p>`}
<p>${ok ? html`<strong class="badge kept">✓ ok</strong>` : html`<strong class="badge broken">✗ not ok: its numbers are worth nothing</strong>`}
${said}</p>
${failures.length > 0 && html`<ul>${failures.map((failure) => html`<li>${failure}</li>`)}</ul>`}
${body}<h2>Where it ran</h2><dl>${ran}</dl>`,
  );
}

function shapeOf({ nodes, ledgerShards, postgresInstances, durable }: Verdict) {
  return {
    nodes,
    "ledger shards": ledgerShards,
    "PostgreSQL instances": postgresInstances,
    "PostgreSQL writes durably": durable ? "yes" : "no",
  };
}
