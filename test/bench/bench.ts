/** The benchmarks by name. */
import { type E2eOptions, type E2eReport, runE2e } from "./e2e.js";
import { type FailoverOptions, type FailoverReport, runFailover } from "./failover.js";
import { type LedgerOptions, type LedgerReport, runLedger } from "./ledger.js";
import { type MatchOptions, type MatchReport, runMatch } from "./match.js";
import { type OverloadOptions, type OverloadReport, runOverload } from "./overload.js";
import { type QuietOptions, type QuietReport, runQuiet } from "./quiet.js";
import { runSoak, type SoakOptions, type SoakReport } from "./soak.js";
import { runSweep, type SweepKind, type SweepReport } from "./sweep.js";

interface Sweeping {
  readonly sweep?: SweepKind;
}

function runE2eOrSweep(options: E2eOptions & Sweeping): Promise<E2eReport | SweepReport> {
  const { sweep } = options;
  return sweep === undefined ? runE2e(options) : runSweep({ ...options, sweep });
}

const BENCHES = {
  e2e: runE2eOrSweep,
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
  Sweeping &
  FailoverOptions &
  LedgerOptions &
  MatchOptions &
  OverloadOptions &
  QuietOptions &
  SoakOptions;
/** What is measured of a whole exchange, with an audit. */
export type ExchangeReport = E2eReport | SweepReport | QuietReport | SoakReport | OverloadReport;
export type BenchReport = ExchangeReport | FailoverReport | LedgerReport | MatchReport;

/** Throws `UnknownBenchError`. */
export function assertKnown(kind: string): asserts kind is keyof typeof BENCHES {
  if (!Object.hasOwn(BENCHES, kind)) throw new UnknownBenchError(kind);
}

/** Runs a benchmark. Throws `UnknownBenchError`; rejects when it cannot be run to its end. */
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
