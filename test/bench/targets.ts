/** What a benchmark is to reach, and what it did. A target that is missed is said, and is no failure: machines differ. */

export interface Target {
  readonly name: string;
  /** Like "at least 50000". */
  readonly wanted: string;
  /** Null: it could not be measured. */
  readonly reached: number | null;
  readonly met: boolean;
}

export function atLeast(name: string, wanted: number, reached: number | null): Target {
  const met = reached !== null && reached >= wanted;
  return { name, wanted: `at least ${wanted}`, reached, met };
}

export function atMost(name: string, wanted: number, reached: number | null): Target {
  const met = reached !== null && reached <= wanted;
  return { name, wanted: `at most ${wanted}`, reached, met };
}

export function below(name: string, wanted: number, reached: number | null): Target {
  const met = reached !== null && reached < wanted;
  return { name, wanted: `below ${wanted}`, reached, met };
}
