/** Drills at an exchange that lacks a safety: the one that is for it has to go red, or it would prove nothing elsewhere. */
import { CheckerError } from "./run-checker.js";
import { type DrillOptions, SEED, SURROUNDINGS } from "./drill.js";
import { drillOf } from "./drills/catalog.js";
import { CannotStrikeError, NotHealthyError, type Round } from "./drills/drill.js";
import { InterruptedError, unlessInterrupted } from "./interrupt.js";
import { type MutationName, MUTATIONS, nodeProgramWithout } from "./mutations/mutations.js";
import type { DrillReport } from "./report.js";
import { Session } from "./session.js";

export interface Sensitivity {
  readonly drill: string;
  readonly without: MutationName;
  readonly noticed: boolean;
  /** Rounds that were begun. */
  readonly rounds: number;
  /** What the drill counted, or what kept it from going on; empty when it noticed nothing. */
  readonly by: readonly string[];
}

/**
 * Strikes until the drill notices that a safety is missing: by a rule that is broken at any moment, by a round after which
 * not all is as it should be, or by what the judges say in the end. Throws `UnknownDrillError`; rejects when the exchange
 * does not even start.
 */
export async function runWithout(
  without: MutationName,
  name: string = MUTATIONS[without].drill,
  options: DrillOptions = {},
): Promise<Sensitivity> {
  const drill = drillOf(name);
  const { log = () => {}, seed = SEED, keep = false, signal } = options;
  const { rounds = MUTATIONS[without].rounds } = options;
  log(`without ${without}: ${MUTATIONS[without].about}`);
  const notices = MUTATIONS[without].drill;
  if (name !== notices) log(`${notices} is the drill that notices it; ${name} may be blind to it`);
  const surroundings = {
    ...SURROUNDINGS,
    ...drill.surroundings,
    ...MUTATIONS[without].surroundings,
    ...options,
  };
  const nodeProgram = nodeProgramWithout(without);
  const session = await Session.open({ ...surroundings, seed, log, nodeProgram });
  let begun = 0;
  const strikes = {
    ...drill,
    round: (stage: typeof session.stage, number: number) => drill.round(stage, (begun = number)),
  };
  try {
    // What breaks a rule that always holds makes the drill red: to wait until it is judged would say no more.
    const by = await unlessInterrupted(
      signal,
      new Promise<readonly string[]>((resolve, reject) => {
        const amount = { rounds, isEnough: isWrong, onBroken: (rule: string) => resolve([rule]) };
        session.run(strikes, amount).then(wrongIn, failureOf).then(resolve, reject);
      }),
    );
    return { drill: name, without, noticed: by.length > 0, rounds: begun, by };
  } finally {
    if (keep) log(`the logs are kept in ${session.keepLogs()}`);
    await session.close();
  }
}

const isWrong = ({ unhealed, staleCommits }: Round): boolean =>
  unhealed.length > 0 || staleCommits > 0;

const COUNTS = [
  "lost",
  "duplicated",
  "staleCommits",
  "gaps",
  "contradicted",
  "journalGaps",
  "mispriced",
  "booksRewritten",
  "unreported",
] as const;

/** What is wrong by a report; that the fault did not bite is nothing that a missing safety has done. */
function wrongIn(report: DrillReport): readonly string[] {
  const found = COUNTS.filter((of) => report[of] > 0).map((of) => `${of}: ${report[of]}`);
  if (!report.conserved) found.push("not conserved");
  const isOnlyToothless = found.length + report.broken.length === 0 && !report.bit;
  if (report.ok || isOnlyToothless) return found;
  return [...found, ...report.failures];
}

const NO_ANSWERS = [CannotStrikeError, NotHealthyError, InterruptedError, CheckerError];

/** An exchange that does not come back, or to rest, is found wrong, too; where nobody has judged, nothing is found. */
function failureOf(error: unknown): readonly string[] {
  const isNoAnswer = NO_ANSWERS.some((kind) => error instanceof kind);
  if (isNoAnswer) throw error;
  return [error instanceof Error ? error.message : String(error)];
}
