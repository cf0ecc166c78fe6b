/**
 * Whether a process's memory grows with what it has done. Only the second half of a run is judged, when code is compiled
 * and heaps have their size. It is cut into parts; a line is laid through the parts' medians, which a collector's saw does
 * not move much, and how far they lie from it says how much its slope is worth.
 */
import { median } from "./median.js";

/** What a process may keep of a million orders for good, in MiB. */
export const GROWTH_LIMIT_MIB_PER_MILLION_ORDERS = 8;
/** The slope is believed to lie within so many of its standard errors: nineteen times of twenty, of so few parts. */
const STANDARD_ERRORS = 2.45;
const PARTS = 8;
const SAMPLES_PER_PART_MIN = 3;
/** Of the half that is judged. What fewer orders leave is less than a heap swings by. */
export const JUDGED_ORDERS_MIN = 500_000;
const ORDERS_PER_MILLION = 1_000_000;

/** Memory after so many orders. */
export interface Sample {
  readonly orders: number;
  readonly mib: number;
}

/**
 * `unknown`: the heap swings too much, or the orders were too few, to tell. `fills`: it grows, and holds no more yet than what
 * it is known to fill up with.
 */
export type GrowthVerdict = "flat" | "fills" | "grows" | "unknown";

export interface Growth {
  readonly mibPerMillionOrders: number;
  /** The slope may be so much more, or less. */
  readonly uncertainty: number;
  readonly verdict: GrowthVerdict;
}

/** `fillsUpToMib`: what the process holds when its caches are full, where they may take longer than a run. Null where there are too few samples. */
export function growthOf(samples: readonly Sample[], fillsUpToMib = 0): Growth | null {
  const half = samples.slice(Math.floor(samples.length / 2));
  if (half.length < PARTS * SAMPLES_PER_PART_MIN) return null;
  const medians = partsOf(half).map((part) => ({
    orders: median(part.map(({ orders }) => orders)),
    mib: median(part.map(({ mib }) => mib)),
  }));
  const { slope, error } = lineThrough(medians);
  const mibPerMillionOrders = slope * ORDERS_PER_MILLION;
  const uncertainty = STANDARD_ERRORS * error * ORDERS_PER_MILLION;
  const orders = half.at(-1)!.orders - half[0]!.orders;
  const verdict = verdictOf(mibPerMillionOrders, uncertainty, orders);
  const isFilling = verdict === "grows" && medians.at(-1)!.mib <= fillsUpToMib;
  return {
    mibPerMillionOrders: tenths(mibPerMillionOrders),
    uncertainty: tenths(uncertainty),
    verdict: isFilling ? "fills" : verdict,
  };
}

function verdictOf(slope: number, uncertainty: number, orders: number): GrowthVerdict {
  if (orders < JUDGED_ORDERS_MIN) return "unknown";
  if (slope - uncertainty > GROWTH_LIMIT_MIB_PER_MILLION_ORDERS) return "grows";
  return slope + uncertainty <= GROWTH_LIMIT_MIB_PER_MILLION_ORDERS ? "flat" : "unknown";
}

function partsOf(samples: readonly Sample[]): Sample[][] {
  return Array.from({ length: PARTS }, (_, part) =>
    samples.slice((samples.length * part) / PARTS, (samples.length * (part + 1)) / PARTS),
  );
}

/** By least squares; `error` is the slope's standard error. */
function lineThrough(points: readonly Sample[]): { slope: number; error: number } {
  const count = points.length;
  const mean = (of: keyof Sample) => points.reduce((sum, point) => sum + point[of], 0) / count;
  const [middle, level] = [mean("orders"), mean("mib")];
  let spread = 0;
  let common = 0;
  for (const { orders, mib } of points) {
    spread += (orders - middle) ** 2;
    common += (orders - middle) * (mib - level);
  }
  if (spread === 0) return { slope: 0, error: 0 };
  const slope = common / spread;
  let rest = 0;
  for (const { orders, mib } of points) rest += (mib - level - slope * (orders - middle)) ** 2;
  return { slope, error: Math.sqrt(rest / (count - 2) / spread) };
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}
