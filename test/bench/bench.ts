/** The benchmarks by name. */
import { type E2eOptions, type E2eReport, runE2e } from "./e2e.js";

const BENCHES = { e2e: runE2e } as const;

/** An unknown benchmark; the message lists those that there are. */
export class UnknownBenchError extends Error {
  override readonly name = "UnknownBenchError";
  readonly code = "UNKNOWN_BENCH";
  constructor(kind: string) {
    const known = Object.keys(BENCHES).join(", ");
    super(`UNKNOWN_BENCH: there is no benchmark ${JSON.stringify(kind)}. There are: ${known}`);
  }
}

/** Runs a benchmark. Throws `UnknownBenchError`; rejects when it cannot be run to its end. */
export async function runBench(kind: string, options: E2eOptions = {}): Promise<E2eReport> {
  if (!Object.hasOwn(BENCHES, kind)) throw new UnknownBenchError(kind);
  return BENCHES[kind as keyof typeof BENCHES](options);
}
