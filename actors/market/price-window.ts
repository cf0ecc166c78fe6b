/**
 * The lowest and highest trade of the last so many seconds, for a circuit breaker (rule book, 6.2): kept by slices of the
 * window, so that it is small and forgets a slice at a time.
 */
import type { ByteReader, ByteWriter } from "../kernel/bytes.js";
import type { StateHash } from "../kernel/hash.js";

const SLICES = 16;
const MICROSECONDS_PER_SECOND = 1_000_000;

interface Slice {
  /** Its time, in slices since 1970. */
  readonly at: number;
  lowest: number;
  highest: number;
}

export class PriceWindow {
  private slices: Slice[] = [];

  /** Takes note of a trade. `time` in microseconds never decreases. */
  note(price: number, time: number, windowSeconds: number): void {
    const at = sliceAt(time, windowSeconds);
    const last = this.slices[this.slices.length - 1];
    if (last?.at === at) {
      last.lowest = Math.min(last.lowest, price);
      last.highest = Math.max(last.highest, price);
      return;
    }
    this.slices.push({ at, lowest: price, highest: price });
    if (this.slices.length > SLICES) this.slices.shift();
  }

  /** `Infinity` when there was no trade within the window. */
  lowest(time: number, windowSeconds: number): number {
    const from = sliceAt(time, windowSeconds) - SLICES;
    let lowest = Infinity;
    for (const slice of this.slices) {
      if (slice.at > from) lowest = Math.min(lowest, slice.lowest);
    }
    return lowest;
  }

  /** 0 when there was no trade within the window. */
  highest(time: number, windowSeconds: number): number {
    const from = sliceAt(time, windowSeconds) - SLICES;
    let highest = 0;
    for (const slice of this.slices) {
      if (slice.at > from) highest = Math.max(highest, slice.highest);
    }
    return highest;
  }

  clear(): void {
    this.slices = [];
  }

  encode(writer: ByteWriter): void {
    writer.uint(this.slices.length);
    for (const { at, lowest, highest } of this.slices) writer.uint(at).uint(lowest).uint(highest);
  }

  decode(reader: ByteReader): void {
    const count = reader.uint();
    this.slices = [];
    for (let n = 0; n < count; n++) {
      this.slices.push({ at: reader.uint(), lowest: reader.uint(), highest: reader.uint() });
    }
  }

  addTo(hash: StateHash): void {
    for (const { at, lowest, highest } of this.slices) hash.add(at, lowest, highest);
  }
}

function sliceAt(time: number, windowSeconds: number): number {
  return Math.floor((time * SLICES) / (windowSeconds * MICROSECONDS_PER_SECOND));
}
