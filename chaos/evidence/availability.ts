/** The share of seconds in which each symbol has answered. */
import type { Beat } from "../stage/canary.js";

/** An answer that takes longer comes too late. */
const ANSWER_LIMIT_MS = 1_000;

export interface Availability {
  readonly symbol: string;
  /** Seconds in which it was asked, and those of them in which it answered within one. */
  readonly asked: number;
  readonly answered: number;
  /** The most seconds on end without such an answer. */
  readonly longestOutage: number;
}

export function isAnswered({ answerMs }: Beat): boolean {
  return answerMs !== null && answerMs <= ANSWER_LIMIT_MS;
}

/** By symbol, in the order in which they were asked first. */
export function availabilityOf(beats: readonly Beat[]): Availability[] {
  const bySymbol = new Map<string, Beat[]>();
  for (const beat of beats) {
    const before = bySymbol.get(beat.symbol);
    if (before) before.push(beat);
    else bySymbol.set(beat.symbol, [beat]);
  }
  return [...bySymbol].map(([symbol, its]) => ({
    symbol,
    asked: its.length,
    answered: its.filter(isAnswered).length,
    longestOutage: longestOutage(its),
  }));
}

function longestOutage(beats: readonly Beat[]): number {
  let longest = 0;
  let now = 0;
  for (const beat of beats) {
    now = isAnswered(beat) ? 0 : now + 1;
    longest = Math.max(longest, now);
  }
  return longest;
}
