/**
 * What a drill has done and has to take back. Each step is noted before it is done, so that whatever ends the drill finds
 * it here; and none is crossed off before somebody has looked whether it is taken back.
 */
import { isSoWithin } from "../stage/patience.js";

/** So long it is tried to take a step back, and looked whether it is. */
const TRY_MS_MAX = 30_000;

export interface UndoStep {
  /** What is so as long as it is not taken back. */
  readonly what: string;
  /** The command by which a person takes it back. */
  readonly byHand: string;
  /** May be asked for more than once. */
  undo(): Promise<void>;
  /** The exchange's own word for it. */
  isUndone(): Promise<boolean>;
}

export class Undo {
  private readonly steps: UndoStep[] = [];
  private noted = 0;
  private readonly log: (line: string) => void;
  private readonly tryMs: number;

  constructor(log: (line: string) => void, tryMs: number = TRY_MS_MAX) {
    this.log = log;
    this.tryMs = tryMs;
  }

  /** Whoever kills this process has to take back by hand what was told last. */
  note(step: UndoStep): void {
    this.log(
      `from now on: ${step.what}; by hand it is taken back by: ${step.byHand} (of several the last first)`,
    );
    this.steps.push(step);
    this.noted += 1;
  }

  /** Was nothing ever noted? Then nothing was done. */
  get isUnused(): boolean {
    return this.noted === 0;
  }

  /** What is not taken back yet, the last first: in this order it should be. */
  get left(): readonly UndoStep[] {
    return this.steps.toReversed();
  }

  /** How many steps there are now: `run` with it takes back what comes after. */
  get mark(): number {
    return this.steps.length;
  }

  /** Takes back what was noted after the mark, the last first. Gives why it could not, where it could not. */
  async run(mark = 0): Promise<string[]> {
    const failures: string[] = [];
    for (const step of this.left.slice(0, this.steps.length - mark)) {
      const failure = await this.take(step);
      if (failure === null) {
        this.steps.splice(this.steps.indexOf(step), 1);
        this.log(`undone: ${step.what}`);
      } else {
        failures.push(`NOT_UNDONE: ${step.what} (${failure}); by hand: ${step.byHand}`);
      }
    }
    return failures;
  }

  /** Tried again and again: who could not be reached now may be back soon. Gives why it could not be done. */
  private async take(step: UndoStep): Promise<string | null> {
    let failure = `it is still so after ${this.tryMs} ms`;
    let isAsked = false;
    const isUndone = await isSoWithin(this.tryMs, async () => {
      try {
        if (!isAsked) await step.undo();
        isAsked = true;
        return await step.isUndone();
      } catch (error) {
        failure = (error as Error).message;
        return false;
      }
    });
    return isUndone ? null : failure;
  }
}
