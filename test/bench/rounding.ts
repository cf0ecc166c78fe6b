/** How many digits of a number reports have. */

export function thousandths(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}

export function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}
