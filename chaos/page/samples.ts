/** What was measured over all rounds of a drill, in words that its number of measurements bears. */
import type { Figures } from "../report.js";
import { duration, tally } from "./scale.js";

type Rounds = readonly { readonly samples: Readonly<Record<string, readonly number[]>> }[];

/** Of fewer values the longest is all that is known of their last hundredth. */
const SAMPLES_FOR_HUNDREDTHS = 100;

export function sampleCount(rounds: Rounds, name: string): number {
  return rounds.reduce((sum, { samples }) => sum + (samples[name]?.length ?? 0), 0);
}

/** `figures` are those of `rounds` (`report.ts`). */
export function spread(figures: Figures, rounds: Rounds, name: string): string {
  const samples = sampleCount(rounds, name);
  const [median, p99, most] = [
    figures[`${name}MsP50`],
    figures[`${name}MsP99`],
    figures[`${name}MsMax`],
  ];
  if (median === undefined || p99 === undefined || most === undefined) {
    return "nothing was measured";
  }
  if (samples === 1) return `${duration(most)}, measured once`;
  if (samples < SAMPLES_FOR_HUNDREDTHS) {
    return `${tally(samples)} times: ${duration(most)} at most, half in ${duration(median)}`;
  }
  return `${tally(samples)} times: 99 of 100 in ${duration(p99)}, half in ${duration(median)}`;
}
