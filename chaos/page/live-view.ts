/** What is drawn of a drill at a running exchange: its time, the seconds in which markets answered, and each round as it went. */
import { longestPause, type Pause } from "../against/pauses.js";
import type { ProbeOrder } from "../against/probe.js";
import type { LiveRecord } from "../against/record.js";
import type { LiveRound } from "../against/report.js";
import { isAnswered } from "../evidence/availability.js";
import type { Beat } from "../stage/canary.js";
import type { RoundView, Span } from "./round-view.js";

const MS_PER_SECOND = 1_000;

/** The rounds that were begun. */
export function roundsBegun({
  rounds,
  unfinished,
}: LiveRecord): readonly Pick<LiveRound, "plan" | "span">[] {
  return unfinished ? [...rounds, unfinished] : rounds;
}

/**
 * From the first order on, with those that only tried whether orders come back, to the end of the last round: none may have been
 * sent in it. Both are in the order of time.
 */
export function wholeSpan(record: LiveRecord): Span {
  const { orders } = record;
  const spans = roundsBegun(record).map(({ span }) => span);
  return {
    fromMs: Math.min(orders[0]?.sentMs ?? Infinity, spans[0]?.begunMs ?? Infinity),
    toMs: Math.max(orders.at(-1)?.sentMs ?? 0, spans.at(-1)?.untilMs ?? 0),
  };
}

/**
 * The seconds of the rounds, by symbol: the shortest time that an order took which was sent in it. Where none was sent, as one that
 * was sent before had no end all through it, nothing was answered; other seconds are not counted.
 */
export function beatsOf(record: LiveRecord): Beat[] {
  const spans = roundsBegun(record).map(({ span }) => span);
  const bySymbol = new Map<string, Map<number, number | null>>();
  let at = 0;
  for (const order of record.orders) {
    while (at < spans.length && order.sentMs >= spans[at]!.untilMs) at += 1;
    const span = spans[at];
    if (!span || order.sentMs < span.begunMs) continue;
    const seconds = bySymbol.get(order.symbol) ?? new Map<number, number | null>();
    bySymbol.set(order.symbol, seconds);
    const sentIn = Math.floor((order.sentMs - span.begunMs) / MS_PER_SECOND);
    const second = span.begunMs + sentIn * MS_PER_SECOND;
    const tookMs = order.endedMs === null ? null : order.endedMs - order.sentMs;
    seconds.set(second, shorter(seconds.get(second) ?? null, tookMs));
    const openUntilMs = Math.min(openUntil(order), span.untilMs);
    for (let next = second + MS_PER_SECOND; next + MS_PER_SECOND <= openUntilMs; ) {
      if (!seconds.has(next)) seconds.set(next, null);
      next += MS_PER_SECOND;
    }
  }
  return [...bySymbol].flatMap(([symbol, seconds]) =>
    [...seconds]
      .toSorted(([a], [b]) => a - b)
      .map(([atMs, answerMs]) => ({ symbol, atMs, answerMs })),
  );
}

/** An order that was refused never was. */
function openUntil({ endedMs, refusal, answer }: ProbeOrder): number {
  if (refusal !== null || (answer !== null && answer.code !== "OK")) return 0;
  return endedMs ?? Infinity;
}

function shorter(one: number | null, other: number | null): number | null {
  if (one === null || other === null) return one ?? other;
  return Math.min(one, other);
}

/** A round, from its beginning until what comes after it had been watched; what is drawn as its fault is all that follows the blow. */
export function liveRoundView(
  record: LiveRecord,
  number: number,
  beats: readonly Beat[],
): RoundView {
  const { plan, span } = roundsBegun(record)[number - 1]!;
  const shown = { fromMs: span.begunMs, toMs: span.untilMs };
  const isStruck = span.struckMs <= span.untilMs;
  const struck = { fromMs: span.struckMs, toMs: span.untilMs };
  const within = beats.filter(({ atMs }) => atMs >= shown.fromMs && atMs < shown.toMs);
  return {
    number,
    events: isStruck ? [{ kind: "struck", round: number, atMs: span.struckMs, what: "" }] : [],
    shown,
    zeroMs: isStruck ? span.struckMs : span.begunMs,
    faults: isStruck ? [{ ...struck, of: "struck" }] : [],
    gap: isStruck ? longestOf(record, plan.symbols, struck) : null,
    stoodStill: null,
    actors: [],
    unmoved: 0,
    symbols: plan.symbols.map((symbol) => ({
      symbol,
      beats: within
        .filter((beat) => beat.symbol === symbol)
        .map((beat) => ({ ...beat, isAnswered: isAnswered(beat) })),
    })),
  };
}

/** Null: when markets were heard of is not known. */
function longestOf(
  { heard }: LiveRecord,
  symbols: readonly string[],
  { fromMs, toMs }: Span,
): Pause | null {
  if (!heard) return null;
  const momentsOf = new Map(heard);
  const lengthOf = (pause: Pause) => pause.toMs - pause.fromMs;
  const [longest] = symbols
    .map((symbol) => longestPause(momentsOf.get(symbol) ?? [], fromMs, toMs))
    .toSorted((a, b) => lengthOf(b) - lengthOf(a));
  return longest ?? null;
}
