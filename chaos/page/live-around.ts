/** Where a drill at a running exchange was: what was written down of it besides what its public interfaces say. */
import type { Around, Asked } from "../against/around.js";
import type { LiveRecord } from "../against/record.js";
import { decodeSymbol } from "../../actors/kernel/ids.js";
import { html, type Markup } from "./markup.js";
import { tally } from "./scale.js";
import { moment } from "./sheet.js";
import { count } from "./verdict.js";

const TOKENS_NAMED_MAX = 8;

export function whereAndWhen({ report, startedAt, commit, around }: LiveRecord): Markup {
  return html`<dl><dt>Gateway</dt><dd>${report.against}</dd>
<dt>Begun</dt><dd>${moment(startedAt)}</dd>
<dt>Code of the drill</dt><dd>${commit ?? "commit not known"}</dd>${around && rest(around)}</dl>`;
}

function rest({ servers, log, metrics }: Around): Markup {
  const versions = [
    `PostgreSQL ${known(servers.postgres)}`,
    `NATS ${known(servers.nats)}`,
    `etcd ${known(servers.etcd)}`,
  ];
  return html`
<dt>Servers</dt><dd>${versions.join(", ")}</dd>
<dt>Batch logs</dt><dd>${logs(log)}</dd>
<dt>Metrics</dt><dd>${metrics.value === null ? notKnown(metrics.reason) : files(metrics.value)}</dd>`;
}

function known(asked: Asked<string>): string {
  return asked.value ?? notKnown(asked.reason);
}

function notKnown(reason: string | null): string {
  return `(not known: ${reason})`;
}

/** How far all actors came while the drill went on, whoever had sent what they took. */
function logs({ before, after }: Around["log"]): string {
  if (before.value === null) return notKnown(before.reason);
  if (after.value === null) return notKnown(after.reason);
  const then = new Map(before.value.map((place) => [place.actor, place]));
  const moves = after.value.map((now) => ({ ...now, was: then.get(now.actor) }));
  const batches = moves.reduce((sum, { batch, was }) => sum + batch - (was?.batch ?? 0), 0);
  const risen = moves.filter(({ token, was }) => token !== (was?.token ?? 0));
  const named = risen
    .slice(0, TOKENS_NAMED_MAX)
    .map(({ actor, token, was }) => `${decodeSymbol(actor)} ${was?.token ?? 0} to ${token}`);
  const more = risen.length - named.length;
  const tokens = risen.length === 0 ? "none" : named.join(", ");
  return `${count(moves.length, "actor")}, ${tally(batches)} batches while it went on; other tokens: ${tokens}${more > 0 ? `, and ${more} more` : ""}`;
}

function files(all: Readonly<Record<string, Asked<string>>>): Markup {
  return html`${Object.entries(all).map(([process, { value, reason }], at) => {
    const said = value === null ? `${process} ${notKnown(reason)}` : process;
    const name = value === null ? html`${said}` : html`<a href="${value}">${said}</a>`;
    return html`${at > 0 && ", "}${name}`;
  })}`;
}
