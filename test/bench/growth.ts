/**
 * Whether a process's memory grows with what it has done. Only the second half of a run is judged, when code is compiled
 * and heaps have their size: the median of its first half against the median of its second.
 */

/** What a process may keep of a million orders for good, in MiB. */
export const GROWTH_LIMIT_MIB_PER_MILLION_ORDERS = 64;
/** What a heap may be larger or smaller by from one moment to the next: less is no growth, however few the orders were. */
export const NOISE_MIB = 48;
/** Fewer say nothing. */
const SAMPLES_MIN = 8;
const ORDERS_PER_MILLION = 1_000_000;

/** Memory after so many orders. */
export interface Sample {
  readonly orders: number;
  readonly mib: number;
}

export interface Growth {
  /** Between the medians of the third and of the last quarter. */
  readonly mib: number;
  readonly mibPerMillionOrders: number;
  readonly isTooMuch: boolean;
}

/** Null where there are too few samples. */
export function growthOf(samples: readonly Sample[]): Growth | null {
  if (samples.length < SAMPLES_MIN) return null;
  const half = samples.slice(Math.floor(samples.length / 2));
  const [third, last] = [half.slice(0, half.length / 2), half.slice(half.length / 2)].map(
    (part) => ({
      mib: median(part.map(({ mib }) => mib)),
      orders: median(part.map((s) => s.orders)),
    }),
  );
  const mib = last!.mib - third!.mib;
  const perOrder = mib / Math.max(1, last!.orders - third!.orders);
  const mibPerMillionOrders = perOrder * ORDERS_PER_MILLION;
  const isTooMuch = mib > NOISE_MIB && mibPerMillionOrders > GROWTH_LIMIT_MIB_PER_MILLION_ORDERS;
  return { mib: tenths(mib), mibPerMillionOrders: tenths(mibPerMillionOrders), isTooMuch };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}
