/** How long orders took, as reports have it: in milliseconds, from histograms of three significant digits. */
import type { Latencies } from "../../services/participants/latencies.js";
import { hundredths } from "./rounding.js";

export interface Waits {
  /** Of those that were accepted; null: none was. */
  readonly acceptMsP50: number | null;
  readonly acceptMsP90: number | null;
  readonly acceptMsP99: number | null;
  readonly acceptMsP999: number | null;
  readonly acceptMsMax: number | null;
  /** Within so long 99 % of all that were sent were accepted; null: fewer were at all. */
  readonly accepted99PercentMs: number | null;
  /** Of the crossing orders that traded; null: none did. */
  readonly fillMsP50: number | null;
  readonly fillMsP90: number | null;
  readonly fillMsP99: number | null;
  readonly fillMsP999: number | null;
  readonly fillMsMax: number | null;
}

/** `sent`: how many orders there were whose latencies count, if they have any. */
export function waitsOf(accepted: Latencies, filled: Latencies, sent: number): Waits {
  return {
    acceptMsP50: percentile(accepted, 50),
    acceptMsP90: percentile(accepted, 90),
    acceptMsP99: percentile(accepted, 99),
    acceptMsP999: percentile(accepted, 99.9),
    acceptMsMax: percentile(accepted, 100),
    accepted99PercentMs: percentile(accepted, 99, sent),
    fillMsP50: percentile(filled, 50),
    fillMsP90: percentile(filled, 90),
    fillMsP99: percentile(filled, 99),
    fillMsP999: percentile(filled, 99.9),
    fillMsMax: percentile(filled, 100),
  };
}

/** Null where it is not known. */
export function percentile(
  latencies: Latencies,
  percent: number,
  among = latencies.count,
): number | null {
  const ms = latencies.percentileAmong(among, percent);
  return ms === null ? null : hundredths(ms);
}
