/** A table that a person reads. */

/** Rows of cells; the first row is its head. */
export interface Table {
  readonly title: string;
  readonly rows: readonly (readonly (string | number)[])[];
}

/** What is not known. */
export const UNKNOWN = "-";
export const TRIED = "tried in short: no number of it means anything";

/** What all processes have together. */
export function sumOf(parts: Readonly<Record<string, number>>): number {
  return Object.values(parts).reduce((sum, part) => sum + part, 0);
}
