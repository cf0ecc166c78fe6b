/** `bench`: measures an exchange that is started for it. */
import { runBench } from "../../test/bench/bench.js";
import { parseWhole } from "./decimal.js";
import { printJson, progress } from "./output.js";

const SECONDS_MAX = 3_600;

export async function bench(
  name: string,
  options: { readonly seconds: string; readonly short?: boolean; readonly json?: boolean },
): Promise<number> {
  const seconds = parseWhole(options.seconds, 1, SECONDS_MAX, "number of seconds");
  const report = await runBench(name, { seconds, short: options.short, log: progress });
  if (options.json) printJson(report);
  else process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  return report.ok ? 0 : 1;
}
