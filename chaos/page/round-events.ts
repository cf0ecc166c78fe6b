/** A round as a list: what its drawing shows, in words and by the clock. */
import type { DrillRecord } from "../evidence/record.js";
import type { TimelineKind } from "../stage/timeline.js";
import { html, type Markup } from "./markup.js";
import type { RoundView } from "./round-view.js";
import { duration } from "./scale.js";
import { table } from "./tables.js";

interface Moment {
  readonly atMs: number;
  readonly what: string;
}

const SAID: Readonly<Record<TimelineKind, (what: string) => string>> = {
  began: () => "the round begins: whom to strike is chosen when the exchange is whole",
  struck: (what) => `blow: ${what}`,
  bitten: (why) =>
    why === "" ? "it is proved that the fault did what it is for" : `no proof: ${why}`,
  healed: () => "the fault is taken away",
  still: (actor) => `${actor}, which moves, applies nothing from here on`,
  again: (actor) => `${actor} applies again what comes in`,
  resumed: () => "the first fill of an order that was sent since",
  allResumed: () => "every symbol that was struck has filled such an order of every ledger shard",
  whole: () => "everything is whole again",
};

export function roundEvents(record: DrillRecord, view: RoundView): Markup {
  const startedAt = Date.parse(record.startedAt);
  const rows = momentsOf(record, view).map(({ atMs, what }) => [
    duration(atMs - view.zeroMs),
    new Date(startedAt + atMs).toISOString().slice(11, 23),
    what,
  ]);
  const columns = [
    { head: "After the blow", look: "number" },
    { head: "UTC", look: "number" },
    { head: "What happened", look: "whole" },
  ] as const;
  return html`<details><summary>The same as a list</summary>${table(columns, rows)}</details>`;
}

function momentsOf({ leaderChanges }: DrillRecord, { events, shown }: RoundView): Moment[] {
  const changes = leaderChanges
    .filter(({ atMs }) => atMs >= shown.fromMs && atMs <= shown.toMs)
    .map(({ actor, node, token, claimedAtMs, atMs }) => ({
      atMs,
      what: `${node} leads ${actor} under token ${token}, ${duration(atMs - claimedAtMs)} after it began to claim it`,
    }));
  const told = events.map(({ kind, atMs, what, of }) => {
    const said = SAID[kind](what);
    return { atMs, what: of === undefined ? said : `${of}: ${said}` };
  });
  return [...told, ...changes].sort((a, b) => a.atMs - b.atMs);
}
