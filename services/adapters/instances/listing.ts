/**
 * A list of actors of which each instance has some: all are asked at once, and of one that does not answer the list has what it said
 * last, so that nobody waits for it.
 */

/** An instance that takes longer is lost, until it answers. */
const ANSWER_WITHIN_MS = 700;

export class Listing<T> {
  private readonly parts: readonly Part<T>[];

  constructor(instances: number, numberOf: (row: T) => number) {
    this.parts = Array.from({ length: instances }, () => new Part(numberOf));
  }

  /** What each instance has. Rejects when none answers. */
  async read(ask: (instance: number) => Promise<readonly T[]>): Promise<(readonly T[])[]> {
    await Promise.all(this.parts.map((part, instance) => part.ask(() => ask(instance))));
    if (this.parts.every(({ isLost }) => isLost)) throw this.parts[0]!.problem;
    return this.parts.map((part) => part.rows);
  }

  isLost(instance: number): boolean {
    return this.parts[instance]!.isLost;
  }
}

class Part<T> {
  isLost = false;
  problem: unknown = new Error("no PostgreSQL instance answers");
  private readonly numberOf: (row: T) => number;
  private readonly known = new Map<number, T>();
  private waiting = 0;

  constructor(numberOf: (row: T) => number) {
    this.numberOf = numberOf;
  }

  get rows(): T[] {
    return [...this.known.values()];
  }

  /** Resolves when there is an answer, or it takes too long. */
  async ask(question: () => Promise<readonly T[]>): Promise<void> {
    // One question is enough to learn that it is back.
    if (this.isLost && this.waiting > 0) return;
    this.waiting += 1;
    const answered = question()
      .then(
        (rows) => {
          for (const row of rows) this.known.set(this.numberOf(row), row);
          this.isLost = false;
        },
        (error: unknown) => {
          this.problem = error;
          this.isLost = true;
        },
      )
      .finally(() => {
        this.waiting -= 1;
      });
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        this.isLost = true;
        resolve();
      }, ANSWER_WITHIN_MS);
    });
    await Promise.race([answered, tooLong]);
    clearTimeout(timer);
  }
}
