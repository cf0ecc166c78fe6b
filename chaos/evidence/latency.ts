/** How long clients waited for the first answer to an order, and for its first fill, over the time of a drill. */

/** As short as it takes to have at most `BUCKETS_MAX` of them. */
const BUCKET_MS = [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000] as const;
const BUCKETS_MAX = 400;
const TENTHS = 10;
const MEDIAN = 0.5;

/** Orders that were sent within one span of time; in milliseconds, null where there is none. */
export interface LatencyBucket {
  /** Where it begins, since the drill began. */
  readonly atMs: number;
  readonly sent: number;
  readonly answered: number;
  readonly answerP50: number | null;
  readonly answerMax: number | null;
  /** Of orders that cross: whoever rests waits for somebody to come. */
  readonly fillP50: number | null;
  readonly fillMax: number | null;
}

export interface LatencySeries {
  readonly bucketMs: number;
  readonly buckets: readonly LatencyBucket[];
}

/** What became of one order; in milliseconds. */
export interface Waited {
  readonly sentMs: number;
  readonly answerMs: number | null;
  readonly fillMs: number | null;
}

/** `lengthMs`: of the drill. What was sent before or after it is left out. */
export function latencySeries(orders: readonly Waited[], lengthMs: number): LatencySeries {
  const bucketMs =
    BUCKET_MS.find((width) => lengthMs / width <= BUCKETS_MAX) ?? Math.ceil(lengthMs / BUCKETS_MAX);
  const buckets: Waited[][] = Array.from({ length: Math.ceil(lengthMs / bucketMs) }, () => []);
  for (const order of orders) buckets[Math.floor(order.sentMs / bucketMs)]?.push(order);
  return { bucketMs, buckets: buckets.map((its, at) => bucketOf(its, at * bucketMs)) };
}

function bucketOf(orders: readonly Waited[], atMs: number): LatencyBucket {
  const answers = sortedValues(orders.map(({ answerMs }) => answerMs));
  const fills = sortedValues(orders.map(({ fillMs }) => fillMs));
  return {
    atMs,
    sent: orders.length,
    answered: answers.length,
    answerP50: part(answers, MEDIAN),
    answerMax: part(answers, 1),
    fillP50: part(fills, MEDIAN),
    fillMax: part(fills, 1),
  };
}

function sortedValues(values: readonly (number | null)[]): number[] {
  return values.filter((value) => value !== null).sort((a, b) => a - b);
}

/** The smallest value that so large a part does not exceed; null where there is none. */
function part(sorted: readonly number[], share: number): number | null {
  const value = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
  return value === undefined ? null : Math.round(value * TENTHS) / TENTHS;
}
