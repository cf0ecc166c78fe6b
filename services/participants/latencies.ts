/** Latencies in an HDR histogram: microseconds, three significant digits, mergeable between processes. */
import * as hdr from "hdr-histogram-js";

const MICROSECONDS_PER_MS = 1_000;
const PERCENT = 100;
const HIGHEST_US = 10 * 60 * 1_000_000;

export class Latencies {
  private readonly histogram: hdr.Histogram;

  constructor(encoded?: string) {
    this.histogram = encoded
      ? hdr.decodeFromCompressedBase64(encoded)
      : hdr.build({
          bitBucketSize: 64,
          lowestDiscernibleValue: 1,
          highestTrackableValue: HIGHEST_US,
          numberOfSignificantValueDigits: 3,
        });
  }

  get count(): number {
    return this.histogram.totalCount;
  }

  record(milliseconds: number): void {
    const microseconds = Math.round(milliseconds * MICROSECONDS_PER_MS);
    this.histogram.recordValue(Math.min(Math.max(microseconds, 1), HIGHEST_US));
  }

  add(other: Latencies): void {
    this.histogram.add(other.histogram);
  }

  /** What was recorded since the last time: from now on it begins anew. */
  take(): Latencies {
    const taken = new Latencies();
    taken.add(this);
    this.histogram.reset();
    return taken;
  }

  /** In milliseconds; 0 where nothing was recorded. */
  percentile(percent: number): number {
    return this.histogram.getValueAtPercentile(percent) / MICROSECONDS_PER_MS;
  }

  /** Of so many, of which those without a latency took longer than any; null: it is one of these. */
  percentileAmong(count: number, percent: number): number | null {
    // To multiply and divide by the same number may lose so little that it is another order.
    if (count === this.count && count > 0) return this.percentile(percent);
    const ofRecorded = (percent * count) / this.count;
    return this.count === 0 || ofRecorded > PERCENT ? null : this.percentile(ofRecorded);
  }

  get maximum(): number {
    return this.count === 0 ? 0 : this.histogram.maxValue / MICROSECONDS_PER_MS;
  }

  encode(): string {
    return hdr.encodeIntoCompressedBase64(this.histogram);
  }
}
