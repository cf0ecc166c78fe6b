/** `drill`: one fault, again and again, on an exchange of its own. */
import { runDrill } from "../../chaos/drill.js";
import { parseWhole } from "./decimal.js";
import { printJson, progress } from "./output.js";

const ROUNDS_MAX = 10_000;
const SEED_MAX = 2 ** 32 - 1;

export async function drill(
  name: string,
  options: {
    readonly rounds: string;
    readonly seed: string;
    readonly keep?: boolean;
    readonly json?: boolean;
  },
): Promise<number> {
  const rounds = parseWhole(options.rounds, 1, ROUNDS_MAX, "number of rounds");
  const seed = parseWhole(options.seed, 0, SEED_MAX, "seed");
  const report = await runDrill(name, { rounds, seed, keep: options.keep, log: progress });
  if (options.json) printJson(report);
  else process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  return report.ok ? 0 : 1;
}
