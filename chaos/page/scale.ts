/** Axes: where a value is drawn, and which values have a mark. */

export interface Scale {
  at(value: number): number;
  readonly ticks: readonly number[];
}

/** What marks are multiples of, times a power of ten. */
const TICK_STEPS = [1, 2, 5] as const;

/** Straight, with round marks that are at least `apart` pixels from each other. */
export function linear(
  [from, to]: readonly [number, number],
  [left, right]: readonly [number, number],
  apart: number,
): Scale {
  const span = Math.max(to - from, Number.EPSILON);
  const at = (value: number) => left + ((value - from) / span) * (right - left);
  const step = roundUp((span * apart) / Math.abs(right - left));
  const first = Math.ceil(from / step);
  const count = Math.floor(to / step) - first + 1;
  const ticks = Array.from({ length: Math.max(0, count) }, (_, n) => rounded((first + n) * step));
  return { at, ticks };
}

/** The next round number that is not below it. */
export function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * (TICK_STEPS.find((each) => each * power >= value) ?? 10);
}

/** By powers of ten; both ends are above zero. */
export function logarithmic(
  [from, to]: readonly [number, number],
  [bottom, top]: readonly [number, number],
): Scale {
  const [low, high] = [Math.floor(Math.log10(from)), Math.ceil(Math.log10(to))];
  const powers = Math.max(1, high - low);
  const at = (value: number) =>
    bottom + ((Math.log10(Math.max(value, 10 ** low)) - low) / powers) * (top - bottom);
  const ticks = Array.from({ length: powers + 1 }, (_, n) => rounded(10 ** (low + n)));
  return { at, ticks };
}

function rounded(value: number): number {
  return Number(value.toPrecision(12));
}

/** A count for people: 2,139. */
export function tally(count: number): string {
  return count.toLocaleString("en");
}

/** A length of time for people. */
export function duration(milliseconds: number): string {
  const size = Math.abs(milliseconds);
  if (size < 10) return `${Number(milliseconds.toFixed(1))} ms`;
  if (size < 1_000) return `${Math.round(milliseconds)} ms`;
  if (size < 100_000) return `${Number((milliseconds / 1_000).toFixed(size < 10_000 ? 2 : 1))} s`;
  return `${tally(Math.round(milliseconds / 1_000))} s`;
}

/** Two decimals of a place in a drawing are enough. */
export function place(value: number): number {
  return Math.round(value * 100) / 100;
}
