/** What a round's drawing shows: the part of its time in which something happened, and what each lane has then. */
import { isAnswered } from "../evidence/availability.js";
import type { DrillRecord } from "../evidence/record.js";
import type { Beat } from "../stage/canary.js";
import type { TimelineEvent, TimelineKind } from "../stage/timeline.js";

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A node leads an actor; a node of null: nobody did, for another was claiming it. */
export interface Reign extends Span {
  readonly node: string | null;
  readonly token: number;
}

/** `of`: which of several; empty: there is one. */
export interface FaultLane extends Span {
  readonly of: string;
}

export interface ActorLane {
  readonly actor: string;
  readonly reigns: readonly Reign[];
}

export interface SymbolLane {
  readonly symbol: string;
  readonly beats: readonly (Beat & { readonly isAnswered: boolean })[];
}

export interface RoundView {
  readonly number: number;
  readonly events: readonly TimelineEvent[];
  /** What is shown, in milliseconds since the drill began. */
  readonly shown: Span;
  /** From where it is counted: the first blow, or the round's beginning. */
  readonly zeroMs: number;
  /** While each fault lasts; what moves actors, and is no fault, until it is proved. */
  readonly faults: readonly FaultLane[];
  /** From the blow until clients traded, or while the actor that stood still for longest applied nothing. */
  readonly gap: Span | null;
  readonly stoodStill: string | null;
  readonly actors: readonly ActorLane[];
  /** Actors whose leader stayed. */
  readonly unmoved: number;
  readonly symbols: readonly SymbolLane[];
}

const PADDING_SHARE = 0.08;
const PADDING_MS_MIN = 400;

export function roundView(record: DrillRecord, number: number): RoundView {
  const events = record.timeline
    .filter(({ round }) => round === number)
    .sort((a, b) => a.atMs - b.atMs);
  const find = (kind: TimelineKind) => events.find((event) => event.kind === kind);
  const at = (kind: TimelineKind) => find(kind)?.atMs;
  const began = at("began") ?? 0;
  const whole = at("whole") ?? record.lengthMs;
  const shown = shownOf(record, events, { fromMs: began, toMs: whole });
  const struck = at("struck");
  const lanes = record.firstLeaders.map(({ actor }) => ({
    actor,
    reigns: reignsOf(record, actor),
  }));
  const cut = lanes.map(({ actor, reigns }) => ({
    actor,
    reigns: reigns.map((reign) => ({ ...reign, ...within(reign, shown) })).filter(isSome),
  }));
  const moved = cut.filter(({ reigns }) => reigns.length > 1);
  return {
    number,
    events,
    shown,
    zeroMs: struck ?? began,
    faults: faultsOf(events),
    gap: spanOf(at("still"), at("again")) ?? spanOf(struck, at("resumed")),
    stoodStill: find("still")?.what ?? null,
    actors: moved,
    unmoved: cut.length - moved.length,
    symbols: symbolsOf(record.beats, shown),
  };
}

function faultsOf(events: readonly TimelineEvent[]): FaultLane[] {
  return events
    .filter(({ kind }) => kind === "struck")
    .flatMap(({ atMs, of }) => {
      const end = (kind: TimelineKind) =>
        events.find((event) => event.kind === kind && event.of === of && event.atMs >= atMs);
      const span = spanOf(atMs, (end("healed") ?? end("bitten"))?.atMs);
      return span ? [{ ...span, of: of ?? "" }] : [];
    });
}

/** From before the first thing that happened until after the last; the rest is waiting. */
function shownOf(record: DrillRecord, events: readonly TimelineEvent[], round: Span): Span {
  const isIn = (atMs: number) => atMs >= round.fromMs && atMs <= round.toMs;
  const moments = [
    ...events.filter(({ kind }) => kind !== "began" && kind !== "whole").map(({ atMs }) => atMs),
    ...record.leaderChanges.flatMap(({ claimedAtMs, atMs }) => [claimedAtMs, atMs]).filter(isIn),
  ];
  if (moments.length === 0) return round;
  const [first, last] = [Math.min(...moments), Math.max(...moments)];
  const padding = Math.max(PADDING_MS_MIN, (last - first) * PADDING_SHARE);
  return { fromMs: first - padding, toMs: last + padding };
}

function spanOf(fromMs: number | undefined, toMs: number | undefined): Span | null {
  return fromMs === undefined || toMs === undefined ? null : { fromMs, toMs };
}

function within(span: Span, { fromMs, toMs }: Span): Span {
  return { fromMs: Math.max(span.fromMs, fromMs), toMs: Math.min(span.toMs, toMs) };
}

const isSome = ({ fromMs, toMs }: Span): boolean => toMs > fromMs;

/** Who led an actor from the drill's beginning to its end. */
function reignsOf(record: DrillRecord, actor: string): Reign[] {
  const first = record.firstLeaders.find((leader) => leader.actor === actor);
  const reigns: Reign[] = [];
  let now = {
    node: first?.node ?? null,
    token: first?.token ?? 0,
    fromMs: Number.NEGATIVE_INFINITY,
  };
  for (const change of record.leaderChanges.filter((each) => each.actor === actor)) {
    const { node, token, claimedAtMs, atMs } = change;
    reigns.push(
      { ...now, toMs: claimedAtMs },
      { node: null, token, fromMs: claimedAtMs, toMs: atMs },
    );
    now = { node, token, fromMs: atMs };
  }
  reigns.push({ ...now, toMs: Number.POSITIVE_INFINITY });
  return reigns;
}

function symbolsOf(beats: readonly Beat[], { fromMs, toMs }: Span): SymbolLane[] {
  const symbols = [...new Set(beats.map(({ symbol }) => symbol))].sort();
  return symbols.map((symbol) => ({
    symbol,
    beats: beats
      .filter((beat) => beat.symbol === symbol && beat.atMs >= fromMs && beat.atMs <= toMs)
      .map((beat) => ({ ...beat, isAnswered: isAnswered(beat) })),
  }));
}
