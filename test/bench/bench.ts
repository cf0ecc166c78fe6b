/** The benchmarks by name. */
import { type E2eOptions, type E2eReport, runE2e } from "./e2e.js";
import { type FailoverOptions, type FailoverReport, runFailover } from "./failover.js";
import { type LedgerOptions, type LedgerReport, runLedger } from "./ledger.js";
import { type MatchOptions, type MatchReport, runMatch } from "./match.js";

const BENCHES = {
  e2e: runE2e,
  failover: runFailover,
  ledger: runLedger,
  match: runMatch,
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

type BenchOptions = E2eOptions & FailoverOptions & LedgerOptions & MatchOptions;
type BenchReport = E2eReport | FailoverReport | LedgerReport | MatchReport;

/** Runs a benchmark. Throws `UnknownBenchError`; rejects when it cannot be run to its end. */
export function runBench(kind: "e2e", options?: E2eOptions): Promise<E2eReport>;
export function runBench(kind: "failover", options?: FailoverOptions): Promise<FailoverReport>;
export function runBench(kind: "ledger", options?: LedgerOptions): Promise<LedgerReport>;
export function runBench(kind: "match", options?: MatchOptions): Promise<MatchReport>;
export function runBench(kind: string, options?: BenchOptions): Promise<BenchReport>;
export async function runBench(kind: string, options: BenchOptions = {}): Promise<BenchReport> {
  if (!Object.hasOwn(BENCHES, kind)) throw new UnknownBenchError(kind);
  return BENCHES[kind as keyof typeof BENCHES](options);
}
