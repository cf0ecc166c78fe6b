/** The benchmarks by name. */
import { type AtRateOptions, type AtRateReport, runAtRate } from "./at-rate.js";
import { type E2eOptions, type E2eReport, runE2e } from "./e2e.js";
import { type FailoverOptions, type FailoverReport, runFailover } from "./failover.js";
import { type LedgerOptions, type LedgerReport, runLedger } from "./ledger.js";
import { type MatchOptions, type MatchReport, runMatch } from "./match.js";
import { type OverloadOptions, type OverloadReport, runOverload } from "./overload.js";
import { type QuietOptions, type QuietReport, runQuiet } from "./quiet.js";
import { runSoak, type SoakOptions, type SoakReport } from "./soak.js";
import { runSweep, type SweepKind, type SweepReport } from "./sweep.js";

/** Other ways to measure with `e2e`: not both. */
interface Ways {
  readonly sweep?: SweepKind;
  readonly rate?: number;
}

function runAnyE2e(options: E2eOptions & Ways): Promise<E2eReport | SweepReport | AtRateReport> {
  const { sweep, rate } = options;
  if (sweep !== undefined) return runSweep({ ...options, sweep });
  return rate === undefined ? runE2e(options) : runAtRate({ ...options, rate });
}

const BENCHES = {
  e2e: runAnyE2e,
  failover: runFailover,
  ledger: runLedger,
  match: runMatch,
  overload: runOverload,
  quiet: runQuiet,
  soak: runSoak,
} as const;

/** An unknown benchmark; the message lists those that there are. */
export class UnknownBenchError extends Error {
  override readonly name = "UnknownBenchError";
  readonly code = "UNKNOWN_BENCH";
  constructor(kind: string) {
    const known = Object.keys(BENCHES).join(", ");
    super(`UNKNOWN_BENCH: there is no benchmark ${JSON.stringify(kind)}. There are: ${known}`);
  }
}

export type BenchOptions = E2eOptions &
  Ways &
  FailoverOptions &
  LedgerOptions &
  MatchOptions &
  OverloadOptions &
  QuietOptions &
  SoakOptions;
/** What is measured of a whole exchange, with an audit. */
export type ExchangeReport =
  | E2eReport
  | AtRateReport
  | SweepReport
  | QuietReport
  | SoakReport
  | OverloadReport;
export type BenchReport = ExchangeReport | FailoverReport | LedgerReport | MatchReport;

/** Throws `UnknownBenchError`. */
export function assertKnown(kind: string): asserts kind is keyof typeof BENCHES {
  if (!Object.hasOwn(BENCHES, kind)) throw new UnknownBenchError(kind);
}

/** Runs a benchmark. Throws `UnknownBenchError`; rejects when it cannot be run to its end. */
export function runBench(kind: "e2e", options: AtRateOptions): Promise<AtRateReport>;
export function runBench(kind: "e2e", options?: E2eOptions): Promise<E2eReport>;
export function runBench(kind: "quiet", options?: QuietOptions): Promise<QuietReport>;
export function runBench(kind: "soak", options?: SoakOptions): Promise<SoakReport>;
export function runBench(kind: "failover", options?: FailoverOptions): Promise<FailoverReport>;
export function runBench(kind: "ledger", options?: LedgerOptions): Promise<LedgerReport>;
export function runBench(kind: "match", options?: MatchOptions): Promise<MatchReport>;
export function runBench(kind: "overload", options?: OverloadOptions): Promise<OverloadReport>;
export function runBench(kind: string, options?: BenchOptions): Promise<BenchReport>;
export async function runBench(kind: string, options: BenchOptions = {}): Promise<BenchReport> {
  assertKnown(kind);
  return BENCHES[kind](options);
}
