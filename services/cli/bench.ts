/** `bench`: measures an exchange that is started for it. */
import { runBench } from "../../test/bench/bench.js";
import { parseWhole } from "./decimal.js";
import { printJson, progress } from "./output.js";

const SECONDS_MAX = 3_600;
/** Fewer say nothing, more do not fit into memory. */
const MESSAGES_MIN = 1_000;
const MESSAGES_MAX = 10_000_000;
const SEED_MAX = 2 ** 32 - 1;

export interface BenchOptions {
  readonly seconds: string;
  readonly messages?: string;
  readonly seed: string;
  readonly short?: boolean;
  readonly json?: boolean;
}

export async function bench(name: string, options: BenchOptions): Promise<number> {
  const seconds = parseWhole(options.seconds, 1, SECONDS_MAX, "number of seconds");
  const seed = parseWhole(options.seed, 0, SEED_MAX, "seed");
  const { messages: text, short } = options;
  const messages =
    text === undefined
      ? undefined
      : parseWhole(text, MESSAGES_MIN, MESSAGES_MAX, "number of messages");
  const report = await runBench(name, { seconds, seed, messages, short, log: progress });
  if (options.json) printJson(report);
  else process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  return report.ok ? 0 : 1;
}
