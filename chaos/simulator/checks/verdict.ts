/** What the checks of a run have found. The first violation counts: what follows from it is of no interest. */

/**
 * The rules of the exchange; `live`: that everything works again once all faults have ended; and `again`: that two runs of one plan are
 * the same.
 */
export type Rule =
  | "R1"
  | "R2"
  | "R3"
  | "R4"
  | "R5"
  | "R6"
  | "R7"
  | "R8"
  | "R9"
  | "R10"
  | "R11"
  | "R12"
  | "R13"
  | "live"
  | "again";

export interface Violation {
  readonly rule: Rule;
  /** Virtual time in milliseconds: of what a run gives, since its plan began, as its faults have it. */
  readonly atMs: number;
  readonly message: string;
}

/** A verdict in a line. */
export function verdictText(violation: Violation | null): string {
  if (!violation) return "no rule is broken";
  return `${violation.atMs} ms: ${violation.rule}: ${violation.message}`;
}

const US_PER_MS = 1_000;

export class Verdict {
  violation: Violation | null = null;
  private readonly nowUs: () => number;

  constructor(nowUs: () => number) {
    this.nowUs = nowUs;
  }

  violate(rule: Rule, message: string): void {
    this.violation ??= { rule, atMs: this.nowUs() / US_PER_MS, message };
  }

  /** Notes a violation unless a condition holds; the message is made only then. Gives the condition. */
  expect(condition: boolean, rule: Rule, message: () => string): boolean {
    if (!condition) this.violate(rule, message());
    return condition;
  }
}
