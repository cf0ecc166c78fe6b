/** What a drill at a running exchange found: the same fields as a drill of its own has, and null for what cannot be known from outside. */
import { decodeSymbol } from "../../actors/kernel/ids.js";
import { boundText } from "../drills/drill.js";
import { type Figures, figures, isWithin } from "../report.js";
import type { LiveDrill, Plan } from "./drills/drill.js";
import type { ProbeOrder } from "./probe.js";
import type { Verdict } from "./verdict.js";

/** When a round was what, by the probe's clock. */
export interface RoundSpan {
  readonly begunMs: number;
  readonly struckMs: number;
  /** When what comes after it had been watched for long enough. */
  readonly untilMs: number;
}

export interface LiveRound {
  readonly plan: PlanText;
  readonly span: RoundSpan;
  readonly failures: readonly string[];
  readonly samples: Readonly<Record<string, readonly number[]>>;
  readonly summary: string;
}

export interface LiveReport extends Figures {
  readonly name: string;
  /** The gateway that it was run against. */
  readonly against: string;
  readonly rounds: number;
  /** So many rounds were asked for. */
  readonly roundsAsked: number;
  readonly bit: boolean;
  readonly withinBound: boolean;
  readonly bound: string;
  readonly lost: number | null;
  readonly duplicated: number | null;
  readonly staleCommits: null;
  /** Of the probe's account. */
  readonly conserved: boolean | null;
  readonly gaps: number | null;
  readonly contradicted: number | null;
  readonly journalGaps: null;
  readonly toothless: number;
  readonly orders: number;
  readonly fills: number | null;
  readonly fencedCommits: null;
  /** Orders that were sent again under their ids, as an answer was lost. */
  readonly unknownResolved: number;
  /** Orders without an end. */
  readonly unreported: number;
  /** Why it was ended before its time; null: it was not. */
  readonly aborted: string | null;
  /** Is everything taken back, by the exchange's own word? */
  readonly undone: boolean;
  readonly failures: readonly string[];
  readonly ok: boolean;
}

export interface LiveFindings {
  readonly drill: LiveDrill;
  readonly against: string;
  readonly rounds: readonly LiveRound[];
  readonly roundsAsked: number;
  /** The round in which it was ended, where that was in the midst of one; `untilMs` of it is when. */
  readonly unfinished: Pick<LiveRound, "plan" | "span"> | null;
  readonly orders: readonly ProbeOrder[];
  /** Null: the exchange could not be asked. */
  readonly verdict: Verdict | null;
  readonly aborted: string | null;
  /** Why something could not be taken back, where it could not. */
  readonly notUndone: readonly string[];
  readonly otherFailures: readonly string[];
}

export function liveReport(found: LiveFindings): LiveReport {
  const { drill, rounds, orders, verdict, aborted, notUndone } = found;
  const toothless = rounds.filter((round) => round.failures.length > 0).length;
  const unreported = orders.filter(isUnreported).length;
  const failures = [
    ...rounds.flatMap((round) => round.failures),
    ...refusals(orders),
    ...(verdict?.examples ?? []),
    ...notUndone,
    ...found.otherFailures,
  ];
  if (unreported > 0) failures.push(`${unreported} orders have no end`);
  const measured = figures(rounds);
  return {
    name: drill.name,
    against: found.against,
    rounds: rounds.length,
    roundsAsked: found.roundsAsked,
    bit: rounds.length > 0 && toothless === 0,
    withinBound: isWithin(measured, drill.bound),
    bound: boundText(drill.bound),
    ...measured,
    lost: verdict?.lost ?? null,
    duplicated: verdict?.duplicated ?? null,
    staleCommits: null,
    conserved: verdict?.conserved ?? null,
    gaps: verdict?.gaps ?? null,
    contradicted: verdict?.contradicted ?? null,
    journalGaps: null,
    toothless,
    orders: orders.length,
    fills: verdict?.fills ?? null,
    fencedCommits: null,
    unknownResolved: orders.filter(({ lostAnswers }) => lostAnswers > 0).length,
    unreported,
    aborted,
    undone: notUndone.length === 0,
    failures,
    ok: aborted === null && verdict !== null && failures.length === 0,
  };
}

function isUnreported({ answer, refusal, endedMs }: ProbeOrder): boolean {
  return refusal === null && (answer === null || answer.code === "OK") && endedMs === null;
}

/** A probe that is refused proves nothing: of each reason one is told. */
function refusals(orders: readonly ProbeOrder[]): string[] {
  const reasons = orders.flatMap(({ refusal, answer }) => {
    if (refusal !== null) return [refusal];
    return answer !== null && answer.code !== "OK" ? [`${answer.code}: ${answer.message}`] : [];
  });
  return [...new Set(reasons)].map((reason) => `an order of the probe was refused: ${reason}`);
}

/** A plan without its means, with names as people write them. */
export type PlanText = Omit<Plan, "strike" | "node">;

export function textOf({ actors, nodes, symbols, does, undone }: Plan): PlanText {
  return { actors: actors.map(decodeSymbol), nodes, symbols, does, undone };
}

export function planLines({ actors, nodes, symbols, does, undone }: PlanText): string[] {
  const all = (names: readonly string[], none: string): string =>
    names.length === 0 ? none : names.join(", ");
  return [
    `touches: ${all(actors, "no actor")}; ${all(nodes, "no node")}`,
    `the probe's orders are for: ${symbols.join(", ")}`,
    ...does.map((each, at) => `${at + 1}. ${each}`),
    ...undone.map((each, at) => `to undo ${at + 1}. ${each}`),
  ];
}
