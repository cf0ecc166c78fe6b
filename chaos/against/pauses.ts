/** How long a market said nothing to a probe. Times are by the probe's clock, in milliseconds. */
import type { RoundSpan } from "./report.js";

/** Of each symbol, when its market was heard of. */
export type Heard = ReadonlyMap<string, readonly number[]>;

export interface Pause {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The longest time between two moments of a span, its ends counted. */
export function longestPause(momentsMs: readonly number[], fromMs: number, toMs: number): Pause {
  let longest: Pause = { fromMs, toMs: fromMs };
  let lastMs = fromMs;
  for (const nextMs of [...momentsMs.filter((each) => each > fromMs && each < toMs), toMs]) {
    if (nextMs - lastMs > longest.toMs - longest.fromMs) longest = { fromMs: lastMs, toMs: nextMs };
    lastMs = nextMs;
  }
  return longest;
}

/** What a round measures of each symbol: since the blow, and what is usual before it. */
export function pausesOf(symbols: readonly string[], span: RoundSpan, heard: Heard) {
  const pauses = (fromMs: number, toMs: number) =>
    symbols.map((symbol) => {
      const pause = longestPause(heard.get(symbol) ?? [], fromMs, toMs);
      return pause.toMs - pause.fromMs;
    });
  return {
    gap: pauses(span.struckMs, span.untilMs),
    usualPause: pauses(span.begunMs, span.struckMs),
  };
}
