/** What a drill at a running exchange has proved, in words: as much of it as can be known from outside. */
import { liveDrillOf } from "../against/drills/catalog.js";
import type { LiveRecord } from "../against/record.js";
import type { LiveReport } from "../against/report.js";
import { spread } from "./samples.js";
import { duration, tally } from "./scale.js";
import { count, type Line, line, type Outcome } from "./verdict.js";

/** What the probe saw, by the name of the measure. */
const MEASURES: Readonly<Record<string, string>> = {
  gap: "between two words of a market",
  usualPause: "the same, in the second before the blow",
  accepted: "from an order to its answer",
  ended: "from an order to its end, which the probe asks for when it waits at its market",
  back: "from the cut to the end of an order that was sent later",
  caughtUp: "until who had not read has read all",
  emptied: "until a node led nothing",
  wishToLead: "from the wish until the wished node led",
};

const NOT_KNOWN = "the exchange could not be asked in the end";

/** The name of a measure, for people. */
export function measureName(of: string): string {
  return MEASURES[of] ?? of;
}

export function liveHeadline({ drill, report }: LiveRecord): string {
  const what = `${drill} at ${report.against}, ${roundsOf(report)}`;
  const { of, ms } = liveDrillOf(drill).bound;
  const most = report[`${of}MsMax`];
  const speed =
    most === undefined
      ? ""
      : `; ${measureName(of)} ${duration(most)} at most (bound ${duration(ms)})`;
  return `${what}: ${safety(report)}${speed}.`;
}

function roundsOf({ rounds, roundsAsked }: LiveReport): string {
  return rounds < roundsAsked
    ? `${rounds} of ${count(roundsAsked, "round")}`
    : count(rounds, "round");
}

/** The verdict in a few words, and how good it is. */
export function liveBadge(report: LiveReport): {
  readonly outcome: Outcome;
  readonly text: string;
} {
  const broken = (text: string) => ({ outcome: "broken" as const, text: `✗ ${text}` });
  if (report.lost === null) return broken("It could not be judged");
  if (wrongs(report).length > 0) return broken("A promise was broken");
  if (report.aborted !== null) return broken("It was ended early");
  if (!report.bit) return broken("Nothing is proved: it did not do what it is for");
  if (!report.ok) return broken("Not everything is as it should be");
  return report.withinBound
    ? { outcome: "kept", text: "✓ Every promise was kept" }
    : { outcome: "beyond", text: "✓ Safe, but slower than its bound" };
}

function safety(report: LiveReport): string {
  const wrong = wrongs(report);
  if (report.lost === null) {
    return ["what became of the probe's orders is not known", ...wrong].join(", ");
  }
  if (wrong.length > 0) return wrong.join(", ");
  if (report.aborted !== null) return "it was ended early, and nothing was wrong up to there";
  if (!report.bit) return "nothing was lost, but it did not do what it is for in every round";
  if (!report.ok) return "nothing was lost, but not everything is as it should be";
  return "of what the probe was told nothing was lost, doubled or left out";
}

function wrongs(report: LiveReport): string[] {
  const { lost, duplicated, gaps, contradicted, fills, conserved, unreported, undone } = report;
  return [
    lost && `${tally(lost)} lost`,
    duplicated && `${tally(duplicated)} doubled`,
    gaps && `${tally(gaps)} untold`,
    contradicted && `${tally(contradicted)} contradicted`,
    fills && `${tally(fills)} traded`,
    conserved === false && "its balances are not those of before",
    unreported > 0 && `${count(unreported, "order")} without an end`,
    !undone && "not all is known to be taken back",
  ].filter((text) => typeof text === "string");
}

export function liveLines(record: LiveRecord): Line[] {
  return [...judged(record), ...onTheWay(record.report), speed(record)];
}

function judged({ report, orders }: LiveRecord): Line[] {
  const accepted = orders.filter(({ answer }) => answer?.code === "OK").length;
  /** Null is not known, which keeps no promise. */
  const none = (number: number | null, promise: string, kept: string, broken: string): Line =>
    line(number === 0, promise, kept, number === null ? NOT_KNOWN : `${tally(number)} ${broken}`);
  return [
    none(
      report.lost,
      "Each order that was accepted is known, and has its one end",
      `${count(accepted, "order")} of the probe ${accepted === 1 ? "was" : "were"}`,
      "are not known, or have no end",
    ),
    none(
      report.duplicated,
      "Nothing happens twice: no id has two orders, no order two ends, and what is told again is the same",
      "nothing did",
      "happened twice",
    ),
    none(
      report.gaps,
      "The account is told everything, in order, without a gap, and may read it again",
      "no number is left out",
      "numbers were not told, or are not kept",
    ),
    none(report.contradicted, "What was refused is no order", "none is", "are"),
    none(
      report.fills,
      "The probe's orders wait beside the book, and trade with nobody",
      "none did",
      "did",
    ),
    line(
      report.conserved === true,
      "The probe's account has what it had, and nothing is held",
      "to the unit",
      report.conserved === null ? NOT_KNOWN : "its balances or holds are others",
    ),
  ];
}

function onTheWay(report: LiveReport): Line[] {
  return [
    line(
      report.bit,
      "It does what it is for in every round",
      `proved in ${count(report.rounds, "round")}`,
      report.rounds === 0 ? "no round was done" : `not in ${report.toothless} of ${report.rounds}`,
    ),
    line(
      report.undone,
      "What was done is taken back, by the exchange's own word",
      "it is",
      "not all of it is known to be",
    ),
    line(
      report.aborted === null,
      "Nothing has to end it early",
      "nothing had",
      report.aborted ?? "",
    ),
  ];
}

function speed({ drill, report, rounds }: LiveRecord): Line {
  const { of, ms } = liveDrillOf(drill).bound;
  return {
    promise: `Clients hardly notice: ${measureName(of)}, 99 of 100 in less than ${duration(ms)}`,
    found: spread(report, rounds, of),
    outcome: report.withinBound ? "kept" : "beyond",
  };
}
