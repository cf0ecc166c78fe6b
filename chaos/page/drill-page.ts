/**
 * The report of a drill as a page: one file that needs no other, for a person who was not there. What is drawn is drawn
 * here, so that nothing has to run where it is read.
 */
import { type Bound, boundsOf } from "../drills/drill.js";
import type { DrillRecord } from "../evidence/record.js";
import { latencyChart } from "./latency-chart.js";
import { html, type Markup } from "./markup.js";
import { roundChart } from "./round-chart.js";
import { roundEvents } from "./round-events.js";
import { roundView } from "./round-view.js";
import { duration } from "./scale.js";
import { listOfWrongs, moment, page, sentence } from "./sheet.js";
import { availabilityTable, clientsTable, verdictTable } from "./tables.js";
import { badge, headline, lines } from "./verdict.js";

/** More rounds than these are folded, but for the one that took longest. */
const ROUNDS_OPEN_MAX = 3;
/** So many actors are named with their new leaders. */
const SUCCESSORS_NAMED_MAX = 8;

export function drillPage(record: DrillRecord): string {
  const { report, found } = record;
  const title = headline(record);
  return page(
    title,
    html`${top(record, title)}
<h2>What was checked</h2>
<p>By a program that shares no code with the exchange: it believes only what clients wrote down when they were told it, and the database. Sums of money and the
journals' numbers the exchange's own audit proves as well, in SQL.</p>
${verdictTable(lines(record))}
${listOfWrongs(report.failures)}
<h2>What happened, round by round</h2>
${rounds(record)}
<h2>How long clients waited</h2>
${latencyChart(record, "the first fill of orders that cross")}
<h2>Availability</h2>
<p>Each symbol is asked once a second by an order of its own that may not rest, from another ledger shard each time. It is
available in a second when its market answers within one. It is no part of the verdict: what stands still while a fault lasts is not lost. It is low where waves of
faults follow one another, as in chaos, and on a loaded machine, where answers take longer than a second.</p>
${availabilityTable(record)}
<h2>What each client saw</h2>
<p>From the clients' own logs. A silence is how long a client was told nothing of any order while it waited for an answer. “load” trades all
the time, “probe” tries after each blow until all trade again, “metronome” sends densely while actors are moved, “canary” asks
for the availability.</p>
${clientsTable(record.clients)}
<h2>Where it ran</h2>
${environment(record)}
<h2>Judge it again</h2>
<p>Everything that the verdict rests on lies beside this page. No server is needed:</p>
<pre>npx palisade verify FOLDER</pre>
<p>FOLDER is the one that holds this page. It compares the sums of all files, judges the clients' logs and the rows of the database anew, and compares
what it finds with ${html`<a href="report.json">report.json</a>`}.</p>
<p class="soft">Bound of this drill: ${boundWords(found.drill.bound)}. The drill again: <code>npm run drill -- ${report.name} --rounds ${roundsBegun(report)} --seed ${record.seed}</code></p>`,
  );
}

function boundWords(bound: Bound): string {
  return boundsOf(bound)
    .map(({ of, ms }) => `${of}, ${duration(ms)}`)
    .join("; ");
}

/** The one that broke it is not among those that were done. */
function roundsBegun({ rounds, broken }: DrillRecord["report"]): number {
  return broken.length > 0 ? rounds + 1 : rounds;
}

function top(record: DrillRecord, title: string): Markup {
  const { report, found } = record;
  const { outcome, text } = badge(report);
  return html`<header><p class="when">Palisade drill · ${moment(record.startedAt)}</p><h1>${title}</h1><span class="badge ${outcome}">${text}</span>
<dl><dt>Hypothesis</dt><dd>${sentence(found.drill.hypothesis)}</dd>
<dt>What was done</dt><dd>${sentence(found.drill.about)}${partly(record)}</dd>
<dt>Proof that it bit</dt><dd>${proof(record)}</dd></dl></header>`;
}

/** Of a drill that does something else in each round: fewer rounds than it takes to show all of it are a part of that. */
function partly({ found: { drill }, report: { rounds: done } }: DrillRecord): string {
  const { rounds: all = 1 } = drill;
  if (done >= all) return "";
  return ` Of that ${done === 0 ? "nothing" : `only the first ${done} of ${all}`} was done here: it takes ${all} rounds to show all of it.`;
}

function proof(record: DrillRecord): string {
  const { report, found } = record;
  if (report.rounds === 0) return "No round was struck.";
  const isIn = `In ${report.rounds - report.toothless} of ${report.rounds} rounds the fault did what it is for`;
  const [first] = found.rounds;
  return [`${isIn}. In round 1: ${first!.summary}.`, ...successors(record)].join(" ");
}

/** Who led afterwards what changed its leader in the first round; of many actors the first few. */
function successors(record: DrillRecord): string[] {
  const led = roundView(record, 1).actors.flatMap(({ actor, reigns }) => {
    const last = reigns.findLast(({ node }) => node !== null);
    return last ? [`${actor} by ${last.node} (token ${last.token})`] : [];
  });
  if (led.length === 0) return [];
  const more = led.length - SUCCESSORS_NAMED_MAX;
  const named = led.slice(0, SUCCESSORS_NAMED_MAX).join(", ");
  return [
    `What had another leader at its end was led: ${named}${more > 0 ? `, and ${more} more` : ""}.`,
  ];
}

function rounds(record: DrillRecord): Markup {
  const all = record.found.rounds;
  if (all.length === 0) return html`<p>There was none.</p>`;
  const bounds = boundsOf(record.found.drill.bound);
  const worst = all.map(({ samples }) =>
    Math.max(0, ...bounds.flatMap(({ of }) => samples[of] ?? [])),
  );
  const slowest = worst.indexOf(Math.max(...worst));
  return html`${all.map((round, at) => {
    const view = roundView(record, at + 1);
    const name = `Round ${at + 1}${at === slowest && all.length > 1 ? ", the slowest" : ""}`;
    const isWrong = round.failures.length > 0;
    const body = html`<p>${round.summary}.</p>${
      isWrong && html`<p class="broken">${round.failures.join("; ")}</p>`
    }${roundChart(view)}${roundEvents(record, view)}`;
    const isOpen = all.length <= ROUNDS_OPEN_MAX || at === slowest || isWrong;
    return isOpen
      ? html`<section><h3>${name}</h3>${body}</section>`
      : html`<details><summary>${name}: ${round.summary}</summary>${body}</details>`;
  })}`;
}

function environment(record: DrillRecord): Markup {
  const { surroundings, machine, report, servers } = record;
  const versions = Object.entries({
    PostgreSQL: servers.postgres,
    NATS: servers.nats,
    etcd: servers.etcd,
  }).map(([server, version]) => `${server} ${version ?? "(did not say its version)"}`);
  const special = [
    surroundings.wired && "ways to the servers that can be cut",
    surroundings.smallDisk && "a disk of its own",
    surroundings.fakeClocks && "clocks that can be set",
    surroundings.natsServers > 1 && `${surroundings.natsServers} NATS servers`,
  ].filter((text) => text !== false);
  return html`<dl><dt>Exchange</dt><dd>${surroundings.nodes} nodes, ${surroundings.ledgerShards} ledger shards, ${surroundings.symbols} symbols, a gateway, a feed${special.length > 0 && `; ${special.join(", ")}`}</dd>
<dt>Load</dt><dd>${surroundings.ordersPerSecond} orders a second whatever happens, and their cancels; seed ${record.seed}</dd>
<dt>Machine</dt><dd>${machine.cores} cores${machine.processor !== "" && ` (${machine.processor})`}, ${machine.platform}, Node ${machine.node}; all of it on this one machine</dd>
<dt>Servers</dt><dd>${versions.join(", ")}</dd>
<dt>Load average before</dt><dd>${report.loadBefore.toFixed(2)} ${report.loadBefore > machine.cores / 2 ? "(it did other things, too: times mean little)" : "(one minute)"}</dd>
<dt>Lasted</dt><dd>${duration(record.lengthMs)} from ${moment(record.startedAt)}</dd>
<dt>Code</dt><dd>${record.commit ?? "commit not known"}</dd></dl>`;
}
