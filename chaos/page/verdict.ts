/** What a drill has proved, in words: one sentence, and line by line what was promised and what was found. */
import { boundsOf, type Limit } from "../drills/drill.js";
import type { DrillRecord } from "../evidence/record.js";
import type { DrillReport } from "../report.js";
import { spread } from "./samples.js";
import { duration, tally } from "./scale.js";

export type Outcome = "kept" | "broken" | "beyond";

export interface Line {
  readonly promise: string;
  readonly found: string;
  /** Beyond: what says little on a machine that does other things was more than it should be. */
  readonly outcome: Outcome;
}

/** What clients saw, by the name of the measure. */
const MEASURES: Readonly<Record<string, string>> = {
  resume: "the first symbol traded again",
  back: "once healed, trading resumed",
  recovery: "clients traded again",
  allResumed: "every symbol traded again",
  throughout: "while it lasted, all traded",
  gap: "an actor that changed its leader applied nothing for",
  accepted: "what was taken was answered",
};

export const count = (number: number, one: string, many = `${one}s`): string =>
  `${tally(number)} ${number === 1 ? one : many}`;

/** The most that was measured of what is bound, in milliseconds; null: nothing was. */
export function measured({ found, report }: DrillRecord): string | null {
  const texts = boundsOf(found.drill.bound).flatMap((bound) => mostOf(report, bound) ?? []);
  return texts.length > 0 ? texts.join("; ") : null;
}

function mostOf(report: DrillReport, { of, ms }: Limit): string | null {
  const most = report[`${of}MsMax`];
  if (most === undefined) return null;
  const what = MEASURES[of] ?? of;
  const link = of === "gap" ? "" : of === "accepted" ? " within" : " after";
  return `${what}${link} ${duration(most)} at most (bound ${duration(ms)})`;
}

/** The drill's name and the verdict, in one sentence. */
export function headline(record: DrillRecord): string {
  const { report } = record;
  const what = `${report.name}, ${count(report.rounds, "round")}: ${safety(report)}`;
  const speed = measured(record);
  return speed === null ? `${what}.` : `${what}; ${speed}.`;
}

/** The verdict in a few words, and how good it is. */
export function badge(report: DrillReport): { readonly outcome: Outcome; readonly text: string } {
  const isOnlyToothless = !report.bit && wrongs(report).length === 0;
  if (isOnlyToothless) {
    return { outcome: "broken", text: "✗ Nothing is proved: the fault did not do what it is for" };
  }
  if (!report.ok) return { outcome: "broken", text: "✗ A promise was broken" };
  return report.withinBound
    ? { outcome: "kept", text: "✓ Every promise was kept" }
    : { outcome: "beyond", text: "✓ Safe, but slower than its bound" };
}

function safety(report: DrillReport): string {
  const wrong = wrongs(report);
  if (wrong.length > 0) return wrong.join(", ");
  if (!report.bit) return "nothing was lost, but the fault was not what it is for in every round";
  if (!report.ok) return "nothing was lost, but not everything is as it should be";
  return "nothing was lost, doubled or stale";
}

function wrongs(report: DrillReport): string[] {
  return [
    report.lost > 0 && `${tally(report.lost)} lost`,
    report.duplicated > 0 && `${tally(report.duplicated)} doubled`,
    report.staleCommits > 0 && `${tally(report.staleCommits)} stale`,
    !report.conserved && "the sums of money are wrong",
    report.gaps + report.journalGaps > 0 && `${tally(report.gaps + report.journalGaps)} untold`,
    report.contradicted > 0 && `${tally(report.contradicted)} contradicted`,
    report.mispriced > 0 && `${tally(report.mispriced)} at a wrong price or place`,
    report.booksRewritten > 0 && `${count(report.booksRewritten, "book")} rewritten`,
    report.unreported > 0 && `${count(report.unreported, "order")} without an answer`,
    ...report.broken,
  ].filter((text) => text !== false);
}

export function lines(record: DrillRecord): Line[] {
  const { report, found } = record;
  return [...judged(record), ...onTheWay(report, found.ails), ...speeds(record)];
}

function judged({ report, found: { checked, audited } }: DrillRecord): Line[] {
  const { counted } = checked;
  const number = (of: string) => tally(counted[of] ?? 0);
  return [
    line(
      report.lost === 0,
      "No accepted order and no fill is lost: each is in the database, settled on both sides",
      `clients were told ${number("accepted")} times that an order is accepted (by its answer and again by its account's event), and of ${number("fillsTold")} fills: all are there`,
      `${tally(report.lost)} are not there`,
    ),
    line(
      report.duplicated === 0,
      "Nothing happens twice: no id has two orders, no fill is settled or told twice",
      `${number("orders")} orders and ${number("trades")} trades, each once`,
      `${tally(report.duplicated)} happened twice`,
    ),
    line(
      report.staleCommits === 0,
      "Not one row is committed by a leader that was deposed",
      report.fencedCommits === 0
        ? "no batch is of a token after which a higher one was raised"
        : `none; ${count(report.fencedCommits, "such commit was", "such commits were")} tried, and refused`,
      count(report.staleCommits, "batch was", "batches were"),
    ),
    line(
      report.conserved,
      "All money is there: what accounts own is what was deposited and has not left",
      `${tally(audited.rows["balances"] ?? 0)} balances, by two programs to the unit`,
      "the sums are wrong",
    ),
    line(
      report.gaps + report.journalGaps === 0,
      "Every account is told everything, in order, without a gap",
      `${number("eventsTold")} events, none left out`,
      `${tally(report.gaps)} events were not told, ${tally(report.journalGaps)} are not there`,
    ),
    line(
      report.contradicted === 0,
      "What a client was told is so: what was refused never becomes an order, and each event is what the account's journal has under its number",
      `${count(counted["eventsCompared"] ?? 0, "event was", "events were")} compared, field by field`,
      count(report.contradicted, "word was contradicted", "words were contradicted"),
    ),
    line(
      report.mispriced === 0,
      "All orders of the log, matched again on paper, give the same trades and leave the same books",
      `${count(report.repriced, "trade")}, each at its price between its two orders`,
      count(report.mispriced, "trade or order differs", "trades or orders differ"),
    ),
    line(
      report.booksRewritten === 0,
      "The books of before the fault are what the log still gives for their time",
      `${count(counted["booksNoted"] ?? 0, "book was", "books were")} noted, and none is another now`,
      count(report.booksRewritten, "book is another", "books are others"),
    ),
  ];
}

function onTheWay(report: DrillReport, ails: readonly string[]): Line[] {
  return [
    line(
      report.unreported === 0,
      "Every order gets a definite answer in the end",
      `${count(report.orders, "order")} under load; known only by asking, as the answer was lost on the way: ${tally(report.unknownResolved)}`,
      `${tally(report.unreported)} have none`,
    ),
    line(
      report.bit,
      "The fault does what it is for in every round",
      `proved in ${count(report.rounds, "round")}`,
      `not in ${report.toothless} of ${report.rounds}`,
    ),
    line(
      report.broken.length === 0,
      "After each blow all goes on, and in the end everything comes to rest",
      "it did",
      report.broken.join("; "),
    ),
    line(
      ails.length === 0,
      "Within a minute everything is healthy again",
      "it was",
      ails.join("; "),
    ),
  ];
}

/** What else is bound has a line only where it was measured. */
function speeds(record: DrillRecord): Line[] {
  const [first, ...others] = boundsOf(record.found.drill.bound);
  const were = others.filter(({ of }) => record.report[`${of}MsP99`] !== undefined);
  return [first!, ...were].map((bound) => speed(record, bound));
}

function speed({ report, found }: DrillRecord, { of, ms }: Limit): Line {
  const p99 = report[`${of}MsP99`];
  const isKept = p99 !== undefined && p99 < ms;
  const load =
    isKept || p99 === undefined ? "" : `; the load average before was ${report.loadBefore}`;
  return {
    promise: `On a machine that does nothing else, ${MEASURES[of] ?? of}: 99 of 100 in less than ${duration(ms)}`,
    found: `${spread(report, found.rounds, of)}${load}`,
    outcome: isKept ? "kept" : "beyond",
  };
}

export function line(isKept: boolean, promise: string, kept: string, broken: string): Line {
  return { promise, found: isKept ? kept : broken, outcome: isKept ? "kept" : "broken" };
}
